import fc from 'fast-check'
import t from 'tap'
import type { Clock } from '../cluster/clock.ts'
import { createSystemRandom } from '../cluster/clock.ts'
import { seededRandom } from '../cluster/seeded-random.ts'
import { parseMessageId } from './ids.ts'
import { MessageIds } from './message-ids.ts'

/** A clock that tells one time after the other, and then the last one for ever. */
function clockOf(times: readonly number[]): Clock {
  let at = 0
  return {
    nowMs: () => times[Math.min(at++, times.length - 1)] ?? 0,
    monotonicMs: () => 0,
    after: () => ({ cancel() {} }),
    afterTurn() {},
  }
}

t.test('each id is greater than the one before, however the clock moves', async (t) => {
  const times = fc.array(fc.integer({ min: 1, max: 2 ** 47 }), { minLength: 2, maxLength: 50 })
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(times, fc.integer(), (times, seed) => {
        const ids = new MessageIds(clockOf(times), seededRandom(seed))
        const issued = times.map(() => ids.next())
        return issued.every((id, at) => {
          const before = issued[at - 1]
          return parseMessageId(id) === id && id[14] === '7' && (before === undefined || before < id)
        })
      }),
    ),
  )
})

t.test('an id begins with the time it was issued at', async (t) => {
  const ids = new MessageIds(clockOf([0x0123456789ab]), createSystemRandom())
  t.equal(ids.next().slice(0, 13), '01234567-89ab')
})

t.test('ids of one moment issued by two processes differ', async (t) => {
  const random = createSystemRandom()
  const ids = Array.from({ length: 1000 }, () => new MessageIds(clockOf([1]), random).next())
  t.equal(new Set(ids).size, ids.length)
})
