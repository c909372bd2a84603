import type { Condition, Filter } from 'mongodb'
import type { Clock } from '../cluster/clock.ts'
import { Counts } from '../cluster/counts.ts'
import { messageIdFromBytes, type ReceiptSubscriptionId } from '../push/ids.ts'
import { type AwaitedReceipt, type Receipt, type ReceiptOutcome, SENT_ONLY } from '../push/receipt.ts'
import { type BatchLimits, BatchQueue } from './batch-queue.ts'
import type { DocumentCollection } from './mongodb-collection.ts'
import { MongoInserts } from './mongodb-inserts.ts'
import {
  date,
  type EndedReceiptsDocument,
  endedReceiptsDocument,
  OUTCOMES,
  type ReceiptDocument,
  receiptDocument,
  uuid,
  WAITING,
} from './mongodb-schema.ts'
import type { FetchedReceipt, Handover, ReceiptListener, ReceiptPage, WantedReceipts } from './store.ts'

/** The collections of receipts. */
export interface ReceiptCollections {
  readonly receipts: DocumentCollection<ReceiptDocument>
  readonly endedReceipts: DocumentCollection<EndedReceiptsDocument>
}

/** What a receipt takes up in memory and on the wire, in bytes. */
const RECEIPT_BYTES = 300
const ID_ONLY_BYTES = 50

/** Receipts, one document each, and the receipt subscriptions that have been ended. */
export class MongoReceipts {
  readonly #receipts: DocumentCollection<ReceiptDocument>
  readonly #clock: Clock
  readonly #endedReceipts: DocumentCollection<EndedReceiptsDocument>
  readonly #inserts: MongoInserts<ReceiptDocument>
  readonly #endings: MongoInserts<EndedReceiptsDocument>
  readonly #ended: BatchQueue<ReceiptSubscriptionId, boolean>
  readonly #settled = new Counts<ReceiptOutcome>()
  /** Told of each receipt that waits from now on. */
  tell: ReceiptListener = () => {}

  constructor({ receipts, endedReceipts }: ReceiptCollections, clock: Clock, limits: BatchLimits) {
    this.#receipts = receipts
    this.#endedReceipts = endedReceipts
    this.#clock = clock
    this.#inserts = new MongoInserts(receipts, clock, limits, {
      bytesOf: () => RECEIPT_BYTES,
      where: ({ _id, s }) => ({ _id, s }),
    })
    this.#endings = new MongoInserts(endedReceipts, clock, limits, {
      bytesOf: () => ID_ONLY_BYTES,
      where: ({ _id }) => ({ _id }),
    })
    this.#ended = new BatchQueue(clock, limits, {
      perform: async (subscriptions) => {
        const filter = { _id: { $in: subscriptions.map(uuid) } }
        const found = await endedReceipts.find(filter, { batchSize: subscriptions.length + 1 }).toArray()
        const ended = new Set(found.map(({ _id }) => Buffer.from(_id.buffer).toString('hex')))
        return (subscription) => ended.has(subscription)
      },
      bytesOf: () => ID_ONLY_BYTES,
    })
  }

  /** Resolves once the message has a durable outcome: this one, if it has none yet. */
  async settle(awaited: AwaitedReceipt, outcome: ReceiptOutcome): Promise<void> {
    const inserted = await this.#inserts.insert(receiptDocument(awaited, outcome, this.#clock.nowMs()))
    if (inserted !== 'inserted') return
    this.#settled.add(outcome)
    if (outcome !== 'none') this.tell(awaited.receipt.subscription)
  }

  /** The same for many. */
  async settleAll(
    ends: readonly { readonly awaited: AwaitedReceipt; readonly outcome: ReceiptOutcome }[],
  ): Promise<void> {
    if (ends.length === 0) return
    const nowMs = this.#clock.nowMs()
    const subscriptions = new Map(ends.map(({ awaited }) => [`${awaited.id}`, awaited.receipt.subscription]))
    const documents = ends.map(({ awaited, outcome }) => receiptDocument(awaited, outcome, nowMs))
    const inserted = await this.#inserts.insertAll(documents)
    for (const { _id, outcome, fetchedAt } of inserted) {
      const name = OUTCOMES[outcome]
      if (name !== undefined) this.#settled.add(name)
      const subscription = subscriptions.get(messageIdFromBytes(_id.buffer))
      if (subscription !== undefined && fetchedAt === WAITING) this.tell(subscription)
    }
  }

  /** How often each outcome was written here. */
  get settled(): ReadonlyMap<ReceiptOutcome, number> {
    return this.#settled.all
  }

  /** Receipts that wait. */
  async list(subscription: ReceiptSubscriptionId, wanted: WantedReceipts): Promise<ReceiptPage | 'ended'> {
    const [hasEnded, page] = await Promise.all([
      this.hasEnded(subscription),
      this.#list(subscription, wanted),
    ])
    return hasEnded ? 'ended' : page
  }

  /** Marks those as fetched that wait. */
  async markFetched(
    subscription: ReceiptSubscriptionId,
    fetched: readonly FetchedReceipt[],
    handover: Handover,
  ): Promise<void> {
    if (fetched.length === 0) return
    const operations = fetched.map(({ id, atMs }) => ({
      updateOne: {
        filter: { s: uuid(subscription), fetchedAt: WAITING, _id: uuid(id) },
        update: { $set: { fetchedAt: handover === 'got' ? atMs : SENT_ONLY + atMs } },
      },
    }))
    await this.#receipts.bulkWrite(operations, { ordered: false })
  }

  /** Lets those wait again that were fetched later than this. */
  async unmarkFetched(subscription: ReceiptSubscriptionId, afterMs: number): Promise<void> {
    await this.#waitAgain(subscription, { $gt: afterMs, $lt: SENT_ONLY })
    await this.#waitAgain(subscription, { $gt: SENT_ONLY + afterMs })
  }

  /** Lets those wait again that were only sent. */
  unmarkSent(subscription: ReceiptSubscriptionId): Promise<void> {
    return this.#waitAgain(subscription, { $gte: SENT_ONLY })
  }

  /** Those that were only sent between these times have got there. */
  async confirmFetched(subscription: ReceiptSubscriptionId, fromMs: number, upToMs: number): Promise<void> {
    // Not $lte: the server that our tests run on leaves its bound out where the index has more fields behind.
    const fetchedAt = { $gte: SENT_ONLY + fromMs, $lt: SENT_ONLY + upToMs + 1 }
    await this.#receipts.updateMany({ s: uuid(subscription), fetchedAt }, { $inc: { fetchedAt: -SENT_ONLY } })
  }

  /** Ends a subscription; false when it had ended already. */
  async end(subscription: ReceiptSubscriptionId, nowMs: number): Promise<boolean> {
    const ended = (await this.#endings.insert(endedReceiptsDocument(subscription, nowMs))) === 'inserted'
    this.tell(subscription)
    return ended
  }

  hasEnded(subscription: ReceiptSubscriptionId): Promise<boolean> {
    return this.#ended.run(subscription)
  }

  /** Forgets up to `limit` subscriptions that were ended long enough ago; says how many. */
  async forgetEnded(nowMs: number, limit: number): Promise<number> {
    const options = { projection: { _id: 1 }, limit, batchSize: limit + 1 }
    const old = await this.#endedReceipts.find({ gcAt: { $lte: date(nowMs) } }, options).toArray()
    if (old.length > 0) await this.#endedReceipts.deleteMany({ _id: { $in: old.map(({ _id }) => _id) } })
    return old.length
  }

  async #waitAgain(subscription: ReceiptSubscriptionId, fetchedAt: Condition<number>): Promise<void> {
    await this.#receipts.updateMany({ s: uuid(subscription), fetchedAt }, { $set: { fetchedAt: WAITING } })
  }

  async #list(subscription: ReceiptSubscriptionId, { after, limit }: WantedReceipts): Promise<ReceiptPage> {
    const filter: Filter<ReceiptDocument> = {
      s: uuid(subscription),
      fetchedAt: WAITING,
      ...(after !== undefined && { _id: { $gt: uuid(after) } }),
    }
    const options = { sort: { _id: 1 }, limit: limit + 1, batchSize: limit + 1 } as const
    const documents = await this.#receipts.find(filter, options).toArray()
    const more = documents.length > limit && documents.pop() !== undefined
    const receipts = documents.flatMap((document) => receiptOf(document) ?? [])
    return { receipts, next: more ? receipts.at(-1)?.id : undefined }
  }
}

function receiptOf({ _id, outcome, channel }: ReceiptDocument): Receipt | undefined {
  const name = OUTCOMES[outcome]
  if (name === undefined || name === 'none') return undefined
  const sealedChannel = Buffer.from(channel.buffer).toString('base64url')
  return { id: messageIdFromBytes(_id.buffer), sealedChannel, outcome: name }
}
