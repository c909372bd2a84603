import { mergeHistograms, type RecordedHistogram } from './histogram.ts'
import { firstLost, type LedgerCounts } from './ledger.ts'
import { mergeTimelines, type RecordedTimeline } from './timeline.ts'

/** Numbers by name. */
export type Counts = Readonly<Record<string, number>>

/** All that one worker measured, or several together, as JSON. */
export interface Measurements {
  /** Length of the measured phases. Workers share them: the longest counts. */
  readonly measuredUs: number
  /** By name, from the time it was meant to be sent, and from the time it was. */
  readonly latencies: Readonly<
    Record<string, { readonly intended: RecordedHistogram; readonly service: RecordedHistogram }>
  >
  readonly ledger: LedgerCounts
  /** Answers to POSTs of the whole run, by status; 0: none came. */
  readonly statuses: Counts
  readonly errnos: Counts
  readonly errors: Counts
  /** Whatever else a scenario counts. */
  readonly counts: Counts
  /** Within the measured phases. */
  readonly measured: Counts
  readonly timeline: RecordedTimeline
}

/** What two workers measured together: exact, associative and commutative, and the same as if one had done all of it. */
export function mergeMeasurements(a: Measurements, b: Measurements): Measurements {
  const { lostIds: lostA, ...ledgerA } = a.ledger
  const { lostIds: lostB, ...ledgerB } = b.ledger
  return {
    measuredUs: Math.max(a.measuredUs, b.measuredUs),
    latencies: mergeLatencies(a.latencies, b.latencies),
    ledger: { ...add(ledgerA, ledgerB), lostIds: firstLost([...lostA, ...lostB]) },
    statuses: add(a.statuses, b.statuses),
    errnos: add(a.errnos, b.errnos),
    errors: add(a.errors, b.errors),
    counts: add(a.counts, b.counts),
    measured: add(a.measured, b.measured),
    timeline: mergeTimelines(a.timeline, b.timeline),
  }
}

type Latencies = Measurements['latencies']

function mergeLatencies(a: Latencies, b: Latencies): Latencies {
  const merged: Record<string, Latencies[string]> = { ...a }
  for (const [name, theirs] of Object.entries(b)) {
    const ours = merged[name]
    merged[name] =
      ours === undefined
        ? theirs
        : {
            intended: mergeHistograms(ours.intended, theirs.intended),
            service: mergeHistograms(ours.service, theirs.service),
          }
  }
  return merged
}

function add<T extends Counts>(a: T, b: T): T {
  const sum: Record<string, number> = { ...a }
  for (const [name, by] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + by
  return sum as T
}
