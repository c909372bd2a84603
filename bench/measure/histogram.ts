import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
} from 'hdr-histogram-js'

/** What a histogram holds, as JSON: exact numbers beside the buckets, so that merging loses none of them. */
export interface RecordedHistogram {
  readonly count: number
  /** Microseconds, exact; 0 while nothing was recorded. */
  readonly minUs: number
  readonly maxUs: number
  readonly sumUs: number
  /** HdrHistogram V2 of microseconds, compressed, base64. */
  readonly histogram: string
}

/** Percentiles of the results of three significant digits; timelines make do with two, at a fifth of the memory. */
export type Digits = 2 | 3

/**
 * Counts durations in microseconds. It grows with what it is told, so that an hour costs no more than it must, and keeps the least, the
 * greatest and the sum apart, because buckets only know them to so many digits.
 */
export class LatencyHistogram {
  readonly #digits: Digits
  #buckets: Histogram
  #count = 0
  #minUs = Number.POSITIVE_INFINITY
  #maxUs = 0
  #sumUs = 0

  constructor(digits: Digits = 3) {
    this.#digits = digits
    this.#buckets = emptyBuckets(digits)
  }

  get count(): number {
    return this.#count
  }

  get minUs(): number {
    return this.#count === 0 ? 0 : this.#minUs
  }

  get maxUs(): number {
    return this.#maxUs
  }

  get meanUs(): number {
    return this.#count === 0 ? 0 : this.#sumUs / this.#count
  }

  /** @param durationUs rounded to whole microseconds; a negative one, which only clocks of two processes could make, counts as 0 */
  record(durationUs: number): void {
    const us = Math.max(0, Math.round(durationUs))
    this.#buckets.recordValue(us)
    this.#count += 1
    this.#sumUs += us
    if (us < this.#minUs) this.#minUs = us
    if (us > this.#maxUs) this.#maxUs = us
  }

  /** Value that so many percent of the recorded ones do not exceed, never more than the greatest. @param percent 0 to 100 */
  percentileUs(percent: number): number {
    return Math.min(this.#buckets.getValueAtPercentile(percent), this.#maxUs)
  }

  /** Adds all that another one of the same digits recorded. */
  add(other: RecordedHistogram): void {
    if (other.count === 0) return
    this.#buckets.add(decodeFromCompressedBase64(other.histogram))
    this.#count += other.count
    this.#sumUs += other.sumUs
    this.#minUs = Math.min(this.#minUs, other.minUs)
    this.#maxUs = Math.max(this.#maxUs, other.maxUs)
  }

  /** The same, of one that is at hand. */
  merge(other: LatencyHistogram): void {
    if (other.#count === 0) return
    this.#buckets.add(other.#buckets)
    this.#count += other.#count
    this.#sumUs += other.#sumUs
    this.#minUs = Math.min(this.#minUs, other.#minUs)
    this.#maxUs = Math.max(this.#maxUs, other.#maxUs)
  }

  /** The same content is the same text, in whatever order it was recorded or merged. */
  recorded(): RecordedHistogram {
    return {
      count: this.#count,
      minUs: this.minUs,
      maxUs: this.#maxUs,
      sumUs: this.#sumUs,
      histogram: encodeIntoCompressedBase64(this.#canonical()),
    }
  }

  reset(): void {
    this.#buckets = emptyBuckets(this.#digits)
    this.#count = 0
    this.#sumUs = 0
    this.#minUs = Number.POSITIVE_INFINITY
    this.#maxUs = 0
  }

  /** Buckets as wide as the greatest value needs: those of a histogram that grew depend on the order of its values. */
  #canonical(): Histogram {
    const copy = emptyBuckets(this.#digits, this.#maxUs)
    copy.add(this.#buckets)
    return copy
  }
}

/** What two histograms recorded together: exact, associative and commutative. */
export function mergeHistograms(
  a: RecordedHistogram,
  b: RecordedHistogram,
  digits: Digits = 3,
): RecordedHistogram {
  const merged = new LatencyHistogram(digits)
  merged.add(a)
  merged.add(b)
  return merged.recorded()
}

function emptyBuckets(digits: Digits, highestUs = 2): Histogram {
  return build({
    bitBucketSize: 32,
    autoResize: true,
    lowestDiscernibleValue: 1,
    highestTrackableValue: Math.max(2, highestUs),
    numberOfSignificantValueDigits: digits,
  })
}
