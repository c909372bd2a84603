import type { Random } from '../../cluster/clock.ts'
import type { Arrivals } from './plan.ts'

/** When things are to happen over a time whose rate may change evenly. */
export interface ArrivalOptions {
  readonly arrivals: Arrivals
  /** A second, at the beginning and at the end. */
  readonly rate: { readonly from: number; readonly to: number }
  readonly durationMs: number
  readonly random: Random
}

/**
 * Gives the times of open arrivals, in milliseconds since the beginning of the phase, in order; undefined when the phase is over. They
 * do not depend on what becomes of any of them: a server that stalls finds the same senders at its door.
 *
 * A unit-rate process is stretched by the inverse of the expected count: for Poisson that is exact also while the rate changes.
 */
export function arrivalTimes({
  arrivals,
  rate,
  durationMs,
  random,
}: ArrivalOptions): () => number | undefined {
  // Evenly spread ones begin anywhere in the first gap, so that several workers do not act in step.
  let expected = arrivals === 'constant' ? random.fraction() - 1 : 0
  return () => {
    expected += arrivals === 'constant' ? 1 : -Math.log(1 - random.fraction())
    const atMs = timeOf(expected, rate, durationMs)
    return atMs < durationMs ? atMs : undefined
  }
}

/** When so many arrivals are expected: solves `from t + (to - from) t^2 / 2T = count` for t. Infinity when they never are. */
function timeOf(count: number, { from, to }: { from: number; to: number }, durationMs: number): number {
  const perMs = from / 1000
  const slope = (to - from) / 1000 / durationMs
  const root = perMs * perMs + 2 * slope * count
  if (root < 0 || (perMs === 0 && slope <= 0)) return Number.POSITIVE_INFINITY
  // This form of the solution loses no digits when the slope is near zero.
  return (2 * count) / (perMs + Math.sqrt(root))
}
