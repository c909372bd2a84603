import fc from 'fast-check'
import t from 'tap'
import { seededRandom } from '../../cluster/seeded-random.ts'
import { type ArrivalOptions, arrivalTimes } from './arrivals.ts'

function all(options: ArrivalOptions): number[] {
  const next = arrivalTimes(options)
  const times: number[] = []
  for (let at = next(); at !== undefined; at = next()) times.push(at)
  return times
}

const options = fc.record({
  arrivals: fc.constantFrom('poisson' as const, 'constant' as const),
  rate: fc.record({
    from: fc.double({ min: 0, max: 300, noNaN: true }),
    to: fc.double({ min: 0, max: 300, noNaN: true }),
  }),
  durationMs: fc.integer({ min: 1, max: 5000 }),
  random: fc.integer().map(seededRandom),
})

t.test('times come in order, and none after the end', (t) => {
  fc.assert(
    fc.property(options, (each) => {
      const times = all(each)
      return times.every((at, index) => at >= (times[index - 1] ?? 0) && at < each.durationMs)
    }),
  )
  t.end()
})

t.test('constant arrivals are as many as the rate says, whatever it does meanwhile', (t) => {
  fc.assert(
    fc.property(options, (each) => {
      const { from, to } = each.rate
      const expected = ((from + to) / 2 / 1000) * each.durationMs
      const count = all({ ...each, arrivals: 'constant' }).length
      return Math.abs(count - expected) <= 1.001
    }),
  )
  t.end()
})

t.test('constant arrivals have equal gaps', (t) => {
  const rate = { from: 250, to: 250 }
  const times = all({ arrivals: 'constant', rate, durationMs: 2000, random: seededRandom(1) })
  for (const [index, at] of times.slice(1).entries())
    t.ok(Math.abs(at - (times[index] ?? 0) - 4) < 1e-6, `gap ${index}`)
  t.equal(times.length, 500)
  t.end()
})

t.test('Poisson arrivals: the gaps are exponential, the counts vary as much as their mean', (t) => {
  const rate = { from: 1000, to: 1000 }
  const times = all({ arrivals: 'poisson', rate, durationMs: 100_000, random: seededRandom(7) })
  // Mean 100,000, standard deviation 316: five of them.
  t.ok(Math.abs(times.length - 100_000) < 1600, `${times.length} arrivals`)
  const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0))
  for (const [ms, share] of [
    [0.1, 1 - Math.exp(-0.1)],
    [1, 1 - Math.exp(-1)],
    [3, 1 - Math.exp(-3)],
  ] as const) {
    const seen = gaps.filter((gap) => gap <= ms).length / gaps.length
    t.ok(Math.abs(seen - share) < 0.01, `${seen} of the gaps are at most ${ms} ms, ${share} expected`)
  }
  const perSlot = new Array<number>(1000).fill(0)
  for (const at of times) perSlot[Math.floor(at / 100)] = (perSlot[Math.floor(at / 100)] ?? 0) + 1
  const mean = perSlot.reduce((sum, count) => sum + count, 0) / perSlot.length
  const variance = perSlot.reduce((sum, count) => sum + (count - mean) ** 2, 0) / perSlot.length
  t.ok(variance / mean > 0.8 && variance / mean < 1.2, `variance ${variance}, mean ${mean}`)
  t.end()
})

t.test('a ramp has the density of its rate', (t) => {
  const rate = { from: 0, to: 2000 }
  const times = all({ arrivals: 'poisson', rate, durationMs: 60_000, random: seededRandom(3) })
  t.ok(Math.abs(times.length - 60_000) < 1300, `${times.length} arrivals`)
  const early = times.filter((at) => at < 30_000).length / times.length
  t.ok(Math.abs(early - 0.25) < 0.01, `${early} of them in the first half, a quarter expected`)
  t.end()
})

t.test('the same seed gives the same times, another one others', (t) => {
  const of = (seed: number) =>
    all({ arrivals: 'poisson', rate: { from: 50, to: 80 }, durationMs: 1000, random: seededRandom(seed) })
  t.same(of(1), of(1))
  t.notSame(of(1), of(2))
  t.end()
})
