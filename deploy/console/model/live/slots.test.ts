import fc from 'fast-check'
import t from 'tap'
import { Slots } from './slots.ts'

t.test('who has a place keeps it while it is among the highest', async (t) => {
  const slots = new Slots(2)
  t.same([...slots.assign(new Map([['a', 1]]))], [['a', 0]])
  t.same(
    [
      ...slots.assign(
        new Map([
          ['b', 5],
          ['a', 1],
        ]),
      ),
    ],
    [
      ['a', 0],
      ['b', 1],
    ],
  )
  t.same(
    [
      ...slots.assign(
        new Map([
          ['c', 5],
          ['b', 5],
          ['a', 1],
        ]),
      ),
    ],
    [
      ['b', 1],
      ['c', 0],
    ],
    'a has lost its place to c, b has the one that it had',
  )
})

t.test('of two that are as high the one that is there stays', async (t) => {
  const slots = new Slots(1)
  slots.assign(new Map([['b', 3]]))
  t.same(
    [
      ...slots.assign(
        new Map([
          ['a', 3],
          ['b', 3],
        ]),
      ),
    ],
    [['b', 0]],
  )
})

t.test('the highest have places, each one of its own', async (t) => {
  const ranks = fc.dictionary(fc.string({ minLength: 1, maxLength: 2 }), fc.nat({ max: 9 }))
  fc.assert(
    fc.property(fc.array(ranks), fc.integer({ min: 1, max: 5 }), (rounds, count) => {
      const slots = new Slots(count)
      return rounds.every((round) => {
        const all = new Map(Object.entries(round))
        const places = slots.assign(all)
        const lowest = Math.min(...[...places.keys()].map((key) => all.get(key) ?? -1))
        return (
          places.size === Math.min(count, all.size) &&
          new Set(places.values()).size === places.size &&
          [...places.values()].every((place) => place >= 0 && place < count) &&
          [...all].every(([key, rank]) => places.has(key) || rank <= lowest)
        )
      })
    }),
  )
  t.pass()
})
