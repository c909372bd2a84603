/** Values of one plot at one moment, by the key of the line. */
export type Values = ReadonlyMap<string, number>

/** A line over all moments of a history; null where there was no value. */
export interface HistoryLine {
  readonly key: string
  readonly values: readonly (number | null)[]
}

/**
 * The values of some plots over the last minutes, one row for each moment. All plots have the same moments, so that a cursor in one
 * is a cursor in all. What has no value any more is forgotten when its last one falls out.
 */
export class History {
  readonly #keptSeconds: number
  readonly #times: number[] = []
  readonly #plots = new Map<string, Map<string, (number | null)[]>>()

  constructor(keptSeconds: number) {
    this.#keptSeconds = keptSeconds
  }

  /** Adds a moment, later than the last one. @param plots the values of each plot, by its id */
  add(atSeconds: number, plots: ReadonlyMap<string, Values>): void {
    for (const id of plots.keys()) if (!this.#plots.has(id)) this.#plots.set(id, new Map())
    for (const [id, lines] of this.#plots) {
      const values = plots.get(id) ?? new Map<string, number>()
      for (const key of values.keys())
        if (!lines.has(key))
          lines.set(
            key,
            this.#times.map(() => null),
          )
      for (const [key, line] of lines) line.push(values.get(key) ?? null)
    }
    this.#times.push(atSeconds)
    this.#trim(atSeconds - this.#keptSeconds)
  }

  /** Adds a moment without any values, which no line may be drawn across. */
  gap(atSeconds: number): void {
    this.add(atSeconds, new Map())
  }

  /** The moments, in seconds. */
  get times(): readonly number[] {
    return [...this.#times]
  }

  /** The lines of a plot, in the order in which they first had a value. */
  lines(id: string): HistoryLine[] {
    return Array.from(this.#plots.get(id) ?? [], ([key, values]) => ({ key, values: [...values] }))
  }

  #trim(fromSeconds: number): void {
    const old = this.#times.findIndex((at) => at >= fromSeconds)
    if (old <= 0) return
    this.#times.splice(0, old)
    for (const lines of this.#plots.values())
      for (const [key, line] of lines) {
        line.splice(0, old)
        if (line.every((value) => value === null)) lines.delete(key)
      }
  }
}
