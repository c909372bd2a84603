import type { ProcessFigures } from '../../figures.ts'
import type { ShownMetric } from './metrics.ts'
import type { KnownProcess } from './processes.ts'
import { type Quantile, quantile } from './quantile.ts'
import type { GroupOf, Window } from './window.ts'

/** The service at one moment: what everything that is shown is made of. */
export interface Moment {
  readonly atMs: number
  /** What all processes together have counted in the last seconds. */
  readonly window: Window
  readonly present: readonly KnownProcess[]
  /** Those that have left, the last one first. */
  readonly gone: readonly KnownProcess[]
}

/** The sum of a gauge over all its series in a process; undefined where it has none. */
export function gaugeOf({ series }: ProcessFigures, name: ShownMetric): number | undefined {
  return series[name]?.reduce((sum, [, value]) => sum + value, 0)
}

/** The sum of a gauge over all processes. */
export function gaugeSum({ present }: Moment, name: ShownMetric): number {
  return present.reduce((sum, { figures }) => sum + (gaugeOf(figures, name) ?? 0), 0)
}

/** What a counter rises by in a second, all groups together; undefined while that is not known. */
export function rateSum({ window }: Moment, name: string): number | undefined {
  if (window.seconds <= 0) return undefined
  return [...window.rates(name, () => 'all').values()].reduce((sum, rate) => sum + rate, 0)
}

/** Quantiles of a histogram over the last seconds, one for each group that anything was observed of. */
export function quantiles(
  { window }: Moment,
  histogram: ShownMetric,
  q: number,
  groupOf: GroupOf,
): Map<string, Quantile> {
  const found = Array.from(
    window.buckets(histogram, groupOf),
    ([group, buckets]) => [group, quantile(q, buckets)] as const,
  )
  return new Map(found.flatMap(([group, value]) => (value === undefined ? [] : [[group, value] as const])))
}
