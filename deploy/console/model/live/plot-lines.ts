import type { Line } from '../../../../bench/report/html/figure.ts'
import type { HistoryLine } from './history.ts'
import type { PlotDefinition } from './plots.ts'
import type { Slots } from './slots.ts'

/** A line of a live plot. */
export interface LiveLine extends Line {
  /** Tells it apart from the others of its plot for as long as the page is open. */
  readonly key: string
}

/** Lines of a plot that have a place of their own: more can't be told apart. */
export const PLACES = 8
/** Colours of the palette before the one for all others; a second line of the same colour is dashed. */
const COLOURS = 5
const OTHERS = 'others'
const OTHERS_COLOUR = 6

/** What the lines of a plot are made of. */
export interface Drawing {
  readonly history: readonly HistoryLine[]
  /** How many moments there are. */
  readonly length: number
  readonly slots: Slots
  /** What a line is called, by its key. */
  readonly nameOf: (key: string) => string
}

/** The lines of a plot, with their colours. */
export function plotLines(
  { lines }: PlotDefinition,
  { history, length, slots, nameOf }: Drawing,
): LiveLine[] {
  if ('others' in lines) return rankedLines(history, slots, nameOf, lines.others)
  return lines.map((line) => ({
    ...line,
    values: history.find(({ key }) => key === line.key)?.values ?? Array.from({ length }, () => null),
  }))
}

function rankedLines(
  history: readonly HistoryLine[],
  slots: Slots,
  nameOf: (key: string) => string,
  others: 'sum' | 'max',
): LiveLine[] {
  const places = slots.assign(new Map(history.map(({ key, values }) => [key, highest(values)])))
  const own = history.flatMap(({ key, values }) => {
    const place = places.get(key)
    if (place === undefined) return []
    const line = { key, label: nameOf(key), colour: (place % COLOURS) + 1, dashed: place >= COLOURS, values }
    return [{ place, line }]
  })
  const rest = history.filter(({ key }) => !places.has(key))
  return [
    ...own.toSorted((a, b) => a.place - b.place).map(({ line }) => line),
    ...(rest.length === 0 ? [] : [restLine(rest, others)]),
  ]
}

function restLine(rest: readonly HistoryLine[], others: 'sum' | 'max'): LiveLine {
  const label = others === 'sum' ? `${rest.length} others` : `highest of ${rest.length} others`
  const values = (rest[0]?.values ?? []).map((_, index) => {
    const all = rest.flatMap(({ values }) => values[index] ?? [])
    if (all.length === 0) return null
    return others === 'sum' ? all.reduce((sum, value) => sum + value, 0) : Math.max(...all)
  })
  return { key: OTHERS, label, colour: OTHERS_COLOUR, dashed: true, values }
}

function highest(values: readonly (number | null)[]): number {
  return values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0)
}
