import fc from 'fast-check'
import t from 'tap'
import { History } from './history.ts'

const plots = (values: Record<string, number>) => new Map([['plot', new Map(Object.entries(values))]])

t.test('a line that appears late has nothing before, and one that ends has nothing after', async (t) => {
  const history = new History(100)
  history.add(1, plots({ a: 1 }))
  history.add(2, plots({ a: 2, b: 20 }))
  history.gap(3)
  history.add(4, plots({ b: 40 }))
  t.same(history.times, [1, 2, 3, 4])
  t.same(history.lines('plot'), [
    { key: 'a', values: [1, 2, null, null] },
    { key: 'b', values: [null, 20, null, 40] },
  ])
  t.same(history.lines('other'), [])
})

t.test('what is too old is forgotten, with lines that were nowhere else', async (t) => {
  const history = new History(10)
  history.add(1, plots({ a: 1, b: 1 }))
  history.add(5, plots({ b: 5 }))
  history.add(15, plots({ b: 15 }))
  t.same(history.times, [5, 15])
  t.same(history.lines('plot'), [{ key: 'b', values: [5, 15] }])
})

t.test('what was given out does not change', async (t) => {
  const history = new History(10)
  history.add(1, plots({ a: 1 }))
  const [line] = history.lines('plot')
  const { times } = history
  history.add(2, plots({ a: 2 }))
  t.same([times, line?.values], [[1], [1]])
})

t.test('all lines are as long as there are moments, and nothing is older than is kept', async (t) => {
  const moment = fc.record({
    after: fc.integer({ min: 1, max: 30 }),
    values: fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.nat()),
    isGap: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(moment, { minLength: 1 }), (moments) => {
      const history = new History(50)
      let now = 0
      for (const { after, values, isGap } of moments) {
        now += after
        if (isGap) history.gap(now)
        else history.add(now, plots(values))
      }
      const { times } = history
      const isRight = (at: number, index: number) => at >= now - 50 && at > (times[index - 1] ?? 0)
      return (
        times.at(-1) === now &&
        times.every(isRight) &&
        history.lines('plot').every(({ values }) => values.length === times.length)
      )
    }),
  )
  t.pass()
})
