import { hostname } from 'node:os'
import type { Clock, Random } from '../../cluster/clock.ts'
import type { Metrics, Snapshot } from '../metrics/metrics.ts'
import type { Role } from '../role.ts'
import { version } from '../version.ts'
import type { ProcessFigures, Series } from './figures.ts'
import { LoopDelay } from './loop-delay.ts'

/** What this process is. */
export interface Self {
  readonly role: Role
  /** Its number, where it is one of several workers. */
  readonly worker: number | undefined
}

/** Whoever asks within this time of another one is told the same. */
const SHARED_MS = 250
const PROCESS_BYTES = 8
const MICROSECONDS = 1e6

/**
 * The figures of this process. All of its metrics that are of Pushgrid are among them, so that none has to be thought of; of what the library measures of
 * the process there are processor time and memory, and the delay of the event loop as it is measured here.
 */
export class OwnFigures {
  readonly #self: Omit<ProcessFigures, 'upMs' | 'series'>
  readonly #metrics: Metrics
  readonly #clock: Clock
  readonly #startedMs: number
  readonly #delay: LoopDelay
  #latest: { readonly atMs: number; readonly figures: Promise<ProcessFigures> } | undefined

  constructor({ role, worker }: Self, metrics: Metrics, { clock, random }: { clock: Clock; random: Random }) {
    this.#self = {
      process: Buffer.from(random.bytes(PROCESS_BYTES)).toString('hex'),
      role,
      host: hostname(),
      pid: process.pid,
      ...(worker !== undefined && { worker }),
      version: version(),
    }
    this.#metrics = metrics
    this.#clock = clock
    this.#startedMs = clock.monotonicMs()
    this.#delay = new LoopDelay(clock)
  }

  /** Which process they are of. */
  get process(): string {
    return this.#self.process
  }

  /** What they are now. */
  now(): Promise<ProcessFigures> {
    const nowMs = this.#clock.monotonicMs()
    if (this.#latest === undefined || nowMs - this.#latest.atMs >= SHARED_MS)
      this.#latest = { atMs: nowMs, figures: this.#measure(nowMs) }
    return this.#latest.figures
  }

  /** Measures no more. */
  close(): void {
    this.#delay.stop()
  }

  async #measure(nowMs: number): Promise<ProcessFigures> {
    const series = seriesOf(await this.#metrics.some('pushgrid_'))
    const { user, system } = process.cpuUsage()
    add(series, 'process_cpu_seconds_total', (user + system) / MICROSECONDS)
    add(series, 'process_resident_memory_bytes', process.memoryUsage.rss())
    const delay = this.#delay.peak()
    if (delay !== undefined) add(series, 'nodejs_eventloop_lag_max_seconds', delay)
    return { ...this.#self, upMs: nowMs - this.#startedMs, series }
  }
}

/** Series by name, without those that have no number at the moment. */
function seriesOf(snapshot: Snapshot): Record<string, Series[]> {
  const series: Record<string, Series[]> = {}
  for (const { name, values } of snapshot as readonly Measured[])
    for (const { metricName = name, labels, value } of values)
      if (Number.isFinite(value)) add(series, metricName, value, labels)
  return series
}

function add(series: Record<string, Series[]>, name: string, value: number, labels: Series[0] = {}): void {
  const all = series[name] ?? []
  series[name] = all
  all.push([labels, value])
}

/** A metric as the library gives it, of whose values its types say too little. */
interface Measured {
  readonly name: string
  readonly values: readonly {
    readonly labels: Series[0]
    readonly value: number
    /** Of a histogram: that of its buckets, its sum or its count. */
    readonly metricName?: string
  }[]
}
