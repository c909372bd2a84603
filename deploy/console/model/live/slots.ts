/**
 * Gives the lines of a plot the few places (colours) that there are: those with the highest values get one, and whoever has one keeps
 * it for as long as it is among them, so that a colour does not change its meaning while somebody looks.
 */
export class Slots {
  readonly #count: number
  readonly #taken = new Map<string, number>()

  constructor(count: number) {
    this.#count = count
  }

  /** @param ranks how high each line is; the places from 0 on, for those that get one */
  assign(ranks: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
    const highest = [...ranks]
      // Of two that are as high the one that has a place keeps it.
      .sort(([a, x], [b, y]) => y - x || Number(this.#taken.has(b)) - Number(this.#taken.has(a)))
      .slice(0, this.#count)
      .map(([key]) => key)
    for (const key of this.#taken.keys()) if (!highest.includes(key)) this.#taken.delete(key)
    for (const key of highest) if (!this.#taken.has(key)) this.#taken.set(key, this.#free())
    return new Map(this.#taken)
  }

  #free(): number {
    const taken = new Set(this.#taken.values())
    for (let slot = 0; slot < this.#count; slot++) if (!taken.has(slot)) return slot
    throw new Error('more lines than places')
  }
}
