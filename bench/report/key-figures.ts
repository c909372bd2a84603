import type { BenchResult } from '../result/result.ts'
import { errorsTotal } from './measures.ts'
import { quantity } from './units.ts'

/** One of the few numbers that a report begins with. */
export interface KeyFigure {
  readonly label: string
  readonly value: string
  readonly note: string
  readonly tone: 'plain' | 'good' | 'bad'
}

/** Latencies in the order of what people ask for first. */
const BY_INTEREST: readonly string[] = [
  'post_to_notification',
  'post_to_2xx',
  'drain',
  'broadcast',
  'broadcast_last',
  'hello',
  'register',
]

/** Orders names of latencies by what people ask for first; those of scenarios of their own come last. */
export function mainFirst(a: string, b: string): number {
  const rank = (name: string) => {
    const found = BY_INTEREST.indexOf(name)
    return found < 0 ? BY_INTEREST.length : found
  }
  return rank(a) - rank(b) || (a < b ? -1 : 1)
}

/** Names of the latencies that a run is about: those of messages, or, in a run without any, all others. */
export function mainLatencies({ latencies }: BenchResult): string[] {
  const occurred = BY_INTEREST.filter((name) => (latencies[name]?.intended.count ?? 0) > 0)
  const ofMessages = occurred.filter((name) => name !== 'hello' && name !== 'register')
  return ofMessages.length > 0 ? ofMessages : occurred
}

/** The numbers that a reader looks for first. */
export function keyFigures(result: BenchResult): KeyFigure[] {
  return [...latencyFigures(result), ...throughputFigures(result), ...serverFigures(result)]
}

function latencyFigures(result: BenchResult): KeyFigure[] {
  return mainLatencies(result)
    .slice(0, 2)
    .flatMap((name) => {
      const intended = result.latencies[name]?.intended
      if (intended === undefined) return []
      const { percentilesMs, maxMs } = intended
      const tail = `p99 ${quantity(percentilesMs['p99'], 'ms')} · max ${quantity(maxMs, 'ms')}`
      return [figure(`${name.replace('post_to_', 'to ')}, p50`, quantity(percentilesMs['p50'], 'ms'), tail)]
    })
}

function throughputFigures(result: BenchResult): KeyFigure[] {
  const { ledger, rates } = result
  const figures: KeyFigure[] = []
  if (ledger.posted > 0) {
    const offered = `${quantity(rates['posted'], 'perS')} posted`
    figures.push(figure('delivered', quantity(rates['delivered'] ?? null, 'perS'), offered))
    const of = `of ${quantity(ledger.accepted, 'count')} accepted`
    figures.push(figure('lost', quantity(ledger.lost, 'count'), of, ledger.lost > 0 ? 'bad' : 'good'))
  }
  const errors = errorsTotal(result)
  const answers = Object.entries(result.statuses).filter(([status]) => status.startsWith('5'))
  const refused = answers.reduce((sum, [, count]) => sum + count, 0)
  const note = `and ${quantity(refused, 'count')} answers 5xx`
  figures.push(figure('errors', quantity(errors, 'count'), note, errors + refused > 0 ? 'bad' : 'good'))
  return figures
}

function serverFigures({ processes, durationS }: BenchResult): KeyFigure[] {
  if (processes.length === 0) return []
  const sum = (of: (each: (typeof processes)[number]) => number | null) =>
    processes.reduce((total, each) => total + (of(each) ?? 0), 0)
  const known = processes.filter(({ cpuUsPerDelivered }) => cpuUsPerDelivered !== null)
  const cpu =
    known.length > 0
      ? figure(
          'CPU per delivered',
          quantity(
            sum(({ cpuUsPerDelivered: us }) => us),
            'us',
          ),
          'all processes',
        )
      : figure('CPU', quantity(durationS > 0 ? sum(({ cpuS }) => cpuS) / durationS : null, 'cores'), 'all')
  const perConnection = sum(({ rssBytesPerConnection }) => rssBytesPerConnection)
  const note = perConnection > 0 ? `${quantity(perConnection, 'bytes')} per connection` : 'all processes'
  return [
    cpu,
    figure(
      'server memory',
      quantity(
        sum(({ rssMaxBytes }) => rssMaxBytes),
        'bytes',
      ),
      note,
    ),
  ]
}

function figure(label: string, value: string, note: string, tone: KeyFigure['tone'] = 'plain'): KeyFigure {
  return { label, value, note, tone }
}
