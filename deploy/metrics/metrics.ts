import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Content } from '../../push/operations.ts'

/** Labels of one value. */
export type Labels = Readonly<Record<string, string>>

/** How the values of several workers become one. */
export type Aggregator = 'sum' | 'max' | 'min'

/** The values of a process, as they pass between workers and their parent. */
export type Snapshot = Awaited<ReturnType<Registry['getMetricsAsJSON']>>

/** Upper bounds of the buckets of durations, in seconds. */
const BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

/**
 * Left out of what the library measures of the process: names that Prometheus' own check refuses, lists of all sockets, and the
 * number of open files, for which a directory with all of them is read: a node has hundreds of thousands.
 */
const LEFT_OUT = [
  'nodejs_active_resources',
  'nodejs_active_resources_total',
  'nodejs_active_handles',
  'nodejs_active_handles_total',
  'nodejs_active_requests',
  'nodejs_active_requests_total',
  'process_open_fds',
]

/**
 * All metrics of one process, in Prometheus' terms. What others count anyhow is read when it is asked for and costs nothing in
 * between; only durations are taken one by one.
 */
export class Metrics {
  readonly #registry = new Registry()

  constructor() {
    collectDefaultMetrics({ register: this.#registry })
    for (const name of LEFT_OUT) this.#registry.removeSingleMetric(name)
  }

  /** Adds a number that only grows; it is called `name` and `_total`. */
  counter(name: string, help: string, read: () => number): void {
    this.counters(name, help, [], () => [[{}, read()]])
  }

  /** Adds numbers that only grow, told apart by labels, of which there are few combinations. */
  counters(
    name: string,
    help: string,
    labelNames: readonly string[],
    read: () => Iterable<readonly [Labels, number]>,
  ): void {
    new Counter({
      name: `${name}_total`,
      help,
      labelNames,
      registers: [this.#registry],
      collect() {
        this.reset()
        for (const [labels, value] of read()) this.inc(labels, value)
      },
    })
  }

  /** Adds a number that goes up and down. */
  gauge(name: string, help: string, read: () => number, aggregator: Aggregator = 'sum'): void {
    this.gauges(name, help, [], () => [[{}, read()]], aggregator)
  }

  /** Adds numbers that go up and down, told apart by labels. */
  gauges(
    name: string,
    help: string,
    labelNames: readonly string[],
    read: () => Iterable<readonly [Labels, number]>,
    aggregator: Aggregator = 'sum',
  ): void {
    new Gauge({
      name,
      help,
      labelNames,
      aggregator,
      registers: [this.#registry],
      collect() {
        this.reset()
        for (const [labels, value] of read()) this.set(labels, value)
      },
    })
  }

  /** Adds durations in seconds. */
  durations(name: string, help: string, labelNames: readonly string[] = []): Histogram {
    return new Histogram({
      name: `${name}_seconds`,
      help,
      labelNames,
      buckets: BUCKETS_SECONDS,
      registers: [this.#registry],
    })
  }

  /** All of them as they are now, in Prometheus' text format. */
  async content(): Promise<Content> {
    return { type: this.#registry.contentType, text: await this.#registry.metrics() }
  }

  /**
   * Those of some names that this process has, as they are now. Of what the library measures of the process it forgets a part each time it is read: leave that to
   * who reads all.
   */
  async some(names: readonly string[]): Promise<Snapshot> {
    const metrics = names.map((name) => this.#registry.getSingleMetric(name)?.get())
    return (await Promise.all(metrics)).filter((metric) => metric !== undefined)
  }

  /** All of them as they are now, to be put together with those of other workers. */
  snapshot(): Promise<Snapshot> {
    return this.#registry.getMetricsAsJSON()
  }
}
