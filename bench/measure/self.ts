import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import { LATE_SEND_US } from './recorder.ts'
import { type Sample, Samples } from './samples.ts'

/** How the generator itself was doing in a second. */
export interface SelfSample extends Sample {
  /** How late timers of its event loop were, in this second. */
  readonly loopDelayP99Ms: number
}

/** How one worker of the generator was doing over the run, as JSON. */
export interface SelfSamples {
  readonly samples: readonly SelfSample[]
  readonly rssMaxBytes: number
  /** Highest share of one core in any second. */
  readonly cpuShareMax: number
  /** Seconds in the measured phases, and how many of them were over a limit of {@link SATURATION}. */
  readonly measuredSeconds: number
  readonly saturatedSeconds: number
  /** Over the measured phases. */
  readonly loopDelayP99Ms: number
}

/** A second with more than that is one in which the generator could not do what it was meant to. */
export const SATURATION = {
  loopDelayMs: 50,
  cpuShare: 0.9,
  secondsShare: 0.05,
  lateSendsShare: 0.01,
} as const

const EVERY_MS = 1000
const SHORTEST_S = 0.5
const RESOLUTION_MS = 20
const NS_PER_MS = 1e6
const US_PER_S = 1e6

/** Measures this process each second: a generator that is the bottleneck has to say so. */
export class SelfSampler {
  readonly #sinceStartS: () => number
  readonly #isMeasuring: () => boolean
  readonly #samples = new Samples<SelfSample>()
  readonly #delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  readonly #measuredDelays = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  readonly #timer: NodeJS.Timeout
  #last: Sample | undefined
  #rssMaxBytes = 0
  #cpuShareMax = 0
  #measuredSeconds = 0
  #saturatedSeconds = 0

  /** @param isMeasuring whether a measured phase is under way: connecting as fast as possible saturates rightly */
  constructor(sinceStartS: () => number, isMeasuring: () => boolean) {
    this.#sinceStartS = sinceStartS
    this.#isMeasuring = isMeasuring
    this.#delays.enable()
    this.#take()
    this.#timer = setInterval(() => this.#take(), EVERY_MS)
  }

  stop(): SelfSamples {
    clearInterval(this.#timer)
    this.#take()
    this.#delays.disable()
    this.#measuredDelays.disable()
    return this.soFar()
  }

  /** @param afterS samples from then on are told, all others left out */
  soFar(afterS = Number.NEGATIVE_INFINITY): SelfSamples {
    return {
      samples: this.#samples.all.filter(({ atS }) => atS > afterS),
      rssMaxBytes: this.#rssMaxBytes,
      cpuShareMax: this.#cpuShareMax,
      measuredSeconds: this.#measuredSeconds,
      saturatedSeconds: this.#saturatedSeconds,
      loopDelayP99Ms: delayMs(this.#measuredDelays),
    }
  }

  #take(): void {
    const { user, system } = process.cpuUsage()
    const sample = {
      atS: this.#sinceStartS(),
      cpuS: (user + system) / US_PER_S,
      rssBytes: process.memoryUsage.rss(),
      loopDelayP99Ms: delayMs(this.#delays),
    }
    this.#delays.reset()
    this.#judge(sample)
    this.#last = sample
    this.#samples.add(sample)
  }

  #judge(sample: SelfSample): void {
    const last = this.#last
    this.#rssMaxBytes = Math.max(this.#rssMaxBytes, sample.rssBytes)
    if (this.#isMeasuring()) this.#measuredDelays.enable()
    else this.#measuredDelays.disable()
    const seconds = last === undefined ? 0 : sample.atS - last.atS
    // What is left of a second at the end is too short for Linux's clock of CPU time.
    if (last === undefined || seconds < SHORTEST_S) return
    const share = (sample.cpuS - last.cpuS) / seconds
    this.#cpuShareMax = Math.max(this.#cpuShareMax, share)
    if (!this.#isMeasuring()) return
    this.#measuredSeconds += 1
    const { loopDelayMs, cpuShare } = SATURATION
    if (sample.loopDelayP99Ms > loopDelayMs || share > cpuShare) this.#saturatedSeconds += 1
  }
}

/** The histogram holds the time from one timer to the next, so that an idle loop shows the resolution. */
function delayMs(delays: IntervalHistogram): number {
  return delays.count === 0 ? 0 : Math.max(0, delays.percentile(99) / NS_PER_MS - RESOLUTION_MS)
}

/** What a result says about a generator that could not keep up. */
export interface Saturation {
  readonly saturated: boolean
  readonly reasons: readonly string[]
}

/**
 * Whether the generator was the bottleneck: too many seconds of a worker in which its event loop was late or its core was busy, or too many sends
 * that began late. A single second never is too many: a short run has few.
 * @param sends of the measured phases, and those that began late, of all workers
 */
export function judgeSaturation(
  workers: readonly { readonly name: string; readonly self: SelfSamples }[],
  sends: { readonly all: number; readonly late: number },
): Saturation {
  const reasons = workers
    .filter(({ self }) => self.saturatedSeconds > Math.max(1, self.measuredSeconds * SATURATION.secondsShare))
    .map(
      ({ name, self }) =>
        `${name}: its event loop was over ${SATURATION.loopDelayMs} ms late or its core over ${SATURATION.cpuShare * 100} % busy in ${self.saturatedSeconds} of ${self.measuredSeconds} seconds`,
    )
  if (sends.late > sends.all * SATURATION.lateSendsShare)
    reasons.push(
      `${sends.late} of ${sends.all} messages were sent over ${LATE_SEND_US / 1000} ms later than intended`,
    )
  return { saturated: reasons.length > 0, reasons }
}
