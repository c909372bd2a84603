/** How a process was doing at a time. CPU time is a running total, so that samples may be left out without losing any of it. */
export interface Sample {
  /** Seconds since the start of the run. */
  readonly atS: number
  readonly cpuS: number
  readonly rssBytes: number
}

/** More samples than that are thinned out. */
const SAMPLES_MAX = 2000

/** Keeps samples of a run of any length: when there are too many, every other one goes. */
export class Samples<T extends Sample = Sample> {
  #kept: T[] = []
  #everyNth = 1
  #skipped = 0

  add(sample: T): void {
    this.#skipped += 1
    if (this.#kept.length > 0 && this.#skipped < this.#everyNth) return
    this.#skipped = 0
    this.#kept.push(sample)
    if (this.#kept.length <= SAMPLES_MAX) return
    this.#kept = this.#kept.filter((_, index) => index % 2 === 0)
    this.#everyNth *= 2
  }

  get all(): readonly T[] {
    return this.#kept
  }
}

/** Total CPU time at a time between samples, by a straight line; before the first and after the last, theirs. */
export function cpuAt(samples: readonly Sample[], atS: number): number {
  const after = samples.findIndex((sample) => sample.atS >= atS)
  if (after === -1) return samples.at(-1)?.cpuS ?? 0
  const [from, to] = [samples[after - 1], samples[after]]
  if (to === undefined) return 0
  if (from === undefined || to.atS === from.atS) return to.cpuS
  return from.cpuS + ((to.cpuS - from.cpuS) * (atS - from.atS)) / (to.atS - from.atS)
}

/** The last sample at or before a time; the first one, if there is none. */
export function sampleAt<T extends Sample>(samples: readonly T[], atS: number): T | undefined {
  return samples.findLast((sample) => sample.atS <= atS) ?? samples[0]
}
