import { MongoServerError, type UpdateFilter } from 'mongodb'
import type { Clock } from '../cluster/clock.ts'
import { PushError } from '../push/errors.ts'
import {
  type ChannelId,
  ID_BYTES,
  type KeyDigest,
  parseChannelId,
  type Uaid,
  uaidFromBytes,
} from '../push/ids.ts'
import { NO_MIN_URGENCY, URGENCIES, type Urgency, urgencyRank } from '../push/urgency.ts'
import { type BatchLimits, BatchQueue } from './batch-queue.ts'
import type { DocumentCollection } from './mongodb-collection.ts'
import { type AgentDocument, date, NOBODY, uuid } from './mongodb-schema.ts'
import type { ChannelStatus, StoredAgent } from './store.ts'

/** What is kept of a user agent. */
export interface AgentRecord {
  readonly lastConnectMs: number
  readonly agent: StoredAgent
}

/** User agents touched by one command. */
const TOUCH_GROUP = 500
/** Two first registrations of one user agent can both find it missing: one of them loses, and is repeated. */
const REGISTER_ATTEMPTS = 5
const DUPLICATE_KEY = 11000

/** User agents and their channels, one document each, so that every change of one is atomic. */
export class MongoAgents {
  readonly #agents: DocumentCollection<AgentDocument>
  readonly #reads: BatchQueue<Uaid, AgentRecord | undefined>

  constructor(agents: DocumentCollection<AgentDocument>, clock: Clock, limits: BatchLimits) {
    this.#agents = agents
    this.#reads = new BatchQueue(clock, limits, {
      perform: async (uaids) => {
        const found = await this.#find(uaids)
        return (uaid) => found.get(uaid)
      },
      bytesOf: () => 2 * ID_BYTES,
    })
  }

  /** Reads that wait for their turn. */
  get waiting(): number {
    return this.#reads.waiting
  }

  /** Reads a user agent; concurrent calls share a query. */
  read(uaid: Uaid): Promise<AgentRecord | undefined> {
    return this.#reads.run(uaid)
  }

  /** Tells whether a channel can be delivered to. */
  async status(uaid: Uaid, channelId: ChannelId): Promise<ChannelStatus> {
    const record = await this.read(uaid)
    if (record === undefined) return { outcome: 'agentGone' }
    const keyDigest = record.agent.channels.get(channelId)
    return keyDigest === undefined ? { outcome: 'notSubscribed' } : { outcome: 'subscribed', keyDigest }
  }

  /** Marks a user agent as seen if it is there, and reads it. */
  async refresh(uaid: Uaid, nowMs: number): Promise<AgentRecord | undefined> {
    const document = await this.#agents.findOneAndUpdate({ _id: uuid(uaid) }, seenAt(nowMs), {
      returnDocument: 'after',
    })
    return document === null ? undefined : recordOf(document)
  }

  /** Marks those user agents as seen that are there. */
  async touch(uaids: readonly Uaid[], nowMs: number): Promise<void> {
    for (let at = 0; at < uaids.length; at += TOUCH_GROUP) {
      const group = uaids.slice(at, at + TOUCH_GROUP).map(uuid)
      await this.#agents.updateMany({ _id: { $in: group } }, seenAt(nowMs))
    }
  }

  /** Adds or changes a channel, and the user agent with its first one. */
  async register(uaid: Uaid, channelId: ChannelId, keyDigest: KeyDigest, nowMs: number): Promise<void> {
    const change = { $set: { [`channels.${channelId}`]: keyDigest }, ...seenAt(nowMs) }
    for (let attempt = 1; attempt <= REGISTER_ATTEMPTS; attempt += 1) {
      try {
        await this.#agents.updateOne({ _id: uuid(uaid) }, change, { upsert: true })
        return
      } catch (error) {
        if (!(error instanceof MongoServerError && error.code === DUPLICATE_KEY)) throw error
      }
    }
    throw new PushError(
      'storeDown',
      `the user agent was made and dropped ${REGISTER_ATTEMPTS} times meanwhile`,
    )
  }

  /** Keeps the least urgency of a user agent that is there. */
  async setMinUrgency(uaid: Uaid, min: Urgency): Promise<void> {
    await this.#agents.updateOne({ _id: uuid(uaid) }, { $set: { minUrgency: urgencyRank(min) } })
  }

  /** Ends a channel. */
  async dropChannel(uaid: Uaid, channelId: ChannelId): Promise<void> {
    await this.#agents.updateOne({ _id: uuid(uaid) }, { $unset: { [`channels.${channelId}`]: '' } })
  }

  /** Drops a user agent on condition that it has no channel: one may have been registered meanwhile. */
  async dropIfEmpty(uaid: Uaid): Promise<void> {
    await this.#agents.deleteOne({ _id: uuid(uaid), channels: {} })
  }

  /** Drops a user agent with its channels. */
  async drop(uaid: Uaid): Promise<void> {
    await this.#agents.deleteOne({ _id: uuid(uaid) })
  }

  /** Drops up to `limit` user agents last seen before a time; says how many were there to drop. */
  async dropStale(seenBeforeMs: number, limit: number): Promise<number> {
    const stale = { lastConnect: { $lt: date(seenBeforeMs) } }
    const found = await this.#agents
      .find(stale, { projection: { _id: 1 }, limit, batchSize: limit })
      .toArray()
    if (found.length === 0) return 0
    // On condition that it still is: a hello may have come in between.
    const { deletedCount } = await this.#agents.deleteMany({
      _id: { $in: found.map(({ _id }) => _id) },
      ...stale,
    })
    return deletedCount
  }

  /** Succeeds when a write would: it changes nothing, but needs the primary, and a majority behind it. */
  async probe(): Promise<void> {
    await this.#agents.updateOne({ _id: uuid(NOBODY) }, seenAt(0))
  }

  async #find(uaids: readonly Uaid[]): Promise<Map<Uaid, AgentRecord>> {
    // A batch that is just full leaves its cursor open: another command would have to find out that there is no more.
    const documents = await this.#agents
      .find({ _id: { $in: uaids.map(uuid) } }, { batchSize: uaids.length + 1 })
      .toArray()
    return new Map(documents.map((document) => [uaidFromBytes(document._id.buffer), recordOf(document)]))
  }
}

function seenAt(nowMs: number): UpdateFilter<AgentDocument> {
  return { $max: { lastConnect: date(nowMs) } }
}

function recordOf({ lastConnect, channels, minUrgency }: AgentDocument): AgentRecord {
  const parsed = new Map<ChannelId, KeyDigest>()
  for (const [key, digest] of Object.entries(channels)) {
    const channelId = parseChannelId(key)
    if (channelId !== undefined) parsed.set(channelId, digest as KeyDigest)
  }
  const min = minUrgency === undefined ? undefined : URGENCIES[minUrgency]
  const agent = { channels: parsed, minUrgency: min ?? NO_MIN_URGENCY }
  return { lastConnectMs: lastConnect.getTime(), agent }
}
