import type { Histogram } from 'hdr-histogram-js'
import type { Figure, Line } from './figure.ts'

/** A distribution to draw. */
export interface Curve {
  readonly label: string
  readonly colour: number
  readonly dashed?: boolean
  readonly hidden?: boolean
  /** Of microseconds. */
  readonly histogram: Histogram
}

const POINTS_PER_DECADE = 24

/** Percentiles of several distributions as HdrHistogram's users know them: each nine has as much room as the one before. */
export function percentileFigure(id: string, title: string, note: string, curves: readonly Curve[]): Figure {
  const xs = grid(Math.max(1, ...curves.map(({ histogram }) => histogram.totalCount)))
  const lines = curves.map(({ label, colour, dashed = false, hidden = false, histogram }): Line => {
    return { label, colour, dashed, hidden, values: xs.map((x) => valueAt(histogram, x)) }
  })
  return { id, title, note, x: 'percentile', xs, unit: 'ms', scale: 'log', lines, bands: [] }
}

/** Values of 1 / (1 - p), evenly over the decades, up to the one that a single value in so many stands for. */
function grid(most: number): number[] {
  const steps = Math.ceil(Math.log10(most) * POINTS_PER_DECADE)
  return Array.from({ length: steps + 1 }, (_, step) => 10 ** (step / POINTS_PER_DECADE))
}

/** Beyond one value in as many as there are nothing is known, and nothing is drawn. */
function valueAt(histogram: Histogram, x: number): number | null {
  if (histogram.totalCount === 0 || x > histogram.totalCount * 10 ** (1 / POINTS_PER_DECADE)) return null
  return histogram.getValueAtPercentile(100 * (1 - 1 / x)) / 1000
}
