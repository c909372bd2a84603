import type { Uaid } from '../push/ids.ts'
import {
  CHANNEL,
  channelsOf,
  DAY_MS,
  digestOf,
  idsOf,
  LIMITS,
  listIds,
  messageOf,
  NOW_MS,
  numbers,
  OTHER_CHANNEL,
  OTHER_UA,
  UA,
  uaidOf,
  type WithStore,
} from './fixtures/samples.ts'
import type { Store } from './store.ts'

/** A store with a defect must fail the test, not hang it. */
const CALLS_MAX = 10_000

/** Garbage collection, and what keeps a user agent from it. */
export function garbageContract(test: WithStore): void {
  const lifetimeMs = LIMITS.agentLifetimeMs

  test('drops user agents not seen for too long with all they have', async (t, store) => {
    await store.register(UA, CHANNEL, digestOf(1), NOW_MS)
    await store.register(UA, OTHER_CHANNEL, digestOf(1), NOW_MS)
    await store.register(OTHER_UA, CHANNEL, digestOf(1), NOW_MS + DAY_MS)
    const expiresAtMs = NOW_MS + 2 * lifetimeMs
    for (const number of [1, 2, 3]) await store.put(UA, messageOf(number, { expiresAtMs }), 0)
    for (const number of [4, 5, 6]) await store.put(OTHER_UA, messageOf(number, { expiresAtMs }), 0)
    const nowMs = NOW_MS + lifetimeMs + 1
    t.strictSame(await collectAll(store, nowMs, 2), { agents: 1, messages: 3 })
    t.equal(await store.connect(UA, nowMs), undefined)
    await store.register(UA, CHANNEL, digestOf(1), nowMs)
    t.strictSame(await channelsOf(store, UA), { [CHANNEL]: digestOf(1) })
    t.strictSame(await listIds(store, UA, 10, nowMs), [])
    t.strictSame(await listIds(store, OTHER_UA, 10, nowMs), idsOf(4, 5, 6))
  })

  test('drops what has expired or belongs to no channel', async (t, store) => {
    await store.register(UA, CHANNEL, digestOf(1), NOW_MS)
    for (const number of numbers(1, 10)) {
      const expiresAtMs = NOW_MS + number * 1000
      await store.put(UA, messageOf(number, { expiresAtMs }), 0)
    }
    await store.put(UA, messageOf(11, { channelId: OTHER_CHANNEL }), 0)
    await store.put(OTHER_UA, messageOf(12), 0)
    t.strictSame(await collectAll(store, NOW_MS + 4500, 3), { agents: 0, messages: 6 })
    t.strictSame(await listIds(store, UA), idsOf(...numbers(5, 10)))
    t.strictSame(await store.remove(UA, idsOf(1, 4, 11), 'acknowledged'), [], 'they are gone, not hidden')
    t.strictSame(await collectAll(store, NOW_MS + 4500, 3), { agents: 0, messages: 0 })
  })

  test('writes go on while garbage is collected', async (t, store) => {
    await store.register(UA, CHANNEL, digestOf(1), NOW_MS)
    for (const number of numbers(1, 30))
      await store.put(UA, messageOf(number, { expiresAtMs: NOW_MS - 1 }), 0)
    const collecting = collectAll(store, NOW_MS, 2)
    await Promise.all(numbers(31, 60).map((number) => store.put(UA, messageOf(number), 0)))
    await collecting
    t.strictSame(await listIds(store, UA), idsOf(...numbers(31, 60)))
  })

  test('connect marks as seen, after more than a day only', async (t, store) => {
    const expectGone = async (uaid: Uaid, nowMs: number, gone: boolean, why: string) => {
      await collectAll(store, nowMs, 100)
      t.equal((await store.channelStatus(uaid, CHANNEL)).outcome, gone ? 'agentGone' : 'subscribed', why)
    }
    for (const uaid of [UA, OTHER_UA]) await store.register(uaid, CHANNEL, digestOf(1), NOW_MS)
    t.ok(await store.connect(UA, NOW_MS + DAY_MS - 1))
    t.ok(await store.connect(OTHER_UA, NOW_MS + DAY_MS + 1))
    await expectGone(UA, NOW_MS + lifetimeMs - 1, false, 'its lifetime is not over')
    await expectGone(UA, NOW_MS + lifetimeMs + 1, true, 'a connect within the day did not count')
    await expectGone(OTHER_UA, NOW_MS + lifetimeMs + 1, false, 'the one after the day did')
    await expectGone(OTHER_UA, NOW_MS + lifetimeMs + DAY_MS + 2, true, 'but only once')
  })

  test('touch marks those that are there as seen', async (t, store) => {
    await store.register(UA, CHANNEL, digestOf(1), NOW_MS)
    const absent = numbers(100, 700).map(uaidOf)
    await store.touch([...absent, UA], NOW_MS + 10 * DAY_MS)
    t.strictSame(await collectAll(store, NOW_MS + lifetimeMs + 9 * DAY_MS, 100), { agents: 0, messages: 0 })
    t.strictSame(await channelsOf(store, UA), { [CHANNEL]: digestOf(1) })
    t.equal(await store.connect(uaidOf(100), NOW_MS), undefined)
    t.strictSame(await collectAll(store, NOW_MS + lifetimeMs + 11 * DAY_MS, 100), { agents: 1, messages: 0 })
  })
}

/** One whole round of garbage collection; says what it dropped. */
async function collectAll(
  store: Store,
  nowMs: number,
  limit: number,
): Promise<{ agents: number; messages: number }> {
  const dropped = { agents: 0, messages: 0 }
  for (let calls = 0; calls < CALLS_MAX; calls += 1) {
    const { agents, messages, done } = await store.collectGarbage(nowMs, limit)
    dropped.agents += agents
    dropped.messages += messages
    if (done) return dropped
  }
  throw new Error(`garbage collection was not done after ${CALLS_MAX} calls`)
}
