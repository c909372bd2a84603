import fc from 'fast-check'
import t from 'tap'
import { seededRandom } from '../../cluster/seeded-random.ts'
import { Pool } from './fleet.ts'
import { partOf } from './player.ts'

t.test('two pools hold what a set would hold, whatever moves between them', (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(9), fc.boolean())), (moves) => {
      const members = Array.from({ length: 10 }, () => ({ slot: 0 }))
      const pools = [new Pool<{ slot: number }>(), new Pool<{ slot: number }>()] as const
      const sets = [new Set<object>(), new Set<object>()] as const
      for (const [index, toFirst] of moves) {
        const member = members[index]
        if (member === undefined) continue
        for (const pool of pools) pool.delete(member)
        for (const set of sets) set.delete(member)
        pools[toFirst ? 0 : 1].add(member)
        sets[toFirst ? 0 : 1].add(member)
      }
      for (const side of [0, 1] as const) {
        t.equal(pools[side].size, sets[side].size)
        t.ok(pools[side].all().every((member) => sets[side].has(member)))
      }
    }),
  )
  t.end()
})

t.test('drawing gives every member its turn, and nothing from an empty pool', (t) => {
  const pool = new Pool<{ slot: number }>()
  const random = seededRandom(5)
  t.equal(pool.draw(random), undefined)
  const members = Array.from({ length: 5 }, () => ({ slot: 0 }))
  for (const member of members) pool.add(member)
  const drawn = new Set(Array.from({ length: 200 }, () => pool.draw(random)))
  t.equal(drawn.size, 5)
  t.end()
})

t.test('the parts of all workers add up to the whole, and differ by one at most', (t) => {
  fc.assert(
    fc.property(fc.nat(100_000), fc.integer({ min: 1, max: 50 }), (count, workers) => {
      const parts = Array.from({ length: workers }, (_, worker) => partOf(count, { worker, workers }))
      t.equal(
        parts.reduce((sum, part) => sum + part, 0),
        count,
      )
      return Math.max(...parts) - Math.min(...parts) <= 1
    }),
  )
  t.end()
})
