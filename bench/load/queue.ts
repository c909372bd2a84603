/** First in, first out, in a step each: `shift` of a long array moves all that is left. */
export class Queue<T> {
  #added: T[] = []
  /** The next one is the last. */
  #leaving: T[] = []

  get size(): number {
    return this.#added.length + this.#leaving.length
  }

  add(item: T): void {
    this.#added.push(item)
  }

  /** The one that has waited longest; undefined when there is none. */
  take(): T | undefined {
    if (this.#leaving.length === 0) {
      this.#leaving = this.#added.reverse()
      this.#added = []
    }
    return this.#leaving.pop()
  }
}
