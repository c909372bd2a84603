import { keyDigestOf } from '../push/subscription.ts'
import {
  CHANNEL,
  channelOf,
  channelsOf,
  DAY_MS,
  digestOf,
  idsOf,
  listIds,
  messageIdOf,
  messageOf,
  NOW_MS,
  numbers,
  OTHER_CHANNEL,
  OTHER_UA,
  UA,
  uaidOf,
  type WithStore,
} from './fixtures/samples.ts'

const UNRESTRICTED = keyDigestOf(undefined)

/** User agents and their channels: registered, ended, dropped, also many at once. */
export function agentsContract(test: WithStore): void {
  test('a user agent without subscription is never written', async (t, store) => {
    t.equal(await store.connect(UA, NOW_MS), undefined)
    await store.touch([UA], NOW_MS)
    await store.unregister(UA, CHANNEL)
    await store.put(UA, messageOf(1), 0)
    await store.dropAgent(UA)
    t.equal(await store.connect(UA, NOW_MS + 2 * DAY_MS), undefined)
    t.strictSame(await store.channelStatus(UA, CHANNEL), { outcome: 'agentGone' })
  })

  test('register, register again with another key, unregister', async (t, store) => {
    await store.register(UA, CHANNEL, digestOf(1), NOW_MS)
    await store.register(UA, OTHER_CHANNEL, UNRESTRICTED, NOW_MS)
    await store.put(UA, messageOf(1), 0)
    t.strictSame(await store.channelStatus(UA, CHANNEL), { outcome: 'subscribed', keyDigest: digestOf(1) })
    t.strictSame(await store.channelStatus(UA, OTHER_CHANNEL), { outcome: 'subscribed', keyDigest: '' })
    t.strictSame(await store.channelStatus(UA, channelOf(3)), { outcome: 'notSubscribed' })
    await store.register(UA, CHANNEL, digestOf(2), NOW_MS)
    t.strictSame(await channelsOf(store, UA), { [CHANNEL]: digestOf(2), [OTHER_CHANNEL]: '' })
    t.strictSame(await listIds(store, UA), idsOf(1), 'its messages stay')
    await store.unregister(UA, CHANNEL)
    await store.unregister(UA, CHANNEL)
    t.strictSame(await store.channelStatus(UA, CHANNEL), { outcome: 'notSubscribed' })
    t.strictSame(await channelsOf(store, UA), { [OTHER_CHANNEL]: '' })
  })

  test('unregister drops the messages of the channel, and no others', async (t, store) => {
    for (const channelId of [CHANNEL, OTHER_CHANNEL]) await store.register(UA, channelId, digestOf(1), NOW_MS)
    await store.put(UA, messageOf(1), 0)
    await store.put(UA, messageOf(2, { topic: 'topic' }), 0)
    await store.put(UA, messageOf(3, { channelId: OTHER_CHANNEL }), 0)
    await store.unregister(UA, CHANNEL)
    t.strictSame(await listIds(store, UA), idsOf(3))
    await store.register(UA, CHANNEL, digestOf(1), NOW_MS)
    t.strictSame(await listIds(store, UA), idsOf(3), 'not even when it is registered again')
    await store.put(UA, messageOf(0, { topic: 'topic' }), 0)
    t.strictSame(await listIds(store, UA), idsOf(0, 3), 'its topics are forgotten, too')
  })

  test('the user agent goes with its last channel', async (t, store) => {
    for (const channelId of [CHANNEL, OTHER_CHANNEL]) await store.register(UA, channelId, digestOf(1), NOW_MS)
    await store.register(OTHER_UA, CHANNEL, digestOf(1), NOW_MS)
    await store.unregister(UA, OTHER_CHANNEL)
    t.strictSame(await store.channelStatus(UA, OTHER_CHANNEL), { outcome: 'notSubscribed' })
    await store.unregister(UA, CHANNEL)
    t.strictSame(await store.channelStatus(UA, CHANNEL), { outcome: 'agentGone' })
    t.equal(await store.connect(UA, NOW_MS), undefined)
    t.strictSame(await channelsOf(store, OTHER_UA), { [CHANNEL]: digestOf(1) })
  })

  test('messages of unknown channels are not listed', async (t, store) => {
    await store.register(UA, CHANNEL, digestOf(1), NOW_MS)
    for (const number of [1, 3, 5]) await store.put(UA, messageOf(number, { channelId: OTHER_CHANNEL }), 0)
    for (const number of [2, 4]) await store.put(UA, messageOf(number), 0)
    t.strictSame(await listIds(store, UA, 1), idsOf(2, 4))
  })

  test('dropAgent drops it with channels and messages', async (t, store) => {
    for (const [number, uaid] of [UA, OTHER_UA].entries()) {
      for (const channelId of [CHANNEL, OTHER_CHANNEL])
        await store.register(uaid, channelId, digestOf(1), NOW_MS)
      await store.put(uaid, messageOf(number, { topic: 'topic' }), 0)
    }
    await store.dropAgent(UA)
    t.strictSame(await store.channelStatus(UA, CHANNEL), { outcome: 'agentGone' })
    await store.register(UA, CHANNEL, digestOf(1), NOW_MS)
    t.strictSame(await channelsOf(store, UA), { [CHANNEL]: digestOf(1) })
    t.strictSame(await listIds(store, UA), [])
    t.strictSame(await listIds(store, OTHER_UA), idsOf(1))
  })

  test('channels registered and unregistered at once', async (t, store) => {
    await store.register(UA, channelOf(0), digestOf(0), NOW_MS)
    await Promise.all(numbers(1, 40).map((n) => store.register(UA, channelOf(n), digestOf(n), NOW_MS)))
    await Promise.all(
      numbers(0, 60).map((n) =>
        n <= 20 ? store.unregister(UA, channelOf(n)) : store.register(UA, channelOf(n), digestOf(n), NOW_MS),
      ),
    )
    const expected = Object.fromEntries(numbers(21, 60).map((n) => [channelOf(n), digestOf(n)]))
    t.strictSame(await channelsOf(store, UA), expected)
    await Promise.all(numbers(21, 60).map((n) => store.unregister(UA, channelOf(n))))
    t.equal(await store.connect(UA, NOW_MS), undefined)
  })

  test('puts, removes and reads of many user agents at once', async (t, store) => {
    const uaids = numbers(1, 20).map(uaidOf)
    await Promise.all(uaids.map((uaid) => store.register(uaid, CHANNEL, digestOf(1), NOW_MS)))
    await Promise.all(
      uaids.flatMap((uaid, index) =>
        numbers(20 * index, 20 * index + 19).map(async (number) => {
          await store.put(uaid, messageOf(number), 0)
          if (number % 2 === 0)
            t.strictSame(await store.remove(uaid, idsOf(number), 'acknowledged'), idsOf(number))
          else t.ok((await listIds(store, uaid)).includes(messageIdOf(number)))
        }),
      ),
    )
    for (const [index, uaid] of uaids.entries()) {
      const odd = numbers(20 * index, 20 * index + 19).filter((number) => number % 2 === 1)
      t.strictSame(await listIds(store, uaid), idsOf(...odd))
    }
  })

  test('answers a ping', async (t, store) => t.resolves(store.ping()))
}
