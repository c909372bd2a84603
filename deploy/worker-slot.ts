import type { Clock, Random, Timer } from '../cluster/clock.ts'
import type { Log } from '../push/log.ts'
import type { Listening } from './banner.ts'
import type { FromWorker, ToWorker } from './worker-messages.ts'

/** How a process ended. */
export interface WorkerEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A worker that runs. */
export interface WorkerProcess {
  readonly pid: number | undefined
  /** Says something; to one that has ended nothing happens. */
  send(message: ToWorker): void
  kill(signal: NodeJS.Signals): void
}

/** Hears of a worker. */
export interface WorkerListener {
  message(message: FromWorker): void
  /** Called once, after the last message. */
  ended(end: WorkerEnd): void
}

/** Starts the process of worker `number`. */
export type Fork = (number: number, listener: WorkerListener) => WorkerProcess

/** How workers are looked after. */
export interface WorkerCare {
  /** Time between two pings. */
  readonly pingMs: number
  /** Pings without an answer after which a worker is killed. Pings are counted, not time: a parent that was paused has sent none. */
  readonly unansweredMax: number
  /** The same for one that does not serve yet: loading the program keeps it busy, and a busy machine keeps it waiting. */
  readonly unansweredAtStartMax: number
  /** A worker that has served this long was sound: its end is no sign that the next will end, too. */
  readonly soundMs: number
  /** First pause before a worker is replaced that did not get that far; it doubles each time. */
  readonly pauseMs: number
  readonly pauseMaxMs: number
}

/** What looking after workers needs. */
export interface WorkerSlotDeps {
  readonly fork: Fork
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** What becomes of the workers in one place. */
export interface WorkerSlotEvents {
  serving(listening: Listening): void
  /** One ended before it served. */
  failed(reason: string): void
}

/** A place for one worker. Whenever the worker in it ends there is to be another. */
export class WorkerSlot {
  readonly #number: number
  readonly #care: WorkerCare
  readonly #deps: WorkerSlotDeps
  readonly #events: WorkerSlotEvents
  #process: WorkerProcess | undefined
  #servesSinceMs: number | undefined
  #reason: string | undefined
  #unanswered = 0
  /** Workers in a row that were not sound. */
  #failures = 0
  /** For the worker that starts, once it can take it. */
  #signal: NodeJS.Signals | undefined
  #replacing: Timer | undefined
  #stopped: ((outcome: 'stopped' | 'failed') => void) | undefined

  constructor(number: number, care: WorkerCare, deps: WorkerSlotDeps, events: WorkerSlotEvents) {
    this.#number = number
    this.#care = care
    this.#deps = deps
    this.#events = events
  }

  /** Whether its worker serves at the moment. */
  get serves(): boolean {
    return this.#servesSinceMs !== undefined
  }

  /** Starts a worker. */
  start(): void {
    this.#reason = undefined
    this.#unanswered = 0
    this.#process = this.#deps.fork(this.#number, {
      message: (message) => this.#message(message),
      ended: (end) => this.#ended(end),
    })
  }

  /**
   * Asks the worker whether it is there, and kills one that has not answered for too long: the system goes on giving it its
   * share of the connections.
   */
  ping(): void {
    if (this.#process === undefined) return
    const { unansweredMax, unansweredAtStartMax } = this.#care
    if (this.#unanswered < (this.serves ? unansweredMax : unansweredAtStartMax)) {
      this.#unanswered += 1
      this.#process.send({ kind: 'ping' })
      return
    }
    this.#deps.log.error(this.#fields(), 'a worker hangs: killing it')
    this.#unanswered = 0
    this.#process.kill('SIGKILL')
  }

  /** Passes a signal on; a worker on its way up gets it when it serves. */
  signal(signal: NodeJS.Signals): void {
    if (this.serves) this.#process?.kill(signal)
    else this.#signal = signal
  }

  /** Lets the worker finish, and replaces it no more. */
  stop(): Promise<'stopped' | 'failed'> {
    this.#replacing?.cancel()
    if (this.#process === undefined) return Promise.resolve('stopped')
    this.#process.send({ kind: 'stop' })
    return new Promise((resolve) => {
      this.#stopped = resolve
    })
  }

  /** Ends the worker at once. */
  kill(): void {
    this.#process?.kill('SIGKILL')
  }

  #message(message: FromWorker): void {
    switch (message.kind) {
      case 'pong':
        this.#unanswered = 0
        return
      case 'failed':
        this.#reason = message.reason
        return
      case 'serving':
        this.#servesSinceMs = this.#deps.clock.monotonicMs()
        this.#deps.log.info(this.#fields(), 'a worker serves')
        if (this.#signal !== undefined) this.#process?.kill(this.#signal)
        this.#signal = undefined
        this.#events.serving(message.listening)
        return
      case 'measured':
      case 'gather':
        // Not of its place: workers.ts looks after metrics.
        return
    }
  }

  #ended(end: WorkerEnd): void {
    const fields = { ...this.#fields(), ...end, reason: this.#reason }
    const servedSinceMs = this.#servesSinceMs
    this.#process = undefined
    this.#servesSinceMs = undefined
    if (this.#stopped !== undefined) {
      // One on its way up has accepted nothing yet: a signal, such as Ctrl+C in a terminal, may just end it.
      const clean = end.code === 0 || (servedSinceMs === undefined && end.signal !== null)
      if (!clean) this.#deps.log.error(fields, 'a worker did not stop properly')
      this.#stopped(clean ? 'stopped' : 'failed')
      return
    }
    const pauseMs = this.#pauseMs(servedSinceMs)
    this.#deps.log.warn({ ...fields, pauseMs }, 'a worker ended: replacing it')
    if (pauseMs === 0) this.start()
    else this.#replacing = this.#deps.clock.after(pauseMs, () => this.start())
    if (servedSinceMs === undefined)
      this.#events.failed(this.#reason ?? `a worker ended before it served (${end.signal ?? end.code})`)
  }

  /** None for the first that ends; those that end again and again must not keep the machine busy. */
  #pauseMs(servedSinceMs: number | undefined): number {
    const { soundMs, pauseMs, pauseMaxMs } = this.#care
    const { clock, random } = this.#deps
    if (servedSinceMs !== undefined && clock.monotonicMs() - servedSinceMs >= soundMs) this.#failures = 0
    const failures = this.#failures++
    if (servedSinceMs !== undefined && failures === 0) return 0
    const longestMs = Math.min(pauseMaxMs, pauseMs * 2 ** failures)
    return Math.ceil((longestMs * (1 + random.fraction())) / 2)
  }

  #fields() {
    return { worker: this.#number, pid: this.#process?.pid }
  }
}
