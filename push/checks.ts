import type { Bus } from '../cluster/bus.ts'
import type { Clock, Timer } from '../cluster/clock.ts'
import type { AgentReply, AgentRequest } from './agent-requests.ts'
import type { SessionId } from './ids.ts'

/** Options of the check hints. */
export interface ChecksOptions {
  /** The hint is told a second time after this long: its first may have come before a new session was heard of. */
  checkAgainMs: number
  /** User agents that may wait for their second hint; beyond it the second is left out (a hint may be lost). */
  checksMax: number
}

/** Unless an operator says otherwise. */
export const CHECKS_OPTIONS: ChecksOptions = { checkAgainMs: 1000, checksMax: 10_000 }

/** A user agent that is to be told once more. */
interface Waiting {
  readonly timer: Timer
  /** The session that needs no telling: it is the only one that has done something. */
  readonly from: SessionId | undefined
}

/**
 * Tells user agents to look into the store after something was done there for them: put (`check`), or a channel ended (`channels`). At once, and once more
 * later. The second outlives whoever asked for it, such as the session of a connection that has closed. The same goes for readers of receipts.
 */
export class Checks {
  readonly #options: ChecksOptions
  readonly #bus: Bus<AgentRequest, AgentReply>
  readonly #clock: Clock
  readonly #kind: 'check' | 'channels'
  /** By the address at which they listen. */
  readonly #waiting = new Map<string, Waiting>()
  #closed = false

  constructor(
    options: ChecksOptions,
    bus: Bus<AgentRequest, AgentReply>,
    clock: Clock,
    kind: 'check' | 'channels' = 'check',
  ) {
    this.#kind = kind
    this.#options = options
    this.#bus = bus
    this.#clock = clock
  }

  /** User agents that wait for their second hint. */
  get size(): number {
    return this.#waiting.size
  }

  /**
   * Call it when what was done has settled, whatever came of it.
   * @param from the session that has done it, if one has: it knows
   */
  tell(address: string, from?: SessionId): void {
    this.#tellNow(address, from)
    if (this.#closed) return
    const waiting = this.#waiting.get(address)
    if (waiting === undefined && this.#waiting.size >= this.#options.checksMax) return
    waiting?.timer.cancel()
    // What two have done, each of them has to look for.
    const doer = waiting === undefined || waiting.from === from ? from : undefined
    const timer = this.#clock.after(this.#options.checkAgainMs, () => {
      this.#waiting.delete(address)
      this.#tellNow(address, doer)
    })
    this.#waiting.set(address, { timer, from: doer })
  }

  /** Gives the waiting hints at once: the process is about to end. */
  close(): void {
    this.#closed = true
    for (const [address, { timer, from }] of this.#waiting) {
      timer.cancel()
      this.#tellNow(address, from)
    }
    this.#waiting.clear()
  }

  #tellNow(address: string, from: SessionId | undefined): void {
    const kind = this.#kind
    this.#bus.tell(address, from === undefined ? { kind } : { kind, from })
  }
}
