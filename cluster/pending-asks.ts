import type { Clock, Timer } from './clock.ts'

/** How much may wait for replies. */
export interface PendingAsksOptions {
  readonly pendingAsksMax: number
  /** Sum of the encoded requests. */
  readonly pendingBytesMax: number
}

/** What came of an ask. */
export type AskOutcome<Reply> = Reply | 'absent' | 'timeout'

interface PendingAsk<Reply> {
  readonly bytes: number
  readonly timer: Timer
  readonly resolve: (outcome: AskOutcome<Reply>) => void
}

/** Asks that wait for their replies, by number. Each settles exactly once; a reply that comes late finds nothing. */
export class PendingAsks<Reply> {
  readonly #options: PendingAsksOptions
  readonly #clock: Clock
  readonly #asks = new Map<number, PendingAsk<Reply>>()
  #last = 0
  #bytes = 0

  constructor(options: PendingAsksOptions, clock: Clock) {
    this.#options = options
    this.#clock = clock
  }

  get count(): number {
    return this.#asks.size
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Whether a request of that size may be added. */
  hasRoomFor(bytes: number): boolean {
    const { pendingAsksMax, pendingBytesMax } = this.#options
    return this.#asks.size < pendingAsksMax && this.#bytes + bytes <= pendingBytesMax
  }

  /** Adds an ask and returns its number; `resolve` is called when it is settled, as `timeout` after that long. */
  add(bytes: number, timeoutMs: number, resolve: (outcome: AskOutcome<Reply>) => void): number {
    this.#last += 1
    const number = this.#last
    const timer = this.#clock.after(timeoutMs, () => this.settle(number, 'timeout'))
    this.#asks.set(number, { bytes, timer, resolve })
    this.#bytes += bytes
    return number
  }

  /** Whether it still waits; if not, its reply need not be decoded. */
  has(number: number): boolean {
    return this.#asks.has(number)
  }

  settle(number: number, outcome: AskOutcome<Reply>): void {
    const ask = this.#asks.get(number)
    if (ask === undefined) return
    this.#asks.delete(number)
    this.#bytes -= ask.bytes
    ask.timer.cancel()
    ask.resolve(outcome)
  }

  /** Settles all as `timeout`: their replies can't come any more. */
  settleAll(): void {
    for (const number of [...this.#asks.keys()]) this.settle(number, 'timeout')
  }
}
