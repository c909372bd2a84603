/**
 * Gives the lines of a plot the few places (colours) that there are: those with the highest values get one, and whoever has one keeps
 * it for as long as it is among them, so that a colour does not change its meaning while somebody looks. Plots of the same things share what place
 * each of them had last, so that it has the same one in all of them where that is free.
 */
export class Slots {
  readonly #count: number
  readonly #last: Map<string, number>
  readonly #taken = new Map<string, number>()

  /** @param last the place that each line had last, here or in a plot that shares it */
  constructor(count: number, last = new Map<string, number>()) {
    this.#count = count
    this.#last = last
  }

  /** @param ranks how high each line is; the places from 0 on, for those that get one */
  assign(ranks: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
    const highest = [...ranks]
      // Of two that are as high the one that has a place keeps it.
      .sort(([a, x], [b, y]) => y - x || Number(this.#taken.has(b)) - Number(this.#taken.has(a)))
      .slice(0, this.#count)
      .map(([key]) => key)
    for (const key of this.#taken.keys()) if (!highest.includes(key)) this.#taken.delete(key)
    for (const key of highest) if (!this.#taken.has(key)) this.#take(key, highest)
    return new Map(this.#taken)
  }

  #take(key: string, among: readonly string[]): void {
    const taken = new Set(this.#taken.values())
    const free = Array.from({ length: this.#count }, (_, place) => place).filter((place) => !taken.has(place))
    const wanted = new Set(among.map((other) => this.#last.get(other)))
    const last = this.#last.get(key)
    const place = free.find((each) => each === last) ?? free.find((each) => !wanted.has(each)) ?? free[0]
    if (place === undefined) throw new Error('more lines than places')
    this.#taken.set(key, place)
    this.#last.set(key, place)
  }
}
