/** One message as its application server knows it. */
export interface Posted {
  /** Unique; travels in the body. */
  readonly id: string
  /** Its channel and topic, if it has one: a later message of the same slot replaces it. */
  readonly slot?: string
  /** Rises with each message of the slot. */
  readonly order: number
}

/** Figures of a ledger. */
export interface Totals {
  readonly accepted: number
  readonly delivered: number
  readonly duplicates: number
  readonly acknowledged: number
  readonly lost: number
}

/**
 * Keeps account of the promise: what was answered 2xx must arrive. A message without a topic must itself be received;
 * of a slot, the newest accepted one or a newer one (one whose answer never came may have replaced it).
 */
export class Ledger {
  #accepted = 0
  #duplicates = 0
  #acknowledged = 0
  readonly #received = new Set<string>()
  readonly #missing = new Set<string>()
  readonly #slots = new Map<string, { accepted: number; received: number }>()
  #watchers: (() => void)[] = []

  /** Its POST was answered 2xx. */
  accepted(posted: Posted): void {
    this.#accepted += 1
    if (posted.slot === undefined) {
      if (!this.#received.has(posted.id)) this.#missing.add(posted.id)
      return
    }
    const slot = this.#slot(posted.slot)
    slot.accepted = Math.max(slot.accepted, posted.order)
    this.#judge(posted.slot, slot)
  }

  /** It reached a user agent. */
  received(posted: Posted): void {
    if (this.#received.has(posted.id)) this.#duplicates += 1
    this.#received.add(posted.id)
    if (posted.slot === undefined) this.#missing.delete(posted.id)
    else {
      const slot = this.#slot(posted.slot)
      slot.received = Math.max(slot.received, posted.order)
      this.#judge(posted.slot, slot)
    }
    if (this.#missing.size === 0) for (const watcher of this.#watchers.splice(0)) watcher()
  }

  /** Its user agent sent an acknowledgement. */
  acknowledged(): void {
    this.#acknowledged += 1
  }

  /** What was accepted and has not arrived: ids, and slots. */
  missing(): string[] {
    return [...this.#missing]
  }

  /** Resolves when nothing is missing. */
  complete(): Promise<void> {
    if (this.#missing.size === 0) return Promise.resolve()
    return new Promise((resolve) => this.#watchers.push(resolve))
  }

  totals(): Totals {
    return {
      accepted: this.#accepted,
      delivered: this.#received.size,
      duplicates: this.#duplicates,
      acknowledged: this.#acknowledged,
      lost: this.#missing.size,
    }
  }

  #slot(name: string): { accepted: number; received: number } {
    const present = this.#slots.get(name)
    if (present !== undefined) return present
    const made = { accepted: -1, received: -1 }
    this.#slots.set(name, made)
    return made
  }

  #judge(name: string, slot: { accepted: number; received: number }): void {
    if (slot.received >= slot.accepted) this.#missing.delete(name)
    else this.#missing.add(name)
  }
}
