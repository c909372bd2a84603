import type { MongoClient } from 'mongodb'
import type { Clock } from '../cluster/clock.ts'
import { within } from '../cluster/within.ts'
import type { Broadcast, BroadcastId, BroadcastVersion } from '../push/broadcast.ts'
import { PushError } from '../push/errors.ts'
import type { ChannelId, KeyDigest, MessageId, ReceiptSubscriptionId, Uaid } from '../push/ids.ts'
import type { Message } from '../push/message.ts'
import { type AwaitedReceipt, LATE_ACK_MS, type ReceiptOutcome } from '../push/receipt.ts'
import type { Urgency } from '../push/urgency.ts'
import { MongoAgents } from './mongodb-agents.ts'
import { MongoBroadcasts } from './mongodb-broadcasts.ts'
import { createMongoClient, databaseOf } from './mongodb-client.ts'
import { MongoGarbage } from './mongodb-garbage.ts'
import { MongoMessages } from './mongodb-messages.ts'
import { MongoReceipts } from './mongodb-receipts.ts'
import { type Collections, collectionsOf, createSchema } from './mongodb-schema.ts'
import {
  type BroadcastPut,
  type ChannelStatus,
  type Collected,
  type FetchedReceipt,
  type Handover,
  LAST_CONNECT_REFRESH_MS,
  type Page,
  type ReceiptListener,
  type ReceiptPage,
  type Store,
  type StoredAgent,
  type StoreLimits,
  type Wanted,
  type WantedReceipts,
} from './store.ts'
import { storeDown } from './store-down.ts'
import type { UnreadableListener } from './unreadable.ts'

/** Options of the MongoDB store. */
export interface MongoStoreOptions {
  readonly limits: StoreLimits
  readonly clock: Clock
  /** Longest wait for one operation; then its outcome is unknown. */
  readonly operationTimeoutMs: number
  /** Bytes of each kind of work (puts, removals, two kinds of reads) that may wait for a batch. */
  readonly waitingBytesMax: number
  /** The database drops a message so long after its expiry: more than clocks may differ. */
  readonly expiredKeptMs: number
  /** Whether this process may use the database at the moment; where it may not every operation is refused. */
  readonly isAllowed: () => boolean
  readonly unreadable: UnreadableListener
}

/** Where the database is. */
export interface MongoPlace {
  /** mongodb:// or mongodb+srv:// URL; its path names the database, `pushgrid` if it has none. */
  readonly url: string
}

/** Unless an operator says otherwise. */
export const MONGO_DEFAULTS = {
  operationTimeoutMs: 2000,
  waitingBytesMax: 32 * 1024 * 1024,
  expiredKeptMs: 60 * 60 * 1000,
  isAllowed: () => true,
  unreadable: () => {},
}

const BATCHES = { underWayMax: 4, itemsMax: 500, batchBytesMax: 2 * 1024 * 1024 }

/**
 * Opens the MongoDB store, making what is missing of its collections and indexes. Any number of processes share one
 * database. Connections that break are made anew for ever.
 * @throws PushError storeDown when the URL is none, the server can't be reached or refuses; the cause says which
 */
export async function openMongoStore(options: MongoStoreOptions & MongoPlace): Promise<Store> {
  let client: MongoClient | undefined
  try {
    client = createMongoClient(options.url, options.operationTimeoutMs)
    await createSchema(client.db(databaseOf(options.url)))
    const opened = client
    return new MongoStore(collectionsOf(client.db(databaseOf(options.url))), options, () => opened.close())
  } catch (error) {
    await client?.close()
    throw storeDown(error)
  }
}

/** The logic of the MongoDB store, on whatever has the collections. */
export class MongoStore implements Store {
  readonly #disconnect: () => Promise<void>
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #isAllowed: () => boolean
  readonly #agents: MongoAgents
  readonly #messages: MongoMessages
  readonly #receipts: MongoReceipts
  readonly #broadcasts: MongoBroadcasts
  readonly #garbage: MongoGarbage
  readonly #underWay = new Set<Promise<unknown>>()
  #closed = false

  /** @param disconnect lets go of the database, after all that is under way */
  constructor(collections: Collections, options: MongoStoreOptions, disconnect: () => Promise<void>) {
    const { clock, limits, operationTimeoutMs, waitingBytesMax, expiredKeptMs, isAllowed, unreadable } =
      options
    const { agents, messages, broadcasts } = collections
    const batches = { ...BATCHES, waitingBytesMax, waitMaxMs: operationTimeoutMs }
    this.#disconnect = disconnect
    this.#clock = clock
    this.#timeoutMs = operationTimeoutMs
    this.#isAllowed = isAllowed
    this.#agents = new MongoAgents(agents, clock, batches)
    this.#receipts = new MongoReceipts(collections, clock, batches)
    this.#messages = new MongoMessages(messages, {
      clock,
      batches,
      storedMax: limits.storedMax,
      expiredKeptMs,
      receipts: this.#receipts,
      unreadable,
    })
    this.#broadcasts = new MongoBroadcasts(broadcasts)
    this.#garbage = new MongoGarbage(this.#agents, this.#messages, this.#receipts, limits.agentLifetimeMs)
  }

  connect(uaid: Uaid, nowMs: number): Promise<StoredAgent | undefined> {
    return this.#bounded(async () => {
      const record = await this.#agents.read(uaid)
      if (record === undefined || nowMs - record.lastConnectMs <= LAST_CONNECT_REFRESH_MS)
        return record?.agent
      return (await this.#agents.refresh(uaid, nowMs))?.agent
    })
  }

  touch(uaids: readonly Uaid[], nowMs: number): Promise<void> {
    return this.#run(() => this.#agents.touch(uaids, nowMs))
  }

  register(uaid: Uaid, channelId: ChannelId, keyDigest: KeyDigest, nowMs: number): Promise<void> {
    return this.#bounded(() => this.#agents.register(uaid, channelId, keyDigest, nowMs))
  }

  unregister(uaid: Uaid, channelId: ChannelId): Promise<void> {
    return this.#bounded(async () => {
      await this.#agents.dropChannel(uaid, channelId)
      await this.#messages.dropChannel(uaid, channelId)
      await this.#agents.dropIfEmpty(uaid)
    })
  }

  setMinUrgency(uaid: Uaid, min: Urgency): Promise<void> {
    return this.#bounded(() => this.#agents.setMinUrgency(uaid, min))
  }

  channelStatus(uaid: Uaid, channelId: ChannelId): Promise<ChannelStatus> {
    return this.#bounded(() => this.#agents.status(uaid, channelId))
  }

  dropAgent(uaid: Uaid): Promise<void> {
    return this.#bounded(async () => {
      await this.#agents.drop(uaid)
      await this.#messages.dropAll(uaid)
    })
  }

  put(uaid: Uaid, message: Message, sends: number): Promise<void> {
    return this.#bounded(() => this.#messages.put(uaid, message, sends))
  }

  list(uaid: Uaid, wanted: Wanted, nowMs: number): Promise<Page> {
    return this.#bounded(async () => {
      const [record, { messages, next }] = await Promise.all([
        this.#agents.read(uaid),
        this.#messages.list(uaid, wanted),
      ])
      const deliverable = messages.filter(
        ({ message }) => message.expiresAtMs > nowMs && record?.agent.channels.has(message.channelId),
      )
      return { messages: deliverable, next }
    })
  }

  remove(uaid: Uaid, ids: readonly MessageId[], outcome: ReceiptOutcome): Promise<MessageId[]> {
    return this.#bounded(() => this.#messages.remove(uaid, ids, outcome))
  }

  removeTopic(
    uaid: Uaid,
    channelId: ChannelId,
    topic: string,
    upTo: MessageId,
    outcome: ReceiptOutcome,
  ): Promise<void> {
    return this.#bounded(() => this.#messages.removeTopic(uaid, channelId, topic, upTo, outcome))
  }

  countSends(uaid: Uaid, ids: readonly MessageId[]): Promise<void> {
    return this.#bounded(() => this.#messages.countSends(uaid, ids))
  }

  pending(uaids: readonly Uaid[]): Promise<Uaid[]> {
    return this.#run(() => this.#messages.pending(uaids))
  }

  settle(awaited: AwaitedReceipt, outcome: ReceiptOutcome): Promise<void> {
    return this.#bounded(() => this.#receipts.settle(awaited, outcome))
  }

  sweepReceipts(nowMs: number, limit: number): Promise<number> {
    return this.#run(() => this.#messages.sweepReceipts(nowMs - LATE_ACK_MS, limit))
  }

  receipts(subscription: ReceiptSubscriptionId, wanted: WantedReceipts): Promise<ReceiptPage | 'ended'> {
    return this.#bounded(() => this.#receipts.list(subscription, wanted))
  }

  markFetched(
    subscription: ReceiptSubscriptionId,
    fetched: readonly FetchedReceipt[],
    handover: Handover,
  ): Promise<void> {
    return this.#bounded(() => this.#receipts.markFetched(subscription, fetched, handover))
  }

  confirmFetched(subscription: ReceiptSubscriptionId, fromMs: number, upToMs: number): Promise<void> {
    return this.#bounded(() => this.#receipts.confirmFetched(subscription, fromMs, upToMs))
  }

  unmarkSent(subscription: ReceiptSubscriptionId): Promise<void> {
    return this.#bounded(() => this.#receipts.unmarkSent(subscription))
  }

  unmarkFetched(subscription: ReceiptSubscriptionId, afterMs: number): Promise<void> {
    return this.#bounded(() => this.#receipts.unmarkFetched(subscription, afterMs))
  }

  endReceipts(subscription: ReceiptSubscriptionId, nowMs: number): Promise<boolean> {
    return this.#bounded(() => this.#receipts.end(subscription, nowMs))
  }

  haveReceiptsEnded(subscription: ReceiptSubscriptionId): Promise<boolean> {
    return this.#bounded(() => this.#receipts.hasEnded(subscription))
  }

  settled(): ReadonlyMap<ReceiptOutcome, number> {
    return this.#receipts.settled
  }

  onReceipt(listener: ReceiptListener): void {
    this.#receipts.tell = listener
  }

  listBroadcasts(): Promise<readonly Broadcast[]> {
    return this.#bounded(() => this.#broadcasts.list())
  }

  putBroadcast(id: BroadcastId, version: BroadcastVersion, max: number): Promise<BroadcastPut> {
    return this.#bounded(() => this.#broadcasts.put(id, version, max))
  }

  followBroadcast(
    id: BroadcastId,
    version: BroadcastVersion,
    former: BroadcastVersion | undefined,
  ): Promise<boolean> {
    return this.#bounded(() => this.#broadcasts.follow(id, version, former))
  }

  dropBroadcast(id: BroadcastId): Promise<boolean> {
    return this.#bounded(() => this.#broadcasts.drop(id))
  }

  collectGarbage(nowMs: number, limit: number): Promise<Collected> {
    return this.#run(() => this.#garbage.collect(nowMs, limit))
  }

  ping(): Promise<void> {
    return this.#bounded(() => this.#agents.probe())
  }

  waiting(): number {
    return this.#agents.waiting + this.#messages.waiting
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.allSettled(this.#underWay)
    this.#messages.close()
    await this.#disconnect()
  }

  /** Runs an operation of one user agent, for as long as its caller may wait. */
  #bounded<T>(work: () => Promise<T>): Promise<T> {
    const late = () => {
      throw new PushError('storeDown', `no answer of the database within ${this.#timeoutMs} ms`)
    }
    return this.#run(() => within(this.#clock, this.#timeoutMs, work(), late))
  }

  /** Runs an operation, each command of which is bounded by the client. */
  async #run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new PushError('storeDown', 'the store is closed')
    if (!this.#isAllowed()) throw new PushError('storeDown', 'this process may not use the database any more')
    const running = work()
    this.#underWay.add(running)
    try {
      return await running
    } catch (error) {
      throw storeDown(error)
    } finally {
      this.#underWay.delete(running)
    }
  }
}
