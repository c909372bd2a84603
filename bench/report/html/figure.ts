import type { Unit } from '../units.ts'

/** A line of a plot. */
export interface Line {
  readonly label: string
  /** Number of its colour in the palette, from 1. */
  readonly colour: number
  readonly dashed?: boolean
  /** Left out until the reader asks for it in the legend. */
  readonly hidden?: boolean
  readonly values: readonly (number | null)[]
}

/** A time that is shaded in a plot. */
export interface Band {
  readonly name: string
  readonly fromS: number
  readonly toS: number
  readonly measured: boolean
}

/** A plot, as data: made by the writer of a report, drawn by its page. */
export interface Figure {
  readonly id: string
  readonly title: string
  /** How to read it, in a sentence or two. */
  readonly note: string
  /** Seconds since the start of the run, or 1 / (1 - p) for percentiles. */
  readonly x: 'seconds' | 'percentile'
  readonly xs: readonly number[]
  readonly unit: Unit
  /** Whether the reader may see it on a logarithmic scale, and how it begins. */
  readonly scale: 'linear' | 'log' | 'fixed'
  readonly lines: readonly Line[]
  readonly bands: readonly Band[]
}
