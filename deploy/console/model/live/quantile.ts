/** How many observations were at most `le`; the bucket that all fall into has Infinity. */
export interface Bucket {
  readonly le: number
  readonly count: number
}

/** A value that a part of all observations does not exceed. */
export interface Quantile {
  readonly value: number
  /** It is above the highest bound there is, which is then the value. */
  readonly isBeyond: boolean
}

/**
 * The value that a part `q` (0 to 1) of all observations does not exceed, as `histogram_quantile` of Prometheus has it: observations
 * are taken to be spread evenly between two bounds, from 0 on in the lowest bucket. Undefined where nothing was observed.
 */
export function quantile(q: number, buckets: readonly Bucket[]): Quantile | undefined {
  const sorted = rising(buckets)
  const total = sorted.at(-1)?.count ?? 0
  if (total <= 0) return undefined
  const rank = q * total
  const index = sorted.findIndex(({ count }) => count > 0 && count >= rank)
  const found = sorted[index]
  if (found === undefined) return undefined
  const below = sorted[index - 1] ?? { le: 0, count: 0 }
  if (found.le === Number.POSITIVE_INFINITY) return { value: below.le, isBeyond: true }
  const part = (rank - below.count) / (found.count - below.count)
  return { value: below.le + (found.le - below.le) * part, isBeyond: false }
}

/** The bound that a label `le` says; undefined for what is none. */
export function boundOf(le: string | number | undefined): number | undefined {
  const bound = le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le)
  return Number.isNaN(bound) ? undefined : bound
}

/** In order of their bounds. Processes that answer one after the other must not make a higher bucket hold less. */
function rising(buckets: readonly Bucket[]): Bucket[] {
  let most = 0
  return buckets
    .toSorted((a, b) => a.le - b.le)
    .map(({ le, count }) => {
      most = Math.max(most, count)
      return { le, count: most }
    })
}
