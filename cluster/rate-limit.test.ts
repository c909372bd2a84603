import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { RateLimit } from './rate-limit.ts'
import { SimulatedClock } from './simulated-clock.ts'

function limitOf(perSecond: number, burst: number, keysMax = 100) {
  const clock = new SimulatedClock()
  return { clock, limit: new RateLimit({ perSecond, burst }, keysMax, clock) }
}

t.test('a burst at once, then so many a second', async (t) => {
  const { clock, limit } = limitOf(10, 3)
  t.same([limit.take('a'), limit.take('a'), limit.take('a')], [0, 0, 0])
  t.equal(limit.take('a'), 100, 'says how long to wait')
  clock.advance(99)
  t.equal(limit.take('a'), 1)
  clock.advance(1)
  t.equal(limit.take('a'), 0)
  t.equal(limit.take('a'), 100, 'a refusal costs nothing, what was taken does')
})

t.test('keys do not disturb each other', async (t) => {
  const { limit } = limitOf(1, 1)
  t.equal(limit.take('a'), 0)
  t.equal(limit.take('a'), 1000)
  t.equal(limit.take('b'), 0)
})

t.test('a bucket fills up to its burst and no further', async (t) => {
  const { clock, limit } = limitOf(10, 3)
  for (let taken = 0; taken < 3; taken += 1) limit.take('a')
  clock.advance(3_600_000)
  t.same(
    [1, 2, 3, 4].map(() => limit.take('a')),
    [0, 0, 0, 100],
  )
})

t.test('keys beyond the limit are forgotten, those least used first', async (t) => {
  const { limit } = limitOf(1, 1, 2)
  for (const key of ['a', 'b', 'a', 'c']) limit.take(key)
  t.equal(limit.take('a'), 1000)
  t.equal(limit.take('b'), 0)
})

t.test('in no time are there more than the burst and what that time adds', async (t) => {
  const waits = fc.array(fc.integer({ min: 0, max: 2000 }), { maxLength: 200 })
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 20 }),
        waits,
        (rate, burst, all) => {
          const { clock, limit } = limitOf(rate, burst)
          const takenAtMs: number[] = []
          for (const waitMs of all) {
            clock.advance(waitMs)
            if (limit.take('a') === 0) takenAtMs.push(clock.monotonicMs())
          }
          for (const [from, startMs] of takenAtMs.entries())
            for (const [to, endMs] of takenAtMs.entries())
              if (to >= from) assert.ok(to - from + 1 <= burst + Math.ceil(((endMs - startMs) * rate) / 1000))
        },
      ),
      { numRuns: 50 },
    ),
  )
})
