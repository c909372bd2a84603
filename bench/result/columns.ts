import { LatencyHistogram, type RecordedHistogram } from '../measure/histogram.ts'
import type { ProcessSamples } from '../measure/processes.ts'
import { cpuAt, type Sample, sampleAt } from '../measure/samples.ts'
import type { SelfSamples } from '../measure/self.ts'
import type { RecordedSlot, RecordedTimeline, TimelineCount } from '../measure/timeline.ts'
import type { BenchResult } from './result.ts'

type Column = (number | null)[]

/** From where to where a timeline goes, in seconds since the start of the run. */
interface Span {
  readonly fromS: number
  readonly toS: number
}

const RATES: readonly TimelineCount[] = ['posted', 'accepted', 'delivered', 'errors', 'connects']
const US_PER_MS = 1000

/** The columns of a timeline's plots: a value a slot. */
export function timelineColumns(
  timeline: RecordedTimeline,
  { fromS, toS }: Span,
  workers: readonly { readonly self?: SelfSamples }[],
  processes: readonly ProcessSamples[],
): BenchResult['timeline'] {
  const { everyS } = timeline
  const length = Math.max(1, Math.ceil((toS - fromS) / everyS))
  const slots = Array.from({ length }, (_, number) => timeline.slots[number])
  const edges = slots.map((_, number) => ({
    fromS: fromS + number * everyS,
    toS: Math.min(toS, fromS + (number + 1) * everyS),
  }))
  return {
    everyS,
    series: {
      ...rateColumns(slots, edges),
      ...latencyColumns(slots),
      connected: connectedColumn(slots),
      ...processColumns(edges, processes),
      ...generatorColumns(
        edges,
        workers.flatMap(({ self }) => (self === undefined ? [] : [self])),
      ),
    },
  }
}

function rateColumns(
  slots: readonly (RecordedSlot | undefined)[],
  edges: readonly Span[],
): Record<string, Column> {
  const columns = RATES.map((name) => [
    name,
    slots.map((slot, number) => (slot?.counts[name] ?? 0) / widthS(edges[number])),
  ])
  return Object.fromEntries(columns)
}

function latencyColumns(slots: readonly (RecordedSlot | undefined)[]): Record<string, Column> {
  const names = new Set(slots.flatMap((slot) => Object.keys(slot?.latencies ?? {})))
  const columns: Record<string, Column> = {}
  for (const name of names) {
    const values = slots.map((slot) => percentiles(slot?.latencies[name]))
    for (const key of ['p50', 'p99', 'max'] as const)
      columns[`${name}.${key}`] = values.map((value) => value?.[key] ?? null)
  }
  return columns
}

function percentiles(
  recorded: RecordedHistogram | undefined,
): Record<'p50' | 'p99' | 'max', number> | undefined {
  if (recorded === undefined) return undefined
  const histogram = new LatencyHistogram(2)
  histogram.add(recorded)
  return {
    p50: histogram.percentileUs(50) / US_PER_MS,
    p99: histogram.percentileUs(99) / US_PER_MS,
    max: recorded.maxUs / US_PER_MS,
  }
}

function connectedColumn(slots: readonly (RecordedSlot | undefined)[]): Column {
  let connected = 0
  return slots.map((slot) => {
    connected += slot?.counts.connections ?? 0
    return connected
  })
}

function processColumns(
  edges: readonly Span[],
  processes: readonly ProcessSamples[],
): Record<string, Column> {
  const columns: Record<string, Column> = {}
  for (const { name, samples } of processes) {
    columns[`${name}.cpu`] = edges.map((edge) => cores(samples, edge))
    columns[`${name}.rssBytes`] = edges.map(({ toS }) => sampleAt(samples, toS)?.rssBytes ?? null)
  }
  return columns
}

function generatorColumns(edges: readonly Span[], selves: readonly SelfSamples[]): Record<string, Column> {
  return {
    'generator.cpu': edges.map((edge) => selves.reduce((sum, { samples }) => sum + cores(samples, edge), 0)),
    'generator.loopDelayMs': edges.map((edge) => longestDelay(selves, edge)),
  }
}

function longestDelay(selves: readonly SelfSamples[], { fromS, toS }: Span): number | null {
  const delays = selves.flatMap(({ samples }) =>
    samples.filter(({ atS }) => atS > fromS && atS <= toS).map(({ loopDelayP99Ms }) => loopDelayP99Ms),
  )
  return delays.length === 0 ? null : Math.max(...delays)
}

function cores(samples: readonly Sample[], edge: Span): number {
  return (cpuAt(samples, edge.toS) - cpuAt(samples, edge.fromS)) / widthS(edge)
}

function widthS(edge: Span | undefined): number {
  return edge === undefined ? 1 : Math.max(1e-3, edge.toS - edge.fromS)
}
