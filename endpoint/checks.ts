import type { Bus } from '../cluster/bus.ts'
import type { Clock, Timer } from '../cluster/clock.ts'
import { type AgentReply, type AgentRequest, agentAddress } from '../push/agent-requests.ts'
import type { Uaid } from '../push/ids.ts'

/** Options of the check hints. */
export interface ChecksOptions {
  /** The hint is told a second time after this long: its first may have come before a new session was heard of. */
  checkAgainMs: number
  /** User agents that may wait for their second hint; beyond it the second is left out (a hint may be lost). */
  checksMax: number
}

/** Tells user agents to look into the store after something was put there for them: at once, and once more later. */
export class Checks {
  readonly #options: ChecksOptions
  readonly #bus: Bus<AgentRequest, AgentReply>
  readonly #clock: Clock
  readonly #waiting = new Map<Uaid, Timer>()
  #closed = false

  constructor(options: ChecksOptions, bus: Bus<AgentRequest, AgentReply>, clock: Clock) {
    this.#options = options
    this.#bus = bus
    this.#clock = clock
  }

  /** Call it when a put has settled, whatever came of it. */
  tell(uaid: Uaid): void {
    this.#tellNow(uaid)
    if (this.#closed) return
    const waiting = this.#waiting.get(uaid)
    if (waiting === undefined && this.#waiting.size >= this.#options.checksMax) return
    waiting?.cancel()
    const again = this.#clock.after(this.#options.checkAgainMs, () => {
      this.#waiting.delete(uaid)
      this.#tellNow(uaid)
    })
    this.#waiting.set(uaid, again)
  }

  /** Gives the waiting hints at once: the process is about to end. */
  close(): void {
    this.#closed = true
    for (const [uaid, again] of this.#waiting) {
      again.cancel()
      this.#tellNow(uaid)
    }
    this.#waiting.clear()
  }

  #tellNow(uaid: Uaid): void {
    this.#bus.tell(agentAddress(uaid), { kind: 'check' })
  }
}
