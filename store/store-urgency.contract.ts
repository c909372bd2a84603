import { NO_MIN_URGENCY, URGENCIES } from '../push/urgency.ts'
import {
  CHANNEL,
  DAY_MS,
  digestOf,
  idsOf,
  listAll,
  messageOf,
  NOW_MS,
  OTHER_CHANNEL,
  UA,
  type WithStore,
} from './fixtures/samples.ts'
import type { Store } from './store.ts'

/** Urgency: kept for a user agent and for each message, and the listing by it. */
export function urgencyContract(test: WithStore): void {
  test('the least urgency wanted is kept as long as the user agent', async (t, store) => {
    const kept = async (nowMs = NOW_MS) => (await store.connect(UA, nowMs))?.minUrgency
    await store.setMinUrgency(UA, 'high')
    t.equal(await kept(), undefined, 'nothing is written of one that is not there')
    await store.register(UA, CHANNEL, digestOf(1), NOW_MS)
    t.equal(await kept(), NO_MIN_URGENCY)
    for (const min of URGENCIES) {
      await store.setMinUrgency(UA, min)
      t.equal(await kept(), min)
    }
    await store.register(UA, OTHER_CHANNEL, digestOf(1), NOW_MS + 1)
    t.equal(await kept(NOW_MS + 2 * DAY_MS), 'high', 'another channel, or being seen, changes nothing')
    await store.dropAgent(UA)
    await store.register(UA, CHANNEL, digestOf(1), NOW_MS)
    t.equal(await kept(), NO_MIN_URGENCY)
  })

  test('lists what is at least so urgent, page by page', async (t, store) => {
    await store.register(UA, CHANNEL, digestOf(1), NOW_MS)
    for (let number = 0; number < 12; number += 1) {
      const urgency = URGENCIES[number % 4] ?? 'normal'
      await store.put(UA, messageOf(number, { urgency }), 0)
    }
    for (const [rank, min] of URGENCIES.entries())
      for (const pageSize of [1, 2, 5, 12])
        t.strictSame(
          await idsAtLeast(store, min, pageSize),
          idsOf(...Array.from({ length: 12 }, (_, number) => number).filter((number) => number % 4 >= rank)),
          `${min}, pages of ${pageSize}`,
        )
  })

  test('gives back a message with its urgency', async (t, store) => {
    await store.register(UA, CHANNEL, digestOf(1), NOW_MS)
    for (const [number, urgency] of URGENCIES.entries())
      await store.put(UA, messageOf(number, { urgency }), 0)
    const listed = await listAll(store, UA)
    t.strictSame(
      listed.map(({ message }) => message.urgency),
      [...URGENCIES],
    )
  })

  test('a less urgent message of a topic replaces a more urgent one all the same', async (t, store) => {
    await store.register(UA, CHANNEL, digestOf(1), NOW_MS)
    await store.put(UA, messageOf(1, { urgency: 'high', topic: 'topic' }), 0)
    await store.put(UA, messageOf(2, { urgency: 'low', topic: 'topic' }), 0)
    t.strictSame(await idsAtLeast(store, 'normal', 10), [])
    t.strictSame(await idsAtLeast(store, 'low', 10), idsOf(2))
    t.strictSame(await store.pending([UA], NOW_MS), [UA])
  })
}

async function idsAtLeast(store: Store, min: (typeof URGENCIES)[number], pageSize: number) {
  return (await listAll(store, UA, pageSize, NOW_MS, min)).map(({ message }) => message.id)
}
