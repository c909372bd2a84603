/** Those who wait, first come, first served; any may leave before its turn. */
export class Line<T extends object> {
  readonly #members = new Set<T>()
  /** Goes on where it stopped: to look for the first of a set anew each time is slow when many were deleted before it. */
  #order = this.#members.values()

  get size(): number {
    return this.#members.size
  }

  /** Comes last. */
  join(member: T): void {
    this.#members.add(member)
  }

  /** Waits no more. @returns whether it did */
  leave(member: T): boolean {
    return this.#members.delete(member)
  }

  /** Takes out who has waited longest. */
  shift(): T | undefined {
    const first = this.#first()
    if (first !== undefined) this.#members.delete(first)
    return first
  }

  #first(): T | undefined {
    const { value } = this.#order.next()
    if (value !== undefined || this.#members.size === 0) return value
    // It had come to its end before these joined.
    this.#order = this.#members.values()
    return this.#order.next().value
  }
}
