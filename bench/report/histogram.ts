import { decodeFromCompressedBase64, type Histogram } from 'hdr-histogram-js'
import type { Distribution } from '../result/result.ts'

/** The histogram of a result, of microseconds; throws where its text is none. */
export function decodeHistogram(text: string): Histogram {
  return decodeFromCompressedBase64(text, 'packed')
}

/** A percentile in milliseconds; 0 and 100 are exact, the others as fine as the histogram. Undefined where nothing was timed. */
export function percentileMs(distribution: Distribution, percent: number): number | undefined {
  if (distribution.count === 0) return undefined
  if (percent >= 100) return distribution.maxMs
  if (percent <= 0) return distribution.minMs
  const known = distribution.percentilesMs[`p${percent}`]
  return known ?? decodeHistogram(distribution.histogram).getValueAtPercentile(percent) / 1000
}
