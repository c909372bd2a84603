/** How a message ended: `refused` was answered no, `unanswered` had no answer at all, `replaced` need not arrive any more. */
export type Outcome = 'delivered' | 'replaced' | 'lost' | 'refused' | 'unanswered'

/** What is remembered of a message whose fate is known. */
export interface Settled {
  outcome: Outcome
  acknowledged: boolean
  /** When it was answered. */
  readonly answeredUs: number
  /** Topic within its channel, by which another one may be excused when it arrives after all. */
  readonly topic: string | undefined
  /** From when on an arrival is late; never, if it was not accepted. */
  readonly expiresUs: number
}

/** Settled messages that are remembered at least, so that a late copy is known for what it is; twice as many at most. */
const REMEMBERED = 50_000

/**
 * The settled messages of late, so that a run of hours needs no more memory than one of minutes: two generations, of which
 * the older one is dropped when the younger one is full. What was dropped is unknown when it comes again.
 */
export class SettledMessages {
  readonly #remembered: number
  #young = new Map<string, Settled>()
  #old = new Map<string, Settled>()

  constructor(remembered = REMEMBERED) {
    this.#remembered = remembered
  }

  get(id: string): Settled | undefined {
    return this.#young.get(id) ?? this.#old.get(id)
  }

  add(id: string, settled: Settled): void {
    if (this.#young.size >= this.#remembered) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(id, settled)
  }
}
