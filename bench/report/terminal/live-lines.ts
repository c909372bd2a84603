import { mainFirst } from '../key-figures.ts'
import { quantity } from '../units.ts'
import { harmless, look, type Terminal } from './style.ts'
import { cut } from './text-table.ts'

/** Where a run is: which phase is going on, and for how long. */
export interface Progress {
  readonly phase: string
  readonly phaseIndex: number
  readonly phases: number
  readonly measured: boolean
  /** Since the phase began, and how long it is to last; undefined where it ends by itself. */
  readonly phaseS: number
  readonly phaseLengthS: number | undefined
  readonly runS: number
  readonly runLengthS: number | undefined
}

/** Totals of a run so far, and what was timed since the last look. */
export interface LiveNumbers {
  readonly posted: number
  readonly accepted: number
  readonly delivered: number
  readonly errors: number
  readonly connected: number
  /** Accepted, due and not arrived; undefined where nobody counts them. */
  readonly outstanding?: number
  readonly latencies: Readonly<
    Record<string, { readonly count: number; readonly p50Ms: number; readonly p99Ms: number }>
  >
}

/** What happened a second, between two looks. */
export interface Rates {
  readonly posted: number
  readonly accepted: number
  readonly delivered: number
  readonly errors: number
}

/** Latencies shown at a time: the rest has room in the report. */
const LATENCIES_SHOWN = 3

/** The picture of a terminal that is drawn again and again; never wider than the terminal, so that its height is known. */
export function liveLines(progress: Progress, live: LiveNumbers, rates: Rates, terminal: Terminal): string[] {
  const lines = [
    bar(progress, terminal),
    `posted ${quantity(Math.round(rates.posted), 'perS')}   accepted ${quantity(Math.round(rates.accepted), 'perS')}   delivered ${quantity(Math.round(rates.delivered), 'perS')}`,
    state(live),
    ...latencyLines(live),
  ]
  return lines.map((line, index) => {
    const text = cut(line, terminal.columns - 1)
    if (index === 0) return look(terminal, 'bold', text)
    return index === 2 && live.errors > 0 ? look(terminal, 'red', text) : text
  })
}

/** All of it in one line, for a log. */
export function plainLine(progress: Progress, live: LiveNumbers, rates: Rates): string {
  const latencies = shownLatencies(live).map(
    ([name, { p50Ms, p99Ms }]) =>
      `${harmless(name)} p50 ${quantity(p50Ms, 'ms')} p99 ${quantity(p99Ms, 'ms')}`,
  )
  const parts = [
    `${quantity(Math.round(progress.runS), 's')} ${phaseName(progress)}`,
    `posted ${quantity(Math.round(rates.posted), 'perS')} delivered ${quantity(Math.round(rates.delivered), 'perS')}`,
    ...latencies,
    state(live).replaceAll('   ', ', '),
  ]
  return parts.join(' | ')
}

function state({ connected, outstanding, errors }: LiveNumbers): string {
  const waiting = outstanding === undefined ? '' : `   outstanding ${quantity(outstanding, 'count')}`
  return `connected ${quantity(connected, 'count')}${waiting}   errors ${quantity(errors, 'count')}`
}

function latencyLines(live: LiveNumbers): string[] {
  const shown = shownLatencies(live)
  const width = Math.max(0, ...shown.map(([name]) => name.length))
  return shown.map(
    ([name, { p50Ms, p99Ms }]) =>
      `${harmless(name).padEnd(width)}  p50 ${quantity(p50Ms, 'ms').padStart(8)}  p99 ${quantity(p99Ms, 'ms').padStart(8)}`,
  )
}

function shownLatencies({ latencies }: LiveNumbers) {
  const known = Object.entries(latencies).filter(([, { count }]) => count > 0)
  return known.sort(([a], [b]) => mainFirst(a, b)).slice(0, LATENCIES_SHOWN)
}

function bar(progress: Progress, { columns }: Terminal): string {
  const { runS, runLengthS } = progress
  const name = phaseName(progress)
  if (runLengthS === undefined) return `${name}  ${quantity(Math.round(runS), 's')}`
  const share = Math.min(1, runS / Math.max(runLengthS, 0.001))
  const times = `${quantity(Math.round(runS), 's')} of ${quantity(Math.round(runLengthS), 's')}`
  const width = Math.max(5, Math.min(30, columns - name.length - times.length - 8))
  const full = Math.round(share * width)
  return `${'█'.repeat(full)}${'░'.repeat(width - full)} ${times}  ${name}`
}

function phaseName({ phase, phaseIndex, phases, measured, phaseS, phaseLengthS }: Progress): string {
  const number = phases > 1 ? ` (${phaseIndex + 1} of ${phases})` : ''
  const left =
    phaseLengthS === undefined || phases < 2
      ? ''
      : `, ${quantity(Math.max(0, Math.round(phaseLengthS - phaseS)), 's')} left`
  return `${harmless(phase)}${number}${measured ? '' : ', not measured'}${left}`
}
