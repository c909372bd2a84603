import fc from 'fast-check'
import t from 'tap'
import type { Increase } from './counters.ts'
import { Window } from './window.ts'

const increase = (name: string, labels: Increase['labels'], by: number): Increase => ({
  name,
  labels,
  key: JSON.stringify(labels),
  by,
})
const all = () => 'all'

t.test('a rate is what was counted in the window, by its time', async (t) => {
  const window = new Window(3)
  t.equal(window.rates('x', all).size, 0, 'no time, no rate')
  for (const by of [10, 20, 30, 40, 50]) window.push(1, [increase('x', {}, by)])
  t.equal(window.seconds, 3)
  t.same([...window.rates('x', all)], [['all', 40]])
  t.equal(window.rates('y', all).size, 0)
  window.clear()
  t.equal(window.seconds, 0)
  t.equal(window.rates('x', all).size, 0)
})

t.test('stretches may be of any length', async (t) => {
  const window = new Window(3)
  window.push(0.5, [increase('x', {}, 1)])
  window.push(4, [increase('x', {}, 8)])
  t.same([...window.rates('x', all)], [['all', 2]], 'what covers the window alone is all there is')
})

t.test('series of several processes are added up, in the groups that are asked for', async (t) => {
  const window = new Window(10)
  window.push(2, [
    increase('x', { status: 503, errno: 201 }, 2),
    increase('x', { status: 503, errno: 201 }, 4),
    increase('x', { status: 503, errno: 202 }, 10),
    increase('x', { status: 404, errno: 102 }, 0),
    increase('x', { status: 400, errno: 110 }, 99),
  ])
  const rates = window.rates('x', ({ status }) => (status === 400 ? undefined : String(status)))
  t.same(
    [...rates],
    [
      ['503', 8],
      ['404', 0],
    ],
  )
})

t.test('buckets are added up by their bound', async (t) => {
  const window = new Window(10)
  for (const count of [1, 2])
    window.push(1, [
      increase('x_seconds_bucket', { le: 0.5, operation: 'put' }, count),
      increase('x_seconds_bucket', { le: '+Inf', operation: 'put' }, count + 1),
      increase('x_seconds_bucket', { le: 'what', operation: 'put' }, count + 1),
    ])
  t.same(
    [...window.buckets('x_seconds', ({ operation }) => String(operation))],
    [
      [
        'put',
        [
          { le: 0.5, count: 3 },
          { le: Number.POSITIVE_INFINITY, count: 5 },
        ],
      ],
    ],
  )
})

t.test('it covers what it has to, and no stretch more', async (t) => {
  const stretches = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 })
  fc.assert(
    fc.property(stretches, fc.integer({ min: 1, max: 30 }), (all, wanted) => {
      const window = new Window(wanted)
      for (const seconds of all) window.push(seconds, [])
      const sum = all.reduce((a, b) => a + b, 0)
      const oldest = all.find((_, index) => all.slice(index).reduce((a, b) => a + b, 0) <= window.seconds)
      return window.seconds >= Math.min(sum, wanted) && window.seconds - (oldest ?? 0) < wanted
    }),
  )
  t.pass()
})
