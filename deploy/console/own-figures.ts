import { hostname } from 'node:os'
import type { Clock, Random } from '../../cluster/clock.ts'
import type { Metrics, Snapshot } from '../metrics/metrics.ts'
import type { Role } from '../role.ts'
import { version } from '../version.ts'
import type { ProcessFigures, Series } from './figures.ts'
import { LoopDelay } from './loop-delay.ts'
import { SHOWN_METRICS, type ShownMetric } from './model/live/metrics.ts'

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

/** Of those that are shown, what is not measured here. */
const COUNTED = SHOWN_METRICS.filter((name) => name.startsWith('pushgrid_'))

/**
 * The figures of this process: those of its metrics that the console shows. What is of the process itself is measured here, because the library behind
 * /metrics measures from one reading to the next.
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
    const series = seriesOf(await this.#metrics.some(COUNTED))
    const { user, system } = process.cpuUsage()
    const delay = this.#delay.p99()
    const measured: readonly [ShownMetric, number | undefined][] = [
      ['process_cpu_seconds_total', (user + system) / MICROSECONDS],
      ['process_resident_memory_bytes', process.memoryUsage.rss()],
      ['nodejs_eventloop_lag_p99_seconds', delay],
    ]
    for (const [name, value] of measured) if (value !== undefined) add(series, name, value)
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
