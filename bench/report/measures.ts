import { type BenchResult, LATENCIES, type LatencyName } from '../result/result.ts'
import { percentileMs } from './histogram.ts'
import type { Unit } from './units.ts'

/** A part of a latency's distribution: a percentile by number, or one of the words. */
export type Statistic = number | 'min' | 'mean' | 'max'

/** Something that a result holds one number for; all that thresholds and comparisons speak of. */
export type Measure =
  | {
      readonly kind: 'latency'
      readonly of: LatencyName
      readonly side: 'intended' | 'service'
      readonly at: Statistic
    }
  | { readonly kind: 'rate'; readonly of: string }
  | { readonly kind: 'ledger'; readonly of: LedgerCount }
  | { readonly kind: 'status'; readonly of: string }
  | { readonly kind: 'errno'; readonly of: string }
  | { readonly kind: 'errors'; readonly of: string | undefined }
  | { readonly kind: 'count'; readonly of: string }
  | { readonly kind: 'warnings' }
  | { readonly kind: 'process'; readonly of: string; readonly what: ProcessFigure }

/** What is known of a process of the server; `cpuUsPerDelivered` and `cpu` of the generator, too. */
export type ProcessFigure = 'rss' | 'rssPerConnection' | 'cpu' | 'cpuPerDelivered'

/** The name under which the load generator is asked for, beside the processes of the server. */
export const GENERATOR = 'generator'

/** Counts of the ledger, by the name that users write, with the field of the result. */
export const LEDGER_COUNTS = {
  posted: 'posted',
  accepted: 'accepted',
  delivered: 'delivered',
  acknowledged: 'acknowledged',
  duplicated: 'duplicated',
  out_of_order: 'outOfOrder',
  late: 'late',
  replaced: 'replaced',
  unrequested: 'unrequested',
  lost: 'lost',
} as const

/** See {@link LEDGER_COUNTS}. */
export type LedgerCount = keyof typeof LEDGER_COUNTS

/** Whether a word names a count of the ledger. */
export function isLedgerCount(word: string): word is LedgerCount {
  return Object.hasOwn(LEDGER_COUNTS, word)
}

/** Whether a word names something that is timed. */
export function isLatencyName(word: string): word is LatencyName {
  return Object.hasOwn(LATENCIES, word)
}

/** The unit of a measure's value, as {@link measured} gives it. */
export function unitOf(measure: Measure): Unit {
  switch (measure.kind) {
    case 'latency':
      return 'ms'
    case 'rate':
      return 'perS'
    case 'process':
      return PROCESS_UNITS[measure.what]
    default:
      return 'count'
  }
}

const PROCESS_UNITS: Record<ProcessFigure, Unit> = {
  rss: 'bytes',
  rssPerConnection: 'bytes',
  cpu: 'cores',
  cpuPerDelivered: 'us',
}

/** What a result says of a measure; null where it did not occur in that run. */
export function measured(result: BenchResult, measure: Measure): number | null {
  switch (measure.kind) {
    case 'latency':
      return latencyMs(result, measure.of, measure.side, measure.at)
    case 'rate':
      return result.rates[measure.of] ?? null
    case 'ledger':
      return result.ledger[LEDGER_COUNTS[measure.of]]
    case 'status':
      return sumOf(result.statuses, (status) => matchesStatus(status, measure.of))
    case 'errno':
      return result.errnos[measure.of] ?? 0
    case 'errors':
      return sumOf(result.errors, (kind) => measure.of === undefined || kind === measure.of)
    case 'count':
      return result.counts[measure.of] ?? null
    case 'warnings':
      return result.warnings.length
    case 'process':
      return measure.of === GENERATOR ? ofGenerator(result, measure.what) : ofProcess(result, measure)
  }
}

/** What a count is a share of, where it is asked for in percent; null where there is nothing to be a share of. */
export function wholeOf(result: BenchResult, measure: Measure): number | null {
  const { ledger } = result
  if (measure.kind === 'process') return 1
  if (measure.kind !== 'ledger') return ledger.posted || null
  switch (measure.of) {
    case 'posted':
    case 'accepted':
      return ledger.posted || null
    case 'duplicated':
    case 'out_of_order':
    case 'acknowledged':
      return ledger.delivered || null
    default:
      return ledger.accepted || null
  }
}

/** All failures of a run that are no HTTP answer. */
export function errorsTotal(result: BenchResult): number {
  return sumOf(result.errors, () => true)
}

function latencyMs(result: BenchResult, name: LatencyName, side: 'intended' | 'service', at: Statistic) {
  const distribution = result.latencies[name]?.[side]
  if (distribution === undefined || distribution.count === 0) return null
  if (at === 'min') return distribution.minMs
  if (at === 'mean') return distribution.meanMs
  if (at === 'max') return distribution.maxMs
  return percentileMs(distribution, at) ?? null
}

function ofProcess(result: BenchResult, { of, what }: { of: string; what: ProcessFigure }): number | null {
  const found = result.processes.find(({ name }) => name === of)
  if (found === undefined) return null
  switch (what) {
    case 'rss':
      return found.rssMaxBytes
    case 'rssPerConnection':
      return found.rssBytesPerConnection
    case 'cpu':
      return result.durationS > 0 ? found.cpuS / result.durationS : null
    case 'cpuPerDelivered':
      return found.cpuUsPerDelivered
  }
}

function ofGenerator({ generator, durationS }: BenchResult, what: ProcessFigure): number | null {
  switch (what) {
    case 'rss':
      return generator.workers.reduce((sum, worker) => sum + worker.rssMaxBytes, 0)
    case 'rssPerConnection':
      return null
    case 'cpu':
      return durationS > 0 ? generator.workers.reduce((sum, { cpuS }) => sum + cpuS, 0) / durationS : null
    case 'cpuPerDelivered':
      return generator.cpuUsPerDelivered
  }
}

/** `503` is that status, `5xx` all of its class. */
function matchesStatus(status: string, wanted: string): boolean {
  return wanted.endsWith('xx') ? status.length === 3 && status[0] === wanted[0] : status === wanted
}

function sumOf(counts: Readonly<Record<string, number>>, wanted: (name: string) => boolean): number {
  let sum = 0
  for (const [name, count] of Object.entries(counts)) if (wanted(name)) sum += count
  return sum
}
