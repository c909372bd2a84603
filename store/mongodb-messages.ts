import type { Filter } from 'mongodb'
import type { Clock } from '../cluster/clock.ts'
import {
  type ChannelId,
  channelIdFromBytes,
  ID_BYTES,
  type MessageId,
  messageIdFromBytes,
  type Uaid,
  uaidFromBytes,
} from '../push/ids.ts'
import type { Message } from '../push/message.ts'
import type { ReceiptOutcome } from '../push/receipt.ts'
import { NO_MIN_URGENCY, urgencyRank } from '../push/urgency.ts'
import { type BatchLimits, BatchQueue } from './batch-queue.ts'
import { looksAfterCap } from './eviction.ts'
import { MongoCap } from './mongodb-cap.ts'
import type { DocumentCollection } from './mongodb-collection.ts'
import { MongoInserts } from './mongodb-inserts.ts'
import type { MongoReceipts } from './mongodb-receipts.ts'
import { MongoRemovals } from './mongodb-removals.ts'
import { date, ENDING, type MessageDocument, messageDocument, uuid } from './mongodb-schema.ts'
import type { StoredMessage, Wanted } from './store.ts'
import { readRecord, type UnreadableListener } from './unreadable.ts'

/** What messages work with. */
export interface MongoMessagesOptions {
  readonly clock: Clock
  readonly batches: BatchLimits
  /** Messages kept for one user agent; more are evicted now and then. */
  readonly storedMax: number
  /** How long the database keeps a message after its expiry, in milliseconds. */
  readonly expiredKeptMs: number
  /** Where outcomes are written before a message is deleted. */
  readonly receipts: MongoReceipts
  readonly unreadable: UnreadableListener
}

/** Some documents of one user agent in the order of their ids. */
export interface Listing {
  readonly messages: readonly StoredMessage[]
  readonly next: MessageId | undefined
}

/** Where the message stands that a scan goes on after. */
export interface ScanPosition {
  readonly uaid: Uaid
  readonly id: MessageId
}

/** A message as a scan of all user agents sees it. */
export interface ScannedMessage extends ScanPosition {
  readonly channelId: ChannelId
  readonly expiresAtMs: number
  readonly hasReceipt: boolean
}

/** User agents asked for by one query. */
const PENDING_GROUP = 1000
/** What a document takes up beside its record, in bytes. */
const DOCUMENT_BYTES = 250

/** Messages, one document each. */
export class MongoMessages {
  readonly #messages: DocumentCollection<MessageDocument>
  readonly #inserts: MongoInserts<MessageDocument>
  readonly #removals: MongoRemovals
  /** Most user agents have no message: those that come at once share the query that says so. */
  readonly #looks: BatchQueue<Uaid, boolean>
  readonly #cap: MongoCap
  readonly #expiredKeptMs: number
  readonly #unreadable: UnreadableListener

  constructor(messages: DocumentCollection<MessageDocument>, options: MongoMessagesOptions) {
    const { clock, storedMax } = options
    this.#messages = messages
    this.#inserts = new MongoInserts(messages, clock, options.batches, {
      bytesOf: ({ record }) => DOCUMENT_BYTES + record.length(),
      where: ({ _id, u }) => ({ _id, u }),
    })
    this.#removals = new MongoRemovals(messages, options.receipts, clock, options.batches)
    this.#cap = new MongoCap({ messages, removals: this.#removals, clock, storedMax })
    this.#looks = new BatchQueue(clock, options.batches, {
      perform: async (uaids) => {
        const found = new Set(await this.pending(uaids))
        return (uaid) => found.has(uaid)
      },
      bytesOf: () => ID_BYTES,
    })
    this.#expiredKeptMs = options.expiredKeptMs
    this.#unreadable = options.unreadable
  }

  /** Operations that wait for their turn. */
  get waiting(): number {
    return this.#inserts.waiting + this.#removals.waiting + this.#looks.waiting + this.#cap.waiting
  }

  /** Lets go of what waits that nobody waits for. */
  close(): void {
    this.#cap.close()
  }

  /** Adds a message unless it is there, then deletes what it replaces, or itself if there is a newer one of its topic. */
  async put(uaid: Uaid, message: Message, sends: number): Promise<void> {
    const inserted = await this.#inserts.insert(messageDocument(uaid, message, sends, this.#expiredKeptMs))
    // What has reached a socket stays so, whoever stored it first.
    if (inserted === 'there' && sends > 0)
      await this.#messages.updateOne({ u: uuid(uaid), _id: uuid(message.id) }, { $max: { sends } })
    if (message.topic !== undefined) await this.#keepNewest(uaid, message.channelId, message.topic)
    if (looksAfterCap(message)) this.#cap.lookSoon(uaid)
  }

  /** Lists messages, expired or not, of which the greatest id of each topic stays; the others are deleted. */
  async list(uaid: Uaid, { after, limit, minUrgency }: Wanted): Promise<Listing> {
    if (after === undefined && !(await this.#looks.run(uaid))) return { messages: [], next: undefined }
    const all = minUrgency === NO_MIN_URGENCY
    const filter = {
      u: uuid(uaid),
      ...(after !== undefined && { _id: { $gt: uuid(after) } }),
      ...(!all && { urgency: { $gte: urgencyRank(minUrgency) } }),
    }
    const documents = await this.#messages
      .find(filter, { sort: { _id: 1 }, limit: limit + 1, batchSize: limit + 1 })
      .toArray()
    const more = documents.length > limit && documents.pop() !== undefined
    const last = documents.at(-1)
    const next = more && last !== undefined ? messageIdFromBytes(last._id.buffer) : undefined
    const page = documents.flatMap(({ record, sends }) => {
      const message = readRecord(record.buffer, this.#unreadable)
      return message === undefined ? [] : [{ message, sends }]
    })
    // Where some are left out, a newer one of a topic may also stand between two of the page.
    const replaced = await this.#replaced(uaid, page, all ? next : page[0]?.message.id)
    await this.remove(uaid, [...replaced], 'none')
    return { messages: page.filter(({ message }) => !replaced.has(message.id)), next }
  }

  /** Deletes messages that have ended with this outcome; resolves to the ids that were there. */
  remove(uaid: Uaid, ids: readonly MessageId[], outcome: ReceiptOutcome): Promise<MessageId[]> {
    return this.#removals.remove(uaid, ids, outcome)
  }

  /** Deletes the messages of a topic with an id up to and including `upTo`, which has ended with this outcome. */
  async removeTopic(
    uaid: Uaid,
    channelId: ChannelId,
    topic: string,
    upTo: MessageId,
    outcome: ReceiptOutcome,
  ): Promise<void> {
    const filter = { u: uuid(uaid), channel: uuid(channelId), topic, _id: { $lte: uuid(upTo) } }
    const found = await this.#messages.find(filter, { projection: ENDING }).toArray()
    await this.#removals.removeFoundOf(uaid, found, ({ _id }) =>
      messageIdFromBytes(_id.buffer) === upTo ? outcome : 'none',
    )
  }

  /** Adds one to the sends of messages that are there. */
  async countSends(uaid: Uaid, ids: readonly MessageId[]): Promise<void> {
    await this.#messages.updateMany({ u: uuid(uaid), _id: { $in: ids.map(uuid) } }, { $inc: { sends: 1 } })
  }

  /** Of these user agents, the ones that have a message: the index alone tells that, but not whether it has expired. */
  async pending(uaids: readonly Uaid[]): Promise<Uaid[]> {
    const found: Uaid[] = []
    for (let at = 0; at < uaids.length; at += PENDING_GROUP) {
      const group = uaids.slice(at, at + PENDING_GROUP).map(uuid)
      for (const u of await this.#messages.distinct('u', { u: { $in: group } }))
        found.push(uaidFromBytes(u.buffer))
    }
    return found
  }

  /** Deletes the messages of a channel. */
  async dropChannel(uaid: Uaid, channelId: ChannelId): Promise<void> {
    await this.#dropWhere(uaid, { channel: uuid(channelId) })
  }

  /** Deletes all messages of a user agent. */
  async dropAll(uaid: Uaid): Promise<void> {
    await this.#dropWhere(uaid, {})
  }

  /** Ends up to `limit` messages with a receipt that expired before a time; says how many there were. */
  async sweepReceipts(beforeMs: number, limit: number): Promise<number> {
    const options = { projection: ENDING, sort: { dueAt: 1 }, limit, batchSize: limit } as const
    const due = await this.#messages.find({ dueAt: { $lt: date(beforeMs) } }, options).toArray()
    await this.#removals.removeFound(due, () => 'notDelivered')
    return due.length
  }

  /** Up to `limit` messages of all user agents, in the order of the index, after a position (undefined: from the first). */
  async scan(after: ScanPosition | undefined, limit: number): Promise<ScannedMessage[]> {
    if (after === undefined) return this.#scan({}, limit)
    // Two queries, because a range over two fields in one is not read from the index in order.
    const u = uuid(after.uaid)
    const same = await this.#scan({ u, _id: { $gt: uuid(after.id) } }, limit)
    if (same.length === limit) return same
    return [...same, ...(await this.#scan({ u: { $gt: u } }, limit - same.length))]
  }

  async #scan(filter: Filter<MessageDocument>, limit: number): Promise<ScannedMessage[]> {
    const projection = { u: 1, channel: 1, expiresAt: 1, dueAt: 1 }
    const options = { projection, sort: { u: 1, _id: 1 }, limit, batchSize: limit } as const
    const documents = await this.#messages.find(filter, options).toArray()
    return documents.map(({ _id, u, channel, expiresAt, dueAt }) => ({
      uaid: uaidFromBytes(u.buffer),
      id: messageIdFromBytes(_id.buffer),
      channelId: channelIdFromBytes(channel.buffer),
      expiresAtMs: expiresAt.getTime(),
      hasReceipt: dueAt !== undefined,
    }))
  }

  async #keepNewest(uaid: Uaid, channelId: ChannelId, topic: string): Promise<void> {
    const filter = { u: uuid(uaid), channel: uuid(channelId), topic }
    const options = { projection: ENDING, sort: { _id: -1 } } as const
    const [, ...older] = await this.#messages.find(filter, options).toArray()
    await this.#removals.removeFoundOf(uaid, older, () => 'none')
  }

  /** Deletes all messages of this kind that were not delivered: of most there is nothing to be read. */
  async #dropWhere(uaid: Uaid, filter: Filter<MessageDocument>): Promise<void> {
    const all = { u: uuid(uaid), ...filter }
    const awaited = await this.#messages
      .find({ ...all, dueAt: { $exists: true } }, { projection: ENDING })
      .toArray()
    await this.#removals.removeFoundOf(uaid, awaited, () => 'notDelivered')
    await this.#messages.deleteMany({ ...all, dueAt: { $exists: false } })
  }

  /** Which of a page's messages a newer one of their topic has replaced, in the page or behind it. */
  async #replaced(
    uaid: Uaid,
    page: readonly StoredMessage[],
    next: MessageId | undefined,
  ): Promise<Set<MessageId>> {
    const topical = page.map(({ message }) => message).filter(({ topic }) => topic !== undefined)
    const newest = new Map(topical.map((message) => [topicKey(message), message.id]))
    if (next !== undefined && topical.length > 0)
      for (const [key, id] of await this.#topicsAfter(uaid, next, topical))
        if (newest.has(key)) newest.set(key, id)
    return new Set(
      topical.filter((message) => newest.get(topicKey(message)) !== message.id).map(({ id }) => id),
    )
  }

  async #topicsAfter(
    uaid: Uaid,
    after: MessageId,
    topical: readonly Message[],
  ): Promise<[string, MessageId][]> {
    const topics = topical.flatMap(({ topic }) => topic ?? [])
    const filter = { u: uuid(uaid), _id: { $gt: uuid(after) }, topic: { $in: topics } }
    const documents = await this.#messages
      .find(filter, { projection: { channel: 1, topic: 1 }, sort: { _id: 1 } })
      .toArray()
    return documents.map(({ _id, channel, topic }) => [
      topicKey({ channelId: channelIdFromBytes(channel.buffer), topic }),
      messageIdFromBytes(_id.buffer),
    ])
  }
}

function topicKey({ channelId, topic }: Pick<Message, 'channelId' | 'topic'>): string {
  return `${channelId}${topic}`
}
