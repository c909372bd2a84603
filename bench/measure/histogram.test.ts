import assert from 'node:assert/strict'
import fc from 'fast-check'
import { decodeFromCompressedBase64 } from 'hdr-histogram-js'
import t from 'tap'
import { LatencyHistogram, mergeHistograms } from './histogram.ts'

function of(values: readonly number[]): LatencyHistogram {
  const histogram = new LatencyHistogram()
  for (const value of values) histogram.record(value)
  return histogram
}

const durations = fc.array(fc.oneof(fc.nat(1000), fc.nat(10_000_000), fc.nat(7_200_000_000)), {
  maxLength: 40,
})

t.test('percentiles are right to three digits; least, greatest and mean are exact', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(durations, (values) => {
        fc.pre(values.length > 0)
        const histogram = of(values)
        const sorted = [...values].sort((a, b) => a - b)
        for (const percent of [1, 50, 90, 99, 100]) {
          const exact = sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? 0
          assert.ok(Math.abs(histogram.percentileUs(percent) - exact) <= exact / 1000 + 1)
        }
        assert.equal(histogram.minUs, sorted[0])
        assert.equal(histogram.maxUs, sorted.at(-1))
        assert.equal(histogram.percentileUs(100) <= histogram.maxUs, true)
        assert.equal(histogram.meanUs, values.reduce((sum, value) => sum + value, 0) / values.length)
      }),
    ),
  )
})

t.test('merged ones are those of all values, whatever the order, down to the text', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(durations, durations, (a, b) => {
        const merged = mergeHistograms(of(a).recorded(), of(b).recorded())
        assert.deepEqual(merged, of([...a, ...b].toReversed()).recorded())
      }),
    ),
  )
})

t.test('the text is what any reader of HdrHistogram V2 understands', async (t) => {
  const { histogram } = of([1000, 2000, 3000]).recorded()
  t.equal(decodeFromCompressedBase64(histogram).totalCount, 3)
})

t.test('an empty one has no percentiles, and none of them is in the way', async (t) => {
  const empty = new LatencyHistogram()
  t.match(empty.recorded(), { count: 0, minUs: 0, maxUs: 0, sumUs: 0 })
  t.equal(empty.percentileUs(99), 0)
  t.equal(empty.meanUs, 0)
})

t.test('a duration below zero counts as none', async (t) => {
  t.match(of([-5]).recorded(), { count: 1, minUs: 0, maxUs: 0 })
})
