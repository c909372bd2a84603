import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import type { Clock, Timer } from '../../cluster/clock.ts'

const SECOND_MS = 1000
/** Nobody asks any more. */
const IDLE_MS = 5000
const NS_PER_SECOND = 1e9

/**
 * By how much the event loop was held up, of late. Measured only while somebody asks: the library behind /metrics forgets its own measurement each time that it is read,
 * and whoever reads that should find all of it.
 */
export class LoopDelay {
  readonly #clock: Clock
  #histogram: IntervalHistogram | undefined
  #idle: Timer | undefined
  #latest: { readonly atMs: number; readonly seconds: number }[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The longest delay of the last second, in seconds; undefined the first time. However many ask, all are told of it. */
  longest(): number | undefined {
    this.#idle?.cancel()
    this.#idle = this.#clock.after(IDLE_MS, () => this.stop())
    if (this.#histogram === undefined) {
      this.#histogram = monitorEventLoopDelay()
      this.#histogram.enable()
      return undefined
    }
    const nowMs = this.#clock.monotonicMs()
    this.#latest.push({ atMs: nowMs, seconds: this.#histogram.max / NS_PER_SECOND })
    this.#latest = this.#latest.filter(({ atMs }) => nowMs - atMs < SECOND_MS)
    this.#histogram.reset()
    return Math.max(...this.#latest.map(({ seconds }) => seconds))
  }

  /** Measures no more, until somebody asks again. */
  stop(): void {
    this.#idle?.cancel()
    this.#histogram?.disable()
    this.#histogram = undefined
    this.#latest = []
  }
}
