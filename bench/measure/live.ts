import { LatencyHistogram, type RecordedHistogram } from './histogram.ts'

/** How a worker is doing, as JSON that adds up with that of others. */
export interface LiveSample {
  /** Totals so far. */
  readonly posted: number
  readonly accepted: number
  readonly delivered: number
  /** POSTs that were not answered 2xx, and what failed otherwise. */
  readonly errors: number
  readonly connected: number
  /** What ended since the sample before, by name; from the intended time; two significant digits. */
  readonly recent: Readonly<Record<string, RecordedHistogram>>
}

/** How the run is doing, for the terminal. */
export interface LiveView {
  readonly posted: number
  readonly accepted: number
  readonly delivered: number
  readonly errors: number
  readonly connected: number
  /** Of what ended since the view before, in milliseconds. */
  readonly latencies: Readonly<
    Record<
      string,
      { readonly count: number; readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number }
    >
  >
}

const US_PER_MS = 1000

/** What samples of several workers say together. */
export function liveView(samples: readonly LiveSample[]): LiveView {
  const histograms = new Map<string, LatencyHistogram>()
  for (const { recent } of samples) {
    for (const [name, recorded] of Object.entries(recent)) {
      const histogram = histograms.get(name) ?? new LatencyHistogram(2)
      histogram.add(recorded)
      histograms.set(name, histogram)
    }
  }
  const total = (name: Exclude<keyof LiveSample, 'recent'>) =>
    samples.reduce((sum, sample) => sum + sample[name], 0)
  return {
    posted: total('posted'),
    accepted: total('accepted'),
    delivered: total('delivered'),
    errors: total('errors'),
    connected: total('connected'),
    latencies: Object.fromEntries([...histograms].map(([name, each]) => [name, percentiles(each)])),
  }
}

function percentiles(histogram: LatencyHistogram): LiveView['latencies'][string] {
  return {
    count: histogram.count,
    p50Ms: histogram.percentileUs(50) / US_PER_MS,
    p99Ms: histogram.percentileUs(99) / US_PER_MS,
    maxMs: histogram.maxUs / US_PER_MS,
  }
}
