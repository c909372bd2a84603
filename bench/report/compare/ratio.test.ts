import fc from 'fast-check'
import t from 'tap'
import { seededRandom } from '../../../cluster/seeded-random.ts'
import { geometricMean, holmLevels, ratioOf } from './ratio.ts'
import { tQuantile, tTails } from './student.ts'

/** Two-sided quantiles of Student's t as every table has them. */
const TABLE: [tails: number, df: number, t: number][] = [
  [0.05, 1, 12.706],
  [0.05, 2, 4.303],
  [0.05, 4, 2.776],
  [0.05, 8, 2.306],
  [0.05, 30, 2.042],
  [0.01, 1, 63.657],
  [0.01, 4, 4.604],
  [0.01, 8, 3.355],
  [0.001, 8, 5.041],
  [0.05, 1000, 1.962],
]

t.test('Student’s t is that of the tables', async (t) => {
  for (const [tails, df, quantile] of TABLE) {
    t.ok(Math.abs(tQuantile(tails, df) / quantile - 1) < 0.0005, `${tails}, ${df}: ${tQuantile(tails, df)}`)
    t.ok(Math.abs(tTails(quantile, df) / tails - 1) < 0.002, `${quantile}, ${df}: ${tTails(quantile, df)}`)
  }
  t.equal(tTails(0, 5), 1)
})

t.test('a ratio is that of the geometric means, with Welch’s interval', async (t) => {
  const { ratio, p, interval } = ratioOf([1, 4], [3, 12])
  t.ok(Math.abs(ratio - 3) < 1e-9)
  t.ok(Math.abs(geometricMean([1, 4]) - 2) < 1e-9)
  // Both scatter alike, so there are 2 degrees of freedom; the error is ln 2 * sqrt(2 / 2 + ...) as computed by hand.
  const error = Math.log(2) * Math.sqrt(2)
  const [low, high] = interval(0.95) ?? [0, 0]
  t.ok(Math.abs(Math.log(high) - (Math.log(3) + tQuantile(0.05, 2) * error)) < 1e-6)
  t.ok(Math.abs(low * high - 9) < 1e-6)
  t.ok(Math.abs((p ?? 0) - tTails(Math.log(3) / error, 2)) < 1e-9)
})

t.test('without repeated runs there is a ratio, and nothing else', async (t) => {
  for (const [base, other] of [
    [[2], [3]],
    [[2, 2.1], [3]],
    [[2], [3, 3.1]],
  ] as const) {
    const { p, interval } = ratioOf(base, other)
    t.same({ p, interval: interval(0.95) }, { p: undefined, interval: undefined })
  }
  t.match(ratioOf([2, 2], [2, 2]), { ratio: 1, p: 1 })
  t.equal(ratioOf([2, 2], [3, 3]).p, 0)
})

t.test('an interval leaves out 1 exactly where its probability is below its level', async (t) => {
  const value = fc.double({ min: 0.5, max: 2, noNaN: true })
  const runs = fc.array(value, { minLength: 2, maxLength: 6 })
  fc.assert(
    fc.property(runs, runs, fc.constantFrom(0.05, 0.01, 0.005), (base, other, level) => {
      const { p = 1, interval } = ratioOf(base, other)
      const [low, high] = interval(1 - level) ?? [0, 0]
      fc.pre(Math.abs(p / level - 1) > 1e-6)
      return p < level === (low > 1 || high < 1)
    }),
  )
  t.pass('for all')
})

t.test('Holm’s levels', async (t) => {
  const close = (found: number[], wanted: number[]) =>
    t.ok(
      found.every((each, index) => Math.abs(each - (wanted[index] ?? 0)) < 1e-12),
      found.join(),
    )
  close(
    holmLevels([0.001, 0.04, 0.03], 0.06),
    [0.02, 0.06, 0.03].map((level, i) => (i === 0 ? level : 0.03)),
  )
  close(holmLevels([0.001, 0.04, 0.02], 0.06), [0.02, 0.06, 0.03])
  close(holmLevels([0.5, 0.5], 0.05), [0.025, 0.025])
  t.same(holmLevels([], 0.05), [])
})

t.test('the same against the same cries wolf no more often than it may', async (t) => {
  const random = seededRandom(6)
  const gaussian = () =>
    Math.sqrt(-2 * Math.log(1 - random.fraction())) * Math.cos(2 * Math.PI * random.fraction())
  const five = () => Array.from({ length: 5 }, () => Math.exp(0.05 * gaussian()))
  let alarms = 0
  const rounds = 500
  for (let round = 0; round < rounds; round += 1) {
    const ps = Array.from({ length: 7 }, () => ratioOf(five(), five()).p ?? 1)
    const levels = holmLevels(ps, 0.04)
    if (ps.some((p, index) => p < (levels[index] ?? 0))) alarms += 1
  }
  // 4 % of 500 are 20; 6 standard deviations more are 46.
  t.ok(alarms > 2 && alarms < 46, `${alarms} false alarms`)
})
