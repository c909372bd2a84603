/** The memory that bodies may take at a time: those of slow senders, and those that wait for an answer, are held for long. */
export class BodyBudget {
  readonly #bytesMax: number
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Bytes that are held. */
  get bytes(): number {
    return this.#bytes
  }

  /** Makes room for so many more, if there is any. */
  take(bytes: number): boolean {
    if (this.#bytes + bytes > this.#bytesMax) return false
    this.#bytes += bytes
    return true
  }

  /** Gives back what was taken. */
  give(bytes: number): void {
    this.#bytes -= bytes
  }
}

/** What one request holds of it. */
export class HeldBytes {
  readonly #budget: BodyBudget
  #bytes = 0
  #released = false

  constructor(budget: BodyBudget) {
    this.#budget = budget
  }

  /** Makes room for so many more, if there is any; after `release` there is none. */
  take(bytes: number): boolean {
    if (this.#released || !this.#budget.take(bytes)) return false
    this.#bytes += bytes
    return true
  }

  /** Gives back all of it, for good. */
  release(): void {
    this.#released = true
    this.#budget.give(this.#bytes)
    this.#bytes = 0
  }
}
