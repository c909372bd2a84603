import {
  CHANNEL,
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
  type WithStore,
} from './fixtures/samples.ts'

/** Topics: of the messages of one channel and topic the newest stays (RFC 8030 section 5.4). */
export function topicsContract(test: WithStore): void {
  const topical = (number: number, topic = 'topic', channelId = CHANNEL) =>
    messageOf(number, { topic, channelId })
  const registered: WithStore = (title, run) =>
    test(title, async (t, store) => {
      for (const channelId of [CHANNEL, OTHER_CHANNEL])
        await store.register(UA, channelId, digestOf(1), NOW_MS)
      await run(t, store)
    })

  registered('a topic replaces the older message', async (t, store) => {
    await store.put(UA, topical(1), 0)
    await store.put(UA, messageOf(2), 0)
    await store.put(UA, topical(3), 0)
    t.strictSame(await listIds(store, UA), idsOf(2, 3))
    t.strictSame(await store.remove(UA, idsOf(1), 'acknowledged'), [], 'the older one is gone, not hidden')
  })

  registered('a topic put after a newer one goes', async (t, store) => {
    await store.put(UA, topical(3), 0)
    await store.put(UA, topical(2), 0)
    t.strictSame(await listIds(store, UA), idsOf(3))
    await store.remove(UA, idsOf(3), 'acknowledged')
    t.strictSame(await listIds(store, UA), [], 'it does not come back')
    await store.put(UA, topical(1), 0)
    t.strictSame(await listIds(store, UA), idsOf(1), 'one that is gone replaces nothing')
  })

  registered('topics of other channels, user agents and names stay', async (t, store) => {
    await store.register(OTHER_UA, CHANNEL, digestOf(1), NOW_MS)
    await store.put(UA, topical(1, 'topic', OTHER_CHANNEL), 0)
    await store.put(UA, topical(2, 'topi'), 0)
    await store.put(UA, topical(3, 'topics'), 0)
    await store.put(OTHER_UA, topical(4), 0)
    await store.put(UA, topical(5), 0)
    t.strictSame(await listIds(store, UA), idsOf(1, 2, 3, 5))
    t.strictSame(await listIds(store, OTHER_UA), idsOf(4))
  })

  registered('of many put at once the newest stays', async (t, store) => {
    const shuffled = numbers(0, 49).map((number) => (number * 37) % 50)
    await Promise.all(shuffled.map((number) => store.put(UA, topical(number), 0)))
    t.strictSame(await listIds(store, UA), idsOf(49))
  })

  registered('removeTopic deletes up to and including an id', async (t, store) => {
    await store.put(UA, topical(5), 0)
    await store.put(UA, topical(4, 'other'), 0)
    await store.put(UA, topical(3, 'topic', OTHER_CHANNEL), 0)
    await store.removeTopic(UA, CHANNEL, 'topic', messageIdOf(4), 'acknowledged')
    t.strictSame(await listIds(store, UA), idsOf(3, 4, 5), 'a newer one stays')
    await store.removeTopic(UA, CHANNEL, 'topic', messageIdOf(5), 'acknowledged')
    t.strictSame(await listIds(store, UA), idsOf(3, 4))
    await store.removeTopic(UA, CHANNEL, 'topic', messageIdOf(9), 'acknowledged')
    t.strictSame(await listIds(store, UA), idsOf(3, 4))
  })
}
