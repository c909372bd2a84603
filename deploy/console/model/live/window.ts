import type { Increase, Labels } from './counters.ts'
import { type Bucket, boundOf } from './quantile.ts'

/** Which group of a metric a series belongs to; undefined: none. */
export type GroupOf = (labels: Labels) => string | undefined

/** What counters of all processes together grew by in one stretch of time. */
interface Stretch {
  readonly seconds: number
  readonly byName: ReadonlyMap<string, ReadonlyMap<string, Increase>>
}

/**
 * The last seconds of increases, for rates and percentiles that neither jump with every message nor lag far behind: at least as
 * much as `seconds`, once that much has been seen.
 */
export class Window {
  readonly #atLeastSeconds: number
  #stretches: Stretch[] = []

  constructor(seconds: number) {
    this.#atLeastSeconds = seconds
  }

  /** Takes what all processes grew by in a stretch that follows the last one; what is too old falls out. */
  push(seconds: number, increases: Iterable<Increase>): void {
    this.#stretches.push({ seconds, byName: together(increases) })
    let sum = this.seconds
    for (let oldest = this.#stretches[0]; oldest !== undefined; oldest = this.#stretches[0]) {
      sum -= oldest.seconds
      // Seconds are sums of fractions: what is a hair too short is enough.
      if (sum < this.#atLeastSeconds - 1e-6) return
      this.#stretches.shift()
    }
  }

  /** Forgets everything: time has passed that nothing is known of. */
  clear(): void {
    this.#stretches = []
  }

  /** How much time it covers. */
  get seconds(): number {
    return this.#stretches.reduce((sum, { seconds }) => sum + seconds, 0)
  }

  /** What the series of a metric grew by, in groups. */
  sums(name: string, groupOf: GroupOf): Map<string, number> {
    const sums = new Map<string, number>()
    for (const { labels, by } of this.#of(name)) {
      const group = groupOf(labels)
      if (group !== undefined) sums.set(group, (sums.get(group) ?? 0) + by)
    }
    return sums
  }

  /** The same a second; nothing while there is no time to divide by. */
  rates(name: string, groupOf: GroupOf): Map<string, number> {
    const { seconds } = this
    if (seconds <= 0) return new Map()
    return new Map(Array.from(this.sums(name, groupOf), ([group, sum]) => [group, sum / seconds]))
  }

  /** Observations of a histogram in this time, in groups, as Prometheus has buckets: each holds what the ones below hold. */
  buckets(histogram: string, groupOf: GroupOf): Map<string, Bucket[]> {
    const groups = new Map<string, Map<number, number>>()
    for (const { labels, by } of this.#of(`${histogram}_bucket`)) {
      const group = groupOf(labels)
      const bound = boundOf(labels['le'])
      if (group === undefined || bound === undefined) continue
      const counts = groups.get(group) ?? new Map<number, number>()
      counts.set(bound, (counts.get(bound) ?? 0) + by)
      groups.set(group, counts)
    }
    return new Map(
      Array.from(groups, ([group, counts]) => [group, Array.from(counts, ([le, count]) => ({ le, count }))]),
    )
  }

  *#of(name: string): Iterable<Increase> {
    for (const { byName } of this.#stretches) yield* byName.get(name)?.values() ?? []
  }
}

/** Adds up what the same series of several processes grew by. */
function together(increases: Iterable<Increase>): Stretch['byName'] {
  const byName = new Map<string, Map<string, Increase>>()
  for (const increase of increases) {
    const ofName = byName.get(increase.name) ?? new Map<string, Increase>()
    const { by = 0 } = ofName.get(increase.key) ?? {}
    ofName.set(increase.key, { ...increase, by: by + increase.by })
    byName.set(increase.name, ofName)
  }
  return byName
}
