/** How often each of a bounded number of things happened since the start, for the operator. */
export class Counts<Name extends string> {
  readonly #byName = new Map<Name, number>()

  /** It happened once more, or so many times. */
  add(name: Name, times = 1): void {
    this.#byName.set(name, (this.#byName.get(name) ?? 0) + times)
  }

  /** What has happened at all. */
  get all(): ReadonlyMap<Name, number> {
    return this.#byName
  }
}
