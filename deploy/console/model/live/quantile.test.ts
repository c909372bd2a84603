import fc from 'fast-check'
import t from 'tap'
import { type Bucket, boundOf, quantile } from './quantile.ts'

const BOUNDS = [0.1, 0.2, 0.4, Number.POSITIVE_INFINITY]
const cumulative = (counts: readonly number[], bounds: readonly number[] = BOUNDS): Bucket[] => {
  let count = 0
  return bounds.map((le, index) => {
    count += counts[index] ?? 0
    return { le, count }
  })
}
const bounds = fc
  .uniqueArray(fc.integer({ min: 1, max: 10_000 }), { minLength: 1, maxLength: 12 })
  .map((all) => [...all.toSorted((a, b) => a - b), Number.POSITIVE_INFINITY])
const histogram = bounds.chain((all) =>
  fc
    .array(fc.nat({ max: 1000 }), { minLength: all.length, maxLength: all.length })
    .map((counts) => cumulative(counts, all)),
)
const part = fc.double({ min: 0, max: 1, noNaN: true })

t.test('is interpolated within the bucket that it falls into', async (t) => {
  t.same(quantile(0.5, cumulative([0, 10, 0, 0])), { value: 0.15000000000000002, isBeyond: false })
  t.same(quantile(0.5, cumulative([10, 0, 10, 0])), { value: 0.1, isBeyond: false })
  t.same(quantile(0.75, cumulative([10, 0, 10, 0])), { value: 0.30000000000000004, isBeyond: false })
  t.same(
    quantile(0.25, cumulative([4, 0, 0, 0])),
    { value: 0.025, isBeyond: false },
    'from 0 on in the lowest',
  )
})

t.test('above the highest bound it is the bound, and says so', async (t) => {
  t.same(quantile(0.99, cumulative([1, 0, 0, 9])), { value: 0.4, isBeyond: true })
})

t.test('of nothing there is none', async (t) => {
  t.equal(quantile(0.5, cumulative([0, 0, 0, 0])), undefined)
  t.equal(quantile(0.5, []), undefined)
})

t.test('the order in which buckets come does not matter', async (t) => {
  fc.assert(
    fc.property(histogram, part, (buckets, q) => {
      const [one, other] = [buckets, buckets.toReversed()].map((all) => quantile(q, all))
      return one?.value === other?.value && one?.isBeyond === other?.isBeyond
    }),
  )
  t.pass()
})

t.test('it lies in the bucket of the observation with its rank, and rises with its part', async (t) => {
  fc.assert(
    fc.property(histogram, part, part, (buckets, one, other) => {
      const total = buckets.at(-1)?.count ?? 0
      const [low, high] = [Math.min(one, other), Math.max(one, other)].map((q) => quantile(q, buckets))
      if (total === 0) return low === undefined && high === undefined
      if (low === undefined || high === undefined) return false
      const rank = Math.max(one, other) * total
      const at = buckets.findIndex(({ count }) => count > 0 && count >= rank)
      const from = buckets[at - 1]?.le ?? 0
      const to = buckets[at]?.le ?? 0
      return low.value <= high.value && high.value >= from && high.value <= to
    }),
  )
  t.pass()
})

t.test('bounds', async (t) => {
  t.equal(boundOf('0.25'), 0.25)
  t.equal(boundOf(2.5), 2.5)
  t.equal(boundOf('+Inf'), Number.POSITIVE_INFINITY)
  t.equal(boundOf('many'), undefined)
  t.equal(boundOf(undefined), undefined)
})
