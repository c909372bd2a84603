import type { Clock, Timer } from './clock.ts'

/** Wall time at which every simulation starts: an arbitrary moment, in milliseconds since the epoch. */
const START_MS = 1_800_000_000_000

/** One timer of one process. Timers run in the order of due time, then of creation. */
interface Scheduled {
  dueMs: number
  readonly owner: ProcessClock
  readonly run: () => void
  cancelled: boolean
}

/**
 * Time that stands still until it is told to move, so that a test decides what happens first.
 * It is a clock itself, and the source of the clocks of simulated processes, each with its own idea of the wall time.
 */
export class SimulatedClock implements Clock {
  /** Latest first, so that the next one to run is popped off the end. */
  readonly #timers: Scheduled[] = []
  readonly #own: ProcessClock
  #elapsedMs = 0

  constructor() {
    this.#own = this.process(0)
  }

  nowMs(): number {
    return this.#own.nowMs()
  }

  monotonicMs(): number {
    return this.#own.monotonicMs()
  }

  after(delayMs: number, run: () => void): Timer {
    return this.#own.after(delayMs, run)
  }

  afterTurn(run: () => void): void {
    this.#own.afterTurn(run)
  }

  /** Milliseconds since the start of the simulation. */
  get elapsedMs(): number {
    return this.#elapsedMs
  }

  /** Timers that wait to run, of all processes. A clock on which nothing is left over counts none. */
  get waiting(): number {
    return this.#timers.filter((timer) => !timer.cancelled).length
  }

  /** Makes the clock of a process whose wall clock is `skewMs` ahead of the true time. */
  process(skewMs: number): ProcessClock {
    return new ProcessClock(this, skewMs)
  }

  /**
   * Runs the next timer, moving time to the moment it is due, unless that is later than `untilMs` (elapsed).
   * Returns false when there was none. Promises that it resolves go on after the caller yields: see `settled`.
   */
  step(untilMs = Number.POSITIVE_INFINITY): boolean {
    for (let next = this.#timers.at(-1); next !== undefined; next = this.#timers.at(-1)) {
      if (next.cancelled) {
        this.#timers.pop()
        continue
      }
      if (next.dueMs > untilMs) return false
      this.#timers.pop()
      this.#elapsedMs = Math.max(this.#elapsedMs, next.dueMs)
      next.owner.fire(next)
      return true
    }
    return false
  }

  /** Moves time on, running what is due on the way. For code that works without promises. */
  advance(ms: number): void {
    const untilMs = this.#elapsedMs + ms
    while (this.step(untilMs));
    this.#elapsedMs = untilMs
  }

  /** Moves time on, letting promises settle before the first timer and after each one. */
  async advanceSettled(ms: number): Promise<void> {
    const untilMs = this.#elapsedMs + ms
    await settled()
    while (this.step(untilMs)) await settled()
    this.#elapsedMs = untilMs
  }

  /** Makes a timer of a process; for `ProcessClock`. */
  schedule(delayMs: number, owner: ProcessClock, run: () => void): Timer {
    // Whole milliseconds, as everywhere.
    const timer = { dueMs: this.#elapsedMs + Math.max(0, Math.ceil(delayMs)), owner, run, cancelled: false }
    this.#insert(timer)
    return {
      cancel: () => {
        timer.cancelled = true
      },
    }
  }

  /** Makes a timer that was due during a pause due now; for `ProcessClock`. */
  reschedule(timer: Scheduled): void {
    timer.dueMs = this.#elapsedMs
    this.#insert(timer)
  }

  #insert(timer: Scheduled): void {
    this.#timers.splice(this.#placeOf(timer.dueMs), 0, timer)
  }

  /** The first index whose timer is due no later: a new timer runs after those of the same time, so stands before them. */
  #placeOf(dueMs: number): number {
    let low = 0
    let high = this.#timers.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const timer = this.#timers[middle]
      if (timer !== undefined && timer.dueMs > dueMs) low = middle + 1
      else high = middle
    }
    return low
  }
}

/**
 * The clock of one simulated process. Its wall clock may be wrong, its monotonic clock counts from the process' own start.
 * A paused process (SIGSTOP) runs what became due when it resumes; a killed one runs nothing any more.
 */
export class ProcessClock implements Clock {
  /** How far the wall clock is ahead of the true time, in milliseconds. */
  skewMs: number
  readonly #source: SimulatedClock
  readonly #startedMs: number
  #status: 'running' | 'paused' | 'killed' = 'running'
  #held: Scheduled[] = []

  constructor(source: SimulatedClock, skewMs: number) {
    this.#source = source
    this.#startedMs = source.elapsedMs
    this.skewMs = skewMs
  }

  nowMs(): number {
    return START_MS + this.#source.elapsedMs + this.skewMs
  }

  monotonicMs(): number {
    return this.#source.elapsedMs - this.#startedMs
  }

  after(delayMs: number, run: () => void): Timer {
    return this.#source.schedule(delayMs, this, run)
  }

  /** Before time moves on, and after what is due now. */
  afterTurn(run: () => void): void {
    this.after(0, run)
  }

  /** Stops running timers, as if the process had been stopped by a signal. */
  pause(): void {
    if (this.#status === 'running') this.#status = 'paused'
  }

  /** Goes on after a pause: what became due meanwhile runs now, each in its turn. */
  resume(): void {
    if (this.#status !== 'paused') return
    this.#status = 'running'
    for (const timer of this.#held) this.#source.reschedule(timer)
    this.#held = []
  }

  /** Ends the process: none of its timers runs again. */
  kill(): void {
    this.#status = 'killed'
    this.#held = []
  }

  /** Runs a timer of this process, now or when it resumes; for `SimulatedClock`. */
  fire(timer: Scheduled): void {
    if (this.#status === 'running') timer.run()
    else if (this.#status === 'paused') this.#held.push(timer)
  }
}

/** Resolves when every promise that could go on without time moving has done so. */
export function settled(): Promise<void> {
  // biome-ignore lint/style/noRestrictedGlobals: the one place that waits for the event loop itself: it runs immediates only when no promise job is left.
  return new Promise((resolve) => setImmediate(resolve))
}
