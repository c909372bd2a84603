import { LATE_ACK_MS, RECEIPT_KEPT_MS } from '../push/receipt.ts'
import {
  awaitedOf,
  CHANNEL,
  collectAll,
  DAY_MS,
  digestOf,
  idle,
  idsOf,
  LIMITS,
  listIds,
  messageIdOf,
  messageOf,
  NOW_MS,
  numbers,
  OTHER_CHANNEL,
  OTHER_UA,
  receiptRequestOf,
  receiptsOf,
  UA,
  type WithStore,
  waitingOutcomes,
  waitingReceipts,
} from './fixtures/samples.ts'

/** Every way in which a message that a receipt was asked for can end: exactly one outcome, the first. */
export function receiptsContract(test: WithStore): void {
  const registered: WithStore = (title, run, limits) =>
    test(
      title,
      async (t, store) => {
        for (const uaid of [UA, OTHER_UA])
          for (const channelId of [CHANNEL, OTHER_CHANNEL])
            await store.register(uaid, channelId, digestOf(1), NOW_MS)
        await run(t, store)
      },
      limits,
    )

  test('a receipt names its message as its sender knows it', async (t, store) => {
    const receipt = receiptRequestOf(7)
    await store.settle(awaitedOf(1, { receipt }), 'acknowledged')
    t.strictSame(await waitingReceipts(store, receipt.subscription), [
      { id: messageIdOf(1), sealedChannel: receipt.sealedChannel, outcome: 'acknowledged' },
    ])
    t.strictSame(await waitingReceipts(store, receiptsOf(1)), [], 'no other subscription has it')
  })

  test('the first outcome stays, also one that nobody is told of', async (t, store) => {
    await store.settle(awaitedOf(1), 'notDelivered')
    await store.settle(awaitedOf(1), 'acknowledged')
    await store.settle(awaitedOf(2), 'none')
    await store.settle(awaitedOf(2), 'acknowledged')
    const rivals = ['acknowledged', 'notDelivered', 'none'] as const
    await Promise.all(
      rivals.map((outcome) => store.settle(awaitedOf(3, { receipt: receiptRequestOf(2) }), outcome)),
    )
    t.strictSame(await waitingOutcomes(store), [[messageIdOf(1), 'notDelivered']])
    const waiting = await waitingOutcomes(store, receiptsOf(2))
    t.ok(waiting.length <= 1, 'one at most')
    const settled = [...store.settled().values()].reduce((sum, count) => sum + count, 0)
    t.equal(settled, 3, 'what came too late does not count')
  })

  registered('a removed message ends as is said; one without a receipt makes none', async (t, store) => {
    for (const number of [1, 2, 3]) await store.put(UA, awaitedOf(number), 0)
    await store.put(UA, messageOf(4), 0)
    t.strictSame(await waitingOutcomes(store), [], 'what is stored has no outcome yet')
    t.strictSame(await listIds(store, UA), idsOf(1, 2, 3, 4))
    t.strictSame(await store.remove(UA, idsOf(1, 4, 5), 'acknowledged'), idsOf(1, 4))
    await store.remove(UA, idsOf(2), 'notDelivered')
    await store.remove(UA, idsOf(3), 'none')
    t.strictSame([...store.settled()].sort(), [
      ['acknowledged', 1],
      ['none', 1],
      ['notDelivered', 1],
    ])
    t.strictSame(await waitingOutcomes(store), [
      [messageIdOf(1), 'acknowledged'],
      [messageIdOf(2), 'notDelivered'],
    ])
  })

  registered('a listed message still says that a receipt is asked for', async (t, store) => {
    const message = awaitedOf(1, { topic: 'topic' })
    await store.put(UA, message, 0)
    const { messages } = await store.list(UA, { after: undefined, limit: 1, minUrgency: 'very-low' }, NOW_MS)
    t.strictSame(messages, [{ message, sends: 0 }])
  })

  registered('one that a newer one of its topic replaces has the outcome none', async (t, store) => {
    const topical = (number: number) => awaitedOf(number, { topic: 'topic' })
    await store.put(UA, topical(2), 0)
    await store.put(UA, topical(3), 0)
    await store.put(UA, topical(1), 0)
    t.strictSame(await listIds(store, UA), idsOf(3))
    for (const number of [1, 2]) await store.settle(topical(number), 'acknowledged')
    await store.remove(UA, idsOf(3), 'acknowledged')
    t.strictSame(await waitingOutcomes(store), [[messageIdOf(3), 'acknowledged']])
  })

  registered('the end of a topic is that of its last message, and none for the older', async (t, store) => {
    await store.put(UA, awaitedOf(1, { topic: 'topic' }), 0)
    await store.removeTopic(UA, CHANNEL, 'topic', messageIdOf(2), 'acknowledged')
    await store.put(UA, awaitedOf(3, { topic: 'topic' }), 0)
    await store.removeTopic(UA, CHANNEL, 'topic', messageIdOf(3), 'acknowledged')
    t.strictSame(await listIds(store, UA), [])
    await store.settle(awaitedOf(1), 'acknowledged')
    t.strictSame(await waitingOutcomes(store), [[messageIdOf(3), 'acknowledged']])
  })

  registered('a channel that ends has delivered nothing more', async (t, store) => {
    await store.put(UA, awaitedOf(1), 0)
    await store.put(UA, awaitedOf(2, { channelId: OTHER_CHANNEL }), 0)
    await store.unregister(UA, CHANNEL)
    t.strictSame(await waitingOutcomes(store), [[messageIdOf(1), 'notDelivered']])
    await store.dropAgent(UA)
    t.strictSame(await waitingOutcomes(store), [
      [messageIdOf(1), 'notDelivered'],
      [messageIdOf(2), 'notDelivered'],
    ])
  })

  registered(
    'what the cap evicts was not delivered',
    async (t, store) => {
      for (const number of numbers(1, 200)) await store.put(UA, awaitedOf(number), 0)
      await idle(store)
      const left = new Set(await listIds(store, UA))
      t.ok(left.size < 200, `${left.size} are left`)
      const evicted = numbers(1, 200).filter((number) => !left.has(messageIdOf(number)))
      t.strictSame(
        await waitingOutcomes(store),
        evicted.map((number) => [messageIdOf(number), 'notDelivered']),
      )
    },
    { ...LIMITS, storedMax: 5 },
  )

  registered(
    'the sweep ends what has expired, in pieces, and leaves a late acknowledgement its time',
    async (t, store) => {
      for (const number of numbers(1, 5))
        await store.put(number % 2 ? UA : OTHER_UA, awaitedOf(number, { expiresAtMs: NOW_MS + number }), 0)
      await store.put(UA, messageOf(6, { expiresAtMs: NOW_MS }), 0)
      await collectAll(store, NOW_MS + LATE_ACK_MS)
      t.strictSame(await waitingOutcomes(store), [], 'garbage collection leaves them alone')
      t.equal(await store.sweepReceipts(NOW_MS + LATE_ACK_MS + 1, 10), 0, 'not before')
      t.strictSame(await store.remove(UA, idsOf(1), 'acknowledged'), idsOf(1), 'late, but in time')
      t.equal(await store.sweepReceipts(NOW_MS + LATE_ACK_MS + 5, 2), 2)
      t.equal(await store.sweepReceipts(NOW_MS + LATE_ACK_MS + 5, 2), 1)
      t.strictSame(
        await waitingOutcomes(store),
        numbers(1, 4).map((number) => [messageIdOf(number), number === 1 ? 'acknowledged' : 'notDelivered']),
      )
      t.equal(await store.sweepReceipts(NOW_MS + LATE_ACK_MS + 6, 2), 1)
      t.equal(await store.sweepReceipts(NOW_MS + DAY_MS, 2), 0)
      t.strictSame(await store.remove(UA, idsOf(3, 5), 'acknowledged'), [], 'they are gone')
      t.strictSame(await store.remove(OTHER_UA, idsOf(2, 4), 'acknowledged'), [])
    },
  )

  registered('what belongs to nobody was not delivered', async (t, store) => {
    await store.put(UA, awaitedOf(1, { expiresAtMs: NOW_MS + 100 * DAY_MS }), 0)
    await store.put(OTHER_UA, awaitedOf(2, { expiresAtMs: NOW_MS + 100 * DAY_MS }), 0)
    await store.unregister(OTHER_UA, CHANNEL)
    await store.put(OTHER_UA, awaitedOf(3), 0)
    await collectAll(store, NOW_MS + 1)
    t.strictSame(await waitingOutcomes(store), [
      [messageIdOf(2), 'notDelivered'],
      [messageIdOf(3), 'notDelivered'],
    ])
    await collectAll(store, NOW_MS + LIMITS.agentLifetimeMs + 1)
    t.strictSame((await waitingOutcomes(store))[0], [messageIdOf(1), 'notDelivered'])
  })

  test('hints tell of receipts that wait, and only of those', async (t, store) => {
    const told: string[] = []
    store.onReceipt((subscription) => void told.push(subscription))
    await store.register(UA, CHANNEL, digestOf(1), NOW_MS)
    await store.settle(awaitedOf(1), 'none')
    await store.put(UA, awaitedOf(2), 0)
    t.strictSame(told, [])
    await store.remove(UA, idsOf(2), 'acknowledged')
    t.strictSame(told, [receiptsOf(1)])
    await store.settle(awaitedOf(2), 'acknowledged')
    t.strictSame(told, [receiptsOf(1)], 'it had its outcome')
    await store.put(UA, awaitedOf(3, { receipt: receiptRequestOf(2) }), 0)
    await store.sweepReceipts(NOW_MS + 2 * DAY_MS, 10)
    t.strictSame(told, [receiptsOf(1), receiptsOf(2)])
  })

  registered('a message put again keeps the greater number of sends', async (t, store) => {
    const message = awaitedOf(1)
    const sends = async () =>
      (await store.list(UA, { after: undefined, limit: 1, minUrgency: 'very-low' }, NOW_MS)).messages[0]
        ?.sends
    await store.put(UA, message, 0)
    await store.put(UA, message, 1)
    t.equal(await sends(), 1, 'it has reached a socket')
    await store.put(UA, message, 0)
    t.equal(await sends(), 1)
  })

  test('an outcome is kept until a day after its message has expired, or was found to have', async (t, store) => {
    await store.register(UA, CHANNEL, digestOf(1), NOW_MS)
    await store.settle(awaitedOf(1, { expiresAtMs: NOW_MS + 1000 }), 'acknowledged')
    await collectAll(store, NOW_MS + 1000 + RECEIPT_KEPT_MS - 1)
    t.strictSame(await waitingOutcomes(store), [[messageIdOf(1), 'acknowledged']])
  })
}
