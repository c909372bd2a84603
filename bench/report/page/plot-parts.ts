import type { Line } from '../html/figure.ts'
import { tick, type Unit } from '../units.ts'

const FONT = '12px system-ui, sans-serif'
const Y_AXIS_WIDTH = 68

/** The value of a custom property of the page's style: colours live there, once for light and once for dark. */
export function styleOf(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim()
}

/** Colours that stay apart for colour-blind eyes, too (after Okabe and Ito); lines that are dashed differ without any. */
export function colourOf({ colour }: Pick<Line, 'colour'>): string {
  return styleOf(`--line-${colour}`)
}

/** What all axes have in common. */
export function axis(): uPlot.Axis {
  const grid = { stroke: styleOf('--grid'), width: 1 }
  return { stroke: styleOf('--muted'), font: FONT, grid, ticks: { ...grid, size: 5 } }
}

/** The axis of values, with their unit at each tick. */
export function valueAxis(unit: Unit, log: boolean): uPlot.Axis {
  const base = axis()
  // Nine lines a decade are more than the eye can tell apart.
  const filter = (_: uPlot, ticks: number[]) => ticks.map((at) => (isLabelled(at) ? at : null))
  return {
    ...base,
    size: Y_AXIS_WIDTH,
    values: (_, ticks) => ticks.map((at) => (at === null ? null : tick(at, unit))),
    ...(log ? { space: 26, grid: { ...base.grid, filter }, ticks: { ...base.ticks, filter } } : {}),
  }
}

/** 1, 2 and 5 of each decade. */
function isLabelled(at: number): boolean {
  const [first] = at.toExponential()
  return first === '1' || first === '2' || first === '5'
}

/** What a plot does at a key. */
export type PlotKey =
  | { readonly kind: 'cursor'; readonly steps: number }
  | { readonly kind: 'zoom'; readonly factor: number }
  | { readonly kind: 'reset' }

/** What a key asks of a plot: left and right move the cursor from value to value, + and - zoom around it, 0 shows everything; undefined for others. */
export function plotKey(event: KeyboardEvent): PlotKey | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
  if (step !== undefined) return { kind: 'cursor', steps: step * (event.shiftKey ? 10 : 1) }
  if (event.key === '+' || event.key === '-') return { kind: 'zoom', factor: event.key === '+' ? 0.5 : 2 }
  return event.key === '0' ? { kind: 'reset' } : undefined
}

/** Moves the cursor from value to value: the first time to the first value, or back to the last one. */
export function moveCursor(plot: uPlot, steps: number): void {
  const [xs] = plot.data
  const from = plot.cursor.idx ?? (steps < 0 ? xs.length : -1)
  const index = Math.min(xs.length - 1, Math.max(0, from + steps))
  plot.setCursor({ left: plot.valToPos(xs[index] ?? 0, 'x'), top: 20 })
}

/** How x is spread over a plot: evenly, unless these say otherwise. */
interface Spread {
  readonly to: (x: number) => number
  readonly from: (x: number) => number
}

/** What of x is shown when a plot shows less around its cursor, or more. */
export function zoomed(
  plot: uPlot,
  factor: number,
  { to, from }: Spread = { to: (x) => x, from: (x) => x },
): { readonly min: number; readonly max: number } {
  const { min = 0, max = 1 } = plot.scales['x'] ?? {}
  const left = plot.cursor.left ?? -1
  const [low, high] = [to(min), to(max)]
  const middle = left >= 0 ? to(plot.posToVal(left, 'x')) : (low + high) / 2
  return { min: from(middle - (middle - low) * factor), max: from(middle + (high - middle) * factor) }
}

/** Lines are shown and hidden with the keyboard as with the mouse. */
export function makeLegendReachable(place: HTMLElement): void {
  for (const name of place.querySelectorAll<HTMLElement>('.u-legend .u-series:not(:first-child) th')) {
    name.tabIndex = 0
    name.setAttribute('role', 'button')
    name.title = 'Show or hide this line'
    name.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' && event.key !== ' ') return
      event.preventDefault()
      event.stopPropagation()
      name.click()
    })
  }
}
