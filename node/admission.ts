import type { Clock } from '../cluster/clock.ts'
import { Line } from './line.ts'

/** How many hellos are taken. */
export interface AdmissionOptions {
  /** Hellos that are looked up at a time; the rest queue. */
  hellosMax: number
  /** Work of hellos that may lie ahead of another, in milliseconds; beyond it new ones are refused. */
  helloQueueMs: number
}

/** Unless an operator says otherwise. */
export const ADMISSION_OPTIONS: AdmissionOptions = { hellosMax: 128, helloQueueMs: 4000 }

/** How many hellos are where. */
export interface HelloCounts {
  /** Connections that have not said hello yet. */
  readonly expected: number
  /** Hellos in the queue. */
  readonly waiting: number
  /** Hellos that are looked up. */
  readonly running: number
}

/** The place of one connection, from its first moment until its hello has been dealt with. */
export interface Turn {
  /**
   * It has said hello: calls `start` when it is its turn, at once if there is room or its turn has come already.
   * When too many are ahead of it, its turn is over, and `sentAway` is called instead.
   */
  take(start: () => void, sentAway: () => void): void
  /** What `start` began is over: the next one may. */
  end(): void
  /** The connection is gone: it is not waited for any more. What has begun goes on until its `end`. */
  leave(): void
}

/** The work of a hello is measured over this time at least. */
const MEASURE_MS = 100

/**
 * Lets a bounded number of hellos at a time reach the bus and the store, first come, first served. When all
 * user agents of a dead node come at once, the store is asked for as many as it answers best, none of them is charged for
 * the wait of the others, and those who would wait in vain (Firefox gives up after 10 s) are sent away before they have cost anything.
 */
export class Admission {
  readonly #options: AdmissionOptions
  readonly #clock: Clock
  readonly #waiting = new Line<QueuedTurn>()
  #expected = 0
  #running = 0
  /** Time that one hello takes while others wait, in milliseconds; 0 until it has been measured. */
  #helloMs = 0
  #measured = { hellos: 0, ms: 0 }
  #busySinceMs = 0

  constructor(options: AdmissionOptions, clock: Clock) {
    this.#options = options
    this.#clock = clock
  }

  /**
   * Whether another hello would wait too long. Only hellos that have come count: connections without one cost nothing, and who makes
   * many of them must not keep others out.
   */
  get isOverloaded(): boolean {
    return this.#waiting.size * this.#helloMs > this.#options.helloQueueMs
  }

  /** For the operator. */
  get counts(): HelloCounts {
    return { expected: this.#expected, waiting: this.#waiting.size, running: this.#running }
  }

  /** A connection was opened: its hello is expected. */
  expect(): Turn {
    this.#expected += 1
    return new QueuedTurn(this)
  }

  /** A hello that was expected came; for `QueuedTurn`. */
  enqueue(turn: QueuedTurn): void {
    this.#expected -= 1
    if (this.#waiting.size === 0) this.#busySinceMs = this.#clock.monotonicMs()
    this.#waiting.join(turn)
    this.#startNext()
  }

  /** A hello will not come, or does not want its turn any more; for `QueuedTurn`. */
  remove(turn: QueuedTurn): void {
    if (!this.#waiting.leave(turn)) this.#expected -= 1
  }

  /** A hello has been dealt with; for `QueuedTurn`. */
  ended(): void {
    this.#running -= 1
    if (this.#waiting.size > 0) this.#measure()
    this.#startNext()
  }

  #startNext(): void {
    while (this.#running < this.#options.hellosMax) {
      const turn = this.#waiting.shift()
      if (turn === undefined) return
      this.#running += 1
      turn.begin()
    }
  }

  /**
   * Only time in which others wait counts: it says how many hellos get done, however many are under way at once. The store answers
   * many at a time, so no measurement ends before as many have been answered as are under way.
   */
  #measure(): void {
    const nowMs = this.#clock.monotonicMs()
    this.#measured.hellos += 1
    this.#measured.ms += nowMs - this.#busySinceMs
    this.#busySinceMs = nowMs
    const { hellos, ms } = this.#measured
    if (ms < MEASURE_MS || hellos < this.#options.hellosMax) return
    this.#helloMs = this.#helloMs === 0 ? ms / hellos : (this.#helloMs + ms / hellos) / 2
    this.#measured = { hellos: 0, ms: 0 }
  }
}

class QueuedTurn implements Turn {
  readonly #admission: Admission
  #state: 'expected' | 'waiting' | 'running' | 'over' = 'expected'
  #start: (() => void) | undefined

  constructor(admission: Admission) {
    this.#admission = admission
  }

  take(start: () => void, sentAway: () => void): void {
    if (this.#state === 'running') return start()
    if (this.#admission.isOverloaded) {
      this.leave()
      return sentAway()
    }
    this.#state = 'waiting'
    this.#start = start
    this.#admission.enqueue(this)
  }

  end(): void {
    if (this.#state !== 'running') return
    this.#state = 'over'
    this.#admission.ended()
  }

  leave(): void {
    if (this.#state !== 'expected' && this.#state !== 'waiting') return
    this.#state = 'over'
    this.#start = undefined
    this.#admission.remove(this)
  }

  /** It is its turn; for `Admission`. */
  begin(): void {
    this.#state = 'running'
    const start = this.#start
    this.#start = undefined
    start?.()
  }
}
