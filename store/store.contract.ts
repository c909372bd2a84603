import t from 'tap'
import type { BroadcastId, BroadcastVersion } from '../push/broadcast.ts'
import type { MessageId, Uaid } from '../push/ids.ts'
import { LATE_ACK_MS } from '../push/receipt.ts'
import { encodeMessage } from '../push/record.ts'
import {
  awaitedOf,
  CHANNEL,
  channelsOf,
  digestOf,
  idsOf,
  LIMITS,
  listAll,
  listIds,
  messageIdOf,
  messageOf,
  NOW_MS,
  numbers,
  OTHER_CHANNEL,
  receiptsOf,
  UA,
  type WithStore,
  waitingOutcomes,
} from './fixtures/samples.ts'
import type { Store, StoreLimits } from './store.ts'
import { agentsContract } from './store-agents.contract.ts'
import { broadcastsContract } from './store-broadcasts.contract.ts'
import { garbageContract } from './store-garbage.contract.ts'
import { messagesContract } from './store-messages.contract.ts'
import { modelContract } from './store-model.contract.ts'
import { receiptsContract } from './store-receipts.contract.ts'
import { receiptsFetchedContract } from './store-receipts-fetched.contract.ts'
import { topicsContract } from './store-topics.contract.ts'
import { urgencyContract } from './store-urgency.contract.ts'
import type { UnreadableListener } from './unreadable.ts'

/**
 * Opens a store of the kind under test on the data that belongs to `directory`: an empty store the first time; what
 * was kept there when it is opened again, if the store is durable.
 */
export type OpenStore = (
  limits: StoreLimits,
  directory: string,
  unreadable?: UnreadableListener,
) => Promise<Store>

/** Writes bytes in the place of a message's record, in the closed store that belongs to `directory`. */
export type SpoilRecord = (directory: string, uaid: Uaid, id: MessageId, bytes: Buffer) => Promise<void>

/**
 * The promises of `Store`, tested on one implementation.
 * @param spoil for one that keeps its data when it is closed
 */
export function storeContract(name: string, open: OpenStore, spoil?: SpoilRecord): void {
  const withStore: WithStore = (title, run, limits = LIMITS) => {
    void t.test(`${name}: ${title}`, async (t) => {
      const store = await open(limits, t.testdir())
      t.teardown(() => store.close())
      await run(t, store)
    })
  }
  messagesContract(withStore)
  topicsContract(withStore)
  urgencyContract(withStore)
  agentsContract(withStore)
  garbageContract(withStore)
  receiptsContract(withStore)
  receiptsFetchedContract(withStore)
  broadcastsContract(withStore)
  modelContract(withStore)
  if (spoil === undefined) return
  reopenContract(name, open)
  unreadableContract(name, open, spoil)
}

function unreadableContract(name: string, open: OpenStore, spoil: SpoilRecord): void {
  void t.test(`${name}: a message that can not be read stays, and holds up no other`, async (t) => {
    const directory = t.testdir()
    const before = await open(LIMITS, directory)
    await before.register(UA, CHANNEL, digestOf(1), NOW_MS)
    for (const number of numbers(1, 6)) await before.put(UA, messageOf(number), 0)
    await before.put(UA, awaitedOf(7, { topic: 'kept' }), 0)
    for (const number of [9, 10]) await before.put(UA, awaitedOf(number), 0)
    await before.close()
    for (const message of [messageOf(2), awaitedOf(9), awaitedOf(10)]) {
      const toCome = Buffer.from(encodeMessage(message))
      toCome.writeUInt8(99)
      await spoil(directory, UA, message.id, toCome)
    }
    for (const number of [3, 6, 7]) await spoil(directory, UA, messageIdOf(number), Buffer.of(1))

    const told: unknown[] = []
    const after = await open(LIMITS, directory, (error) => told.push(error))
    for (const pageSize of [1, 2, 10])
      t.strictSame(await listIds(after, UA, pageSize), idsOf(1, 4, 5), `pages of ${pageSize}`)
    t.match(told[0], { name: 'RangeError', message: /version 99/ })
    t.equal(told.length % 6, 0, 'each of them is told of at each reading')
    await after.close()

    await spoil(directory, UA, messageIdOf(2), encodeMessage(messageOf(2)))
    const later = await open(LIMITS, directory)
    t.teardown(() => later.close())
    t.strictSame(await listIds(later, UA), idsOf(1, 2, 4, 5), 'who can read one finds it')
    await later.remove(UA, idsOf(10), 'acknowledged')
    await later.unregister(UA, CHANNEL)
    await later.register(UA, CHANNEL, digestOf(1), NOW_MS)
    await later.put(UA, messageOf(8, { topic: 'kept' }), 0)
    t.strictSame(await listIds(later, UA), idsOf(8))
    t.strictSame(
      await later.remove(UA, idsOf(3, 6, 7, 9), 'acknowledged'),
      [],
      'with their channel they end as others do',
    )
    const outcomes = [
      [messageIdOf(9), 'notDelivered'],
      [messageIdOf(10), 'acknowledged'],
    ]
    t.strictSame((await waitingOutcomes(later)).slice(-2), outcomes, 'their senders hear of it')
  })
}

function reopenContract(name: string, open: OpenStore): void {
  void t.test(`${name}: opened again it has everything`, async (t) => {
    const directory = t.testdir()
    const before = await open(LIMITS, directory)
    await before.register(UA, CHANNEL, digestOf(1), NOW_MS)
    await before.register(UA, OTHER_CHANNEL, digestOf(2), NOW_MS)
    for (const number of [1, 2, 3]) await before.put(UA, messageOf(number, { topic: `topic-${number}` }), 0)
    await before.countSends(UA, idsOf(1))
    await before.remove(UA, idsOf(2), 'acknowledged')
    await before.settle(awaitedOf(9), 'acknowledged')
    await before.put(UA, awaitedOf(10, { expiresAtMs: NOW_MS + 1 }), 0)
    await before.endReceipts(receiptsOf(2), NOW_MS)
    await before.putBroadcast('a/b' as BroadcastId, 'é' as BroadcastVersion, 10)
    await before.followBroadcast('c/d' as BroadcastId, '1' as BroadcastVersion, undefined)
    await before.close()

    const after = await open(LIMITS, directory)
    t.teardown(() => after.close())
    t.strictSame(await channelsOf(after, UA), { [CHANNEL]: digestOf(1), [OTHER_CHANNEL]: digestOf(2) })
    t.strictSame(
      (await listAll(after, UA, 100, NOW_MS + 1)).map(({ message, sends }) => [message.id, sends]),
      [
        [messageIdOf(1), 1],
        [messageIdOf(3), 0],
      ],
    )
    await after.put(UA, messageOf(4, { topic: 'topic-3' }), 0)
    t.strictSame(await listIds(after, UA, 100, NOW_MS + 1), idsOf(1, 4), 'topics are remembered')
    t.equal(await after.sweepReceipts(NOW_MS + 1 + LATE_ACK_MS + 1, 10), 1, 'and what is due')
    t.strictSame(await waitingOutcomes(after), [
      [messageIdOf(9), 'acknowledged'],
      [messageIdOf(10), 'notDelivered'],
    ])
    t.equal(await after.haveReceiptsEnded(receiptsOf(2)), true)
    const broadcasts = await after.listBroadcasts()
    t.strictSame(broadcasts.map(({ id, version, source }) => `${id} ${version} ${source}`).sort(), [
      'a/b é operator',
      'c/d 1 megaphone',
    ])
  })

  void t.test(`${name}: a write asked for before close is done; one after it is refused`, async (t) => {
    const directory = t.testdir()
    const before = await open(LIMITS, directory)
    const writes = [
      before.register(UA, CHANNEL, digestOf(1), NOW_MS),
      ...numbers(1, 100).map((number) => before.put(UA, messageOf(number), 0)),
    ]
    const closing = before.close()
    await t.rejects(before.put(UA, messageOf(101), 0), { code: 'storeDown' })
    await Promise.all([...writes, closing])
    const after = await open(LIMITS, directory)
    t.teardown(() => after.close())
    t.strictSame(await listIds(after, UA), idsOf(...numbers(1, 100)))
  })
}
