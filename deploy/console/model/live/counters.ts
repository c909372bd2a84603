import type { ProcessFigures, Series } from '../../figures.ts'

/** Labels of a series, as a process tells them. */
export type Labels = Series[0]

/** By how much a series of a counter, or of a histogram, has grown from one message to the next; often 0, never less. */
export interface Increase {
  readonly name: string
  readonly labels: Labels
  /** What tells the series apart from all others of a process, or of all processes together. */
  readonly key: string
  readonly by: number
}

/** How the series of counters and histograms end; all others are gauges. */
const GROWING = /_(total|bucket|sum|count)$/

/**
 * Says by how much the counters of one process have grown since it was last asked. What it had counted before the first time
 * is nothing that was seen to happen; a series that a process did not have yet stood at 0. A counter that is less than before
 * has begun again at 0, as in Prometheus: no increase is ever negative.
 */
export class Counters {
  #last: ReadonlyMap<string, number> | undefined

  /** Takes what the process tells now. */
  see({ series }: Pick<ProcessFigures, 'series'>): Increase[] {
    const increases: Increase[] = []
    const now = new Map<string, number>()
    for (const [name, values] of Object.entries(series)) {
      if (!GROWING.test(name)) continue
      for (const [labels, value] of values) {
        const key = keyOf(name, labels)
        now.set(key, value)
        const before = this.#last?.get(key) ?? (this.#last === undefined ? value : 0)
        const by = value >= before ? value - before : value
        increases.push({ name, labels, key, by })
      }
    }
    this.#last = now
    return increases
  }
}

function keyOf(name: string, labels: Labels): string {
  return `${name} ${JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))}`
}
