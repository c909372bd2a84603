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
import { decodeMessage } from '../push/record.ts'
import { NO_MIN_URGENCY, urgencyRank } from '../push/urgency.ts'
import { type BatchLimits, BatchQueue } from './batch-queue.ts'
import { beyondCap, looksAfterCap } from './eviction.ts'
import type { DocumentCollection } from './mongodb-collection.ts'
import { MongoInserts } from './mongodb-inserts.ts'
import { MongoRemovals } from './mongodb-removals.ts'
import { type MessageDocument, messageDocument, uuid } from './mongodb-schema.ts'
import type { StoredMessage, Wanted } from './store.ts'

/** What messages work with. */
export interface MongoMessagesOptions {
  readonly clock: Clock
  readonly batches: BatchLimits
  /** Messages kept for one user agent; more are evicted now and then. */
  readonly storedMax: number
  /** How long the database keeps a message after its expiry, in milliseconds. */
  readonly expiredKeptMs: number
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
}

/** User agents asked for by one query. */
const PENDING_GROUP = 1000

/** Messages, one document each. */
export class MongoMessages {
  readonly #messages: DocumentCollection<MessageDocument>
  readonly #inserts: MongoInserts
  readonly #removals: MongoRemovals
  /** Most user agents have no message: those that come at once share the query that says so. */
  readonly #looks: BatchQueue<Uaid, boolean>
  readonly #storedMax: number
  readonly #expiredKeptMs: number
  /** User agents whose cap is being looked after. */
  readonly #lookedAfter = new Set<Uaid>()

  constructor(messages: DocumentCollection<MessageDocument>, options: MongoMessagesOptions) {
    this.#messages = messages
    this.#inserts = new MongoInserts(messages, options.clock, options.batches)
    this.#removals = new MongoRemovals(messages, options.clock, options.batches)
    this.#looks = new BatchQueue(options.clock, options.batches, {
      perform: async (uaids) => {
        const found = new Set(await this.pending(uaids))
        return (uaid) => found.has(uaid)
      },
      bytesOf: () => ID_BYTES,
    })
    this.#storedMax = options.storedMax
    this.#expiredKeptMs = options.expiredKeptMs
  }

  /** Operations that wait for their turn. */
  get waiting(): number {
    return this.#inserts.waiting + this.#removals.waiting + this.#looks.waiting
  }

  /** Adds a message unless it is there, then deletes what it replaces, or itself if there is a newer one of its topic. */
  async put(uaid: Uaid, message: Message, sends: number): Promise<void> {
    await this.#inserts.insert(messageDocument(uaid, message, sends, this.#expiredKeptMs))
    if (message.topic !== undefined) await this.#keepNewest(uaid, message.channelId, message.topic)
    if (looksAfterCap(message)) await this.#lookAfterCap(uaid)
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
    const page = documents.map(({ record, sends }) => ({ message: decodeMessage(record.buffer), sends }))
    // Where some are left out, a newer one of a topic may also stand between two of the page.
    const replaced = await this.#replaced(uaid, page, all ? next : page[0]?.message.id)
    await this.remove(uaid, [...replaced])
    return { messages: page.filter(({ message }) => !replaced.has(message.id)), next }
  }

  /** Deletes messages; resolves to the ids that were there. */
  remove(uaid: Uaid, ids: readonly MessageId[]): Promise<MessageId[]> {
    return this.#removals.remove(uaid, ids)
  }

  /** Deletes the messages of a topic with an id up to and including `upTo`. */
  async removeTopic(uaid: Uaid, channelId: ChannelId, topic: string, upTo: MessageId): Promise<void> {
    await this.#messages.deleteMany({
      u: uuid(uaid),
      channel: uuid(channelId),
      topic,
      _id: { $lte: uuid(upTo) },
    })
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
    await this.#messages.deleteMany({ u: uuid(uaid), channel: uuid(channelId) })
  }

  /** Deletes all messages of a user agent. */
  async dropAll(uaid: Uaid): Promise<void> {
    await this.#messages.deleteMany({ u: uuid(uaid) })
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
    const projection = { u: 1, channel: 1, expiresAt: 1 }
    const options = { projection, sort: { u: 1, _id: 1 }, limit, batchSize: limit } as const
    const documents = await this.#messages.find(filter, options).toArray()
    return documents.map(({ _id, u, channel, expiresAt }) => ({
      uaid: uaidFromBytes(u.buffer),
      id: messageIdFromBytes(_id.buffer),
      channelId: channelIdFromBytes(channel.buffer),
      expiresAtMs: expiresAt.getTime(),
    }))
  }

  async #keepNewest(uaid: Uaid, channelId: ChannelId, topic: string): Promise<void> {
    const filter = { u: uuid(uaid), channel: uuid(channelId), topic }
    const options = { projection: { _id: 1 }, sort: { _id: -1 }, limit: 2 } as const
    const [newest, older] = await this.#messages.find(filter, options).toArray()
    if (newest !== undefined && older !== undefined)
      await this.#messages.deleteMany({ ...filter, _id: { $lt: newest._id } })
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

  /** Once at a time for each user agent: counting what is being evicted would be of no use. */
  async #lookAfterCap(uaid: Uaid): Promise<void> {
    if (this.#lookedAfter.has(uaid)) return
    this.#lookedAfter.add(uaid)
    try {
      const limit = this.#storedMax + 1
      if ((await this.#messages.countDocuments({ u: uuid(uaid) }, { limit })) === limit)
        await this.#evict(uaid)
    } finally {
      this.#lookedAfter.delete(uaid)
    }
  }

  async #evict(uaid: Uaid): Promise<void> {
    const filter = { u: uuid(uaid) }
    const documents = await this.#messages
      .find(filter, { projection: { channel: 1 }, sort: { _id: 1 }, batchSize: this.#storedMax * 2 })
      .toArray()
    const entries = documents.map(({ _id, channel }) => ({ _id, channel: channel.buffer }))
    const excess = beyondCap(entries, this.#storedMax).map(({ _id }) => _id)
    await this.#messages.deleteMany({ ...filter, _id: { $in: excess } })
  }
}

function topicKey({ channelId, topic }: Pick<Message, 'channelId' | 'topic'>): string {
  return `${channelId}${topic}`
}
