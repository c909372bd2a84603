import { availableParallelism, cpus } from 'node:os'
import { LatencyHistogram, type RecordedHistogram } from '../measure/histogram.ts'
import { type Measurements, mergeMeasurements } from '../measure/measurements.ts'
import type { ProcessSamples } from '../measure/processes.ts'
import { cpuAt, sampleAt } from '../measure/samples.ts'
import { judgeSaturation, type SelfSamples } from '../measure/self.ts'
import { timelineColumns } from './columns.ts'
import { type BenchResult, type Distribution, RESULT_FORMAT } from './result.ts'

/** What a result says of a run that was not measured but meant. */
export interface RunFacts
  extends Pick<BenchResult, 'label' | 'scenario' | 'target' | 'load' | 'startedAt' | 'phases' | 'warnings'> {
  /** Of Pushgrid. */
  readonly version: string
  /** The scenario is about connections that are held, so that memory is told per connection. */
  readonly holdsConnections: boolean
}

/** What a worker of the generator found out; one that was lost has what it had told by then, if anything. */
export interface WorkerResult {
  readonly name: string
  readonly measurements?: Measurements
  readonly self?: SelfSamples
  readonly lost?: LostWorker
}

/** A worker that was gone before the end. Times are seconds since the start of the run. */
interface LostWorker {
  readonly atS: number
  /** Until when its measurements are known. */
  readonly knownToS?: number
  /** Messages whose fate was open then, which are in none of the counts. */
  readonly open?: number
}

/** What is derived from, and shown of, the measured phases. */
interface Measured {
  readonly fromS: number
  readonly toS: number
  readonly durationS: number
}

const PERCENTILES = [50, 75, 90, 95, 99, 99.9, 99.99] as const
const US_PER_MS = 1000
const US_PER_S = 1e6

/** Makes the result of a run from all that its workers and the samplers found out. */
export function assemble(
  facts: RunFacts,
  workers: readonly WorkerResult[],
  processes: readonly ProcessSamples[],
): BenchResult {
  const { version, holdsConnections: _, ...shown } = facts
  const measurements = mergeAll(workers)
  const measured = measuredOf(facts, measurements)
  const { ledger, statuses, errnos, errors, counts } = measurements
  const { generator, warnings } = describeGenerator(workers, measurements, measured)
  return {
    ...shown,
    format: RESULT_FORMAT,
    tool: {
      version,
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
      cpus: cpusText(),
    },
    durationS: measured.durationS,
    warnings: [...facts.warnings, ...warnings, ...processWarnings(processes)],
    generator,
    latencies: mapValues(measurements.latencies, ({ intended, service }) => ({
      intended: distribution(intended),
      service: distribution(service),
    })),
    rates: ratesOf(measurements, measured),
    statuses: { ...statuses },
    errnos: { ...errnos },
    errors: { ...errors },
    counts: { ...counts },
    ledger: { ...ledger, lostIds: [...ledger.lostIds] },
    processes: processes.map((one) => describeProcess(one, facts, measurements, measured)),
    timeline: timelineColumns(measurements.timeline, measured, workers, processes),
    thresholds: [],
  }
}

function mergeAll(workers: readonly WorkerResult[]): Measurements {
  const all = workers.flatMap(({ measurements }) => (measurements === undefined ? [] : [measurements]))
  const [first, ...others] = all
  if (first === undefined) throw new Error('no worker has a result')
  return others.reduce(mergeMeasurements, first)
}

/** From the first measured phase to the last. */
function measuredOf({ phases }: RunFacts, { measuredUs }: Measurements): Measured {
  const measured = phases.filter((phase) => phase.measured)
  return {
    fromS: measured[0]?.fromS ?? 0,
    toS: measured.at(-1)?.toS ?? 0,
    durationS: measuredUs / US_PER_S,
  }
}

/** Percentiles for people, in milliseconds, and the histogram that they were read from. */
export function distribution(recorded: RecordedHistogram): Distribution {
  const histogram = new LatencyHistogram()
  histogram.add(recorded)
  const percentiles = PERCENTILES.map((percent) => [
    `p${percent}`,
    histogram.percentileUs(percent) / US_PER_MS,
  ])
  return {
    count: recorded.count,
    minMs: recorded.minUs / US_PER_MS,
    meanMs: histogram.meanUs / US_PER_MS,
    maxMs: recorded.maxUs / US_PER_MS,
    percentilesMs: Object.fromEntries(percentiles),
    histogram: recorded.histogram,
  }
}

function ratesOf({ measured, timeline }: Measurements, { durationS }: Measured): Record<string, number> {
  const names = ['posted', 'accepted', 'delivered', 'errors', 'connects'] as const
  const rates = names.map((name) => [name, durationS === 0 ? 0 : (measured[name] ?? 0) / durationS])
  const slots = Object.values(timeline.slots)
  const connected = slots.reduce((sum, { counts }) => sum + (counts.connections ?? 0), 0)
  return { ...Object.fromEntries(rates), connected }
}

function describeGenerator(
  workers: readonly WorkerResult[],
  { measured: counted, ledger }: Measurements,
  measured: Measured,
): Pick<BenchResult, 'generator' | 'warnings'> {
  const measuredSelves = workers.flatMap(({ name, self }) => (self === undefined ? [] : [{ name, self }]))
  const sends = { all: counted['sends'] ?? 0, late: counted['lateSends'] ?? 0 }
  const { saturated, reasons } = judgeSaturation(measuredSelves, sends)
  const cpuS = measuredSelves.reduce((sum, { self }) => sum + cpuIn(self.samples, measured), 0)
  const warnings = workers.flatMap(({ name, lost }) => (lost === undefined ? [] : [lostWarning(name, lost)]))
  if (saturated)
    warnings.push({
      code: 'generator-saturated',
      text: `The load generator was the bottleneck, its figures are not the server's: ${reasons.join('; ')}`,
    })
  const delivered = counted['delivered'] ?? 0
  return {
    generator: {
      workers: workers.map((worker) => describeWorker(worker, measured)),
      cpuUsPerDelivered: delivered === 0 || ledger.delivered === 0 ? null : (cpuS * US_PER_S) / delivered,
      saturated,
    },
    warnings,
  }
}

function describeWorker(
  { name, self, lost }: WorkerResult,
  measured: Measured,
): BenchResult['generator']['workers'][number] {
  return {
    name,
    cpuS: self === undefined ? 0 : cpuIn(self.samples, measured),
    cpuShare: self?.cpuShareMax ?? 0,
    loopDelayP99Ms: self?.loopDelayP99Ms ?? 0,
    rssMaxBytes: self?.rssMaxBytes ?? 0,
    ...(lost && { lostAtS: lost.atS }),
    ...(lost?.knownToS !== undefined && { knownToS: lost.knownToS }),
  }
}

function lostWarning(name: string, { atS, knownToS, open }: LostWorker): BenchResult['warnings'][number] {
  const missing =
    knownToS === undefined
      ? 'what it measured is missing'
      : `what it measured later than ${knownToS.toFixed(1)} s is missing, and ${open} of its messages whose fate was open then`
  return {
    code: 'worker-lost',
    text: `Worker ${name} stopped ${atS.toFixed(1)} s after the start; ${missing}; from then on the load was less than stated`,
  }
}

function describeProcess(
  { name, source, samples, rssMaxBytes }: ProcessSamples,
  { holdsConnections }: RunFacts,
  { measured: counted, timeline }: Measurements,
  measured: Measured,
): BenchResult['processes'][number] {
  const cpuS = cpuIn(samples, measured)
  const rssStartBytes = samples[0]?.rssBytes ?? 0
  const rssEndBytes = sampleAt(samples, measured.toS)?.rssBytes ?? 0
  const delivered = counted['delivered'] ?? 0
  const slots = Object.values(timeline.slots)
  const connections = slots.reduce((sum, { counts }) => sum + (counts.connections ?? 0), 0)
  return {
    name,
    source,
    cpuS,
    cpuUsPerDelivered: delivered === 0 ? null : (cpuS * US_PER_S) / delivered,
    rssStartBytes,
    rssEndBytes,
    rssMaxBytes,
    rssBytesPerConnection:
      holdsConnections && connections > 0 ? (rssEndBytes - rssStartBytes) / connections : null,
  }
}

function processWarnings(processes: readonly ProcessSamples[]): BenchResult['warnings'] {
  return processes.flatMap(({ name, problem }) =>
    problem === undefined
      ? []
      : [{ code: 'process-unreadable', text: `Samples of process ${name} are missing: ${problem}` }],
  )
}

function cpuIn(samples: ProcessSamples['samples'], { fromS, toS }: Measured): number {
  return cpuAt(samples, toS) - cpuAt(samples, fromS)
}

function cpusText(): string {
  return `${availableParallelism()} x ${cpus()[0]?.model.trim() ?? 'unknown'}`
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]))
}
