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

t.test('plots that share the last places give each line the same one', async (t) => {
  const ranks = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.nat({ max: 9 })), {
    maxLength: 5,
  })
  fc.assert(
    fc.property(fc.array(ranks), (rounds) => {
      const last = new Map<string, number>()
      const [one, other] = [new Slots(5, last), new Slots(5, last)]
      return rounds.every((round) => {
        const places = one.assign(new Map(round))
        const turned = other.assign(new Map(round.map(([key, rank]) => [key, 9 - rank])))
        return [...places].every(([key, place]) => turned.get(key) === place)
      })
    }),
  )
  t.pass()
})
