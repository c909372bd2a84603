import fc from 'fast-check'
import t from 'tap'
import type { Series } from '../../figures.ts'
import { Counters } from './counters.ts'

const things = (...values: readonly (readonly [kind: string, value: number])[]) => ({
  series: { things_total: values.map(([kind, value]): Series => [{ kind }, value]) },
})
const grown = (counters: Counters, figures: ReturnType<typeof things>) =>
  Object.fromEntries(counters.see(figures).map(({ labels, by }) => [labels['kind'], by]))

t.test('what was counted before it was looked at is no increase', async (t) => {
  const counters = new Counters()
  t.same(grown(counters, things(['a', 1000])), { a: 0 })
  t.same(grown(counters, things(['a', 1003])), { a: 3 })
  t.same(grown(counters, things(['a', 1003])), { a: 0 })
})

t.test('a series that appears stood at 0 before', async (t) => {
  const counters = new Counters()
  counters.see(things(['a', 1000]))
  t.same(grown(counters, things(['a', 1000], ['b', 7])), { a: 0, b: 7 })
})

t.test('a counter that is less than before has begun again', async (t) => {
  const counters = new Counters()
  counters.see(things(['a', 1000]))
  t.same(grown(counters, things(['a', 4])), { a: 4 })
})

t.test('gauges are no counters; the parts of histograms are', async (t) => {
  const counters = new Counters()
  const series = (value: number) =>
    Object.fromEntries(
      ['x_seconds_bucket', 'x_seconds_sum', 'x_seconds_count', 'x_bytes', 'x_p99_seconds'].map((name) => [
        name,
        [[{}, value] as const],
      ]),
    )
  counters.see({ series: series(1) })
  t.same(
    counters.see({ series: series(2) }).map(({ name }) => name),
    ['x_seconds_bucket', 'x_seconds_sum', 'x_seconds_count'],
  )
})

t.test('labels may come in any order', async (t) => {
  const counters = new Counters()
  counters.see({ series: { x_total: [[{ a: '1', b: '2' }, 5]] } })
  t.equal(counters.see({ series: { x_total: [[{ b: '2', a: '1' }, 6]] } })[0]?.by, 1)
})

t.test('increases are never negative, and add up to what was counted', async (t) => {
  const steps = fc.array(
    fc.record({ kind: fc.constantFrom('a', 'b', 'c'), by: fc.nat({ max: 50 }), restarts: fc.boolean() }),
  )
  fc.assert(
    fc.property(fc.nat({ max: 1000 }), steps, (before, all) => {
      const counters = new Counters()
      const now = new Map([['a', before]])
      counters.see(things(...now))
      let counted = 0
      let seen = 0
      for (const { kind, by, restarts } of all) {
        // What begins again and is at once as high as before can't be told from what goes on.
        if (restarts) for (const each of now.keys()) now.set(each, 0)
        if (restarts) counters.see(things(...now))
        now.set(kind, (now.get(kind) ?? 0) + by)
        counted += by
        for (const increase of counters.see(things(...now))) {
          if (increase.by < 0) return false
          seen += increase.by
        }
      }
      return seen === counted
    }),
  )
  t.pass()
})
