import type { Uaid } from '../push/ids.ts'
import type { MongoAgents } from './mongodb-agents.ts'
import type { MongoMessages, ScannedMessage, ScanPosition } from './mongodb-messages.ts'
import type { MongoReceipts } from './mongodb-receipts.ts'
import type { Collected } from './store.ts'

/**
 * Goes through the whole store, a few records at a time: first it drops the user agents not seen for too long, then it
 * goes through the messages, in the order of their index, to drop what has expired or belongs to no channel (any more).
 * So the messages of a user agent go after it, and only if it is truly gone. Last come the marks of receipt subscriptions that
 * were ended long ago; receipts go by a TTL index.
 */
export class MongoGarbage {
  readonly #agents: MongoAgents
  readonly #messages: MongoMessages
  readonly #receipts: MongoReceipts
  readonly #agentLifetimeMs: number
  #collection: 'agents' | 'messages' | 'endedReceipts' = 'agents'
  #position: ScanPosition | undefined

  constructor(
    agents: MongoAgents,
    messages: MongoMessages,
    receipts: MongoReceipts,
    agentLifetimeMs: number,
  ) {
    this.#agents = agents
    this.#messages = messages
    this.#receipts = receipts
    this.#agentLifetimeMs = agentLifetimeMs
  }

  /** Looks at up to `limit` records after those of the last call. */
  collect(nowMs: number, limit: number): Promise<Collected> {
    switch (this.#collection) {
      case 'agents':
        return this.#collectAgents(nowMs, limit)
      case 'messages':
        return this.#collectMessages(nowMs, limit)
      case 'endedReceipts':
        return this.#collectEndedReceipts(nowMs, limit)
    }
  }

  async #collectAgents(nowMs: number, limit: number): Promise<Collected> {
    const agents = await this.#agents.dropStale(nowMs - this.#agentLifetimeMs, limit)
    if (agents < limit) this.#collection = 'messages'
    return { agents, messages: 0, receipts: 0, done: false }
  }

  async #collectMessages(nowMs: number, limit: number): Promise<Collected> {
    const scanned = await this.#messages.scan(this.#position, limit)
    const useless = await this.#useless(scanned, nowMs)
    const messages = await this.#remove(useless)
    const reachedEnd = scanned.length < limit
    this.#position = reachedEnd ? undefined : scanned.at(-1)
    if (reachedEnd) this.#collection = 'endedReceipts'
    return { agents: 0, messages, receipts: 0, done: false }
  }

  async #collectEndedReceipts(nowMs: number, limit: number): Promise<Collected> {
    const receipts = await this.#receipts.forgetEnded(nowMs, limit)
    const done = receipts < limit
    if (done) this.#collection = 'agents'
    return { agents: 0, messages: 0, receipts, done }
  }

  /** The user agents are read after the messages: the channel of a message was there before it. */
  async #useless(scanned: readonly ScannedMessage[], nowMs: number): Promise<ScannedMessage[]> {
    const uaids = [...new Set(scanned.map(({ uaid }) => uaid))]
    const records = await Promise.all(uaids.map((uaid) => this.#agents.read(uaid)))
    const channels = new Map(uaids.map((uaid, index) => [uaid, records[index]?.agent.channels]))
    return scanned.filter(
      ({ uaid, channelId, expiresAtMs, hasReceipt }) =>
        // Those with a receipt have a sweeper of their own, which leaves a late acknowledgement its time.
        (expiresAtMs <= nowMs && !hasReceipt) || !channels.get(uaid)?.has(channelId),
    )
  }

  async #remove(messages: readonly ScannedMessage[]): Promise<number> {
    const byAgent = new Map<Uaid, ScannedMessage[]>()
    for (const message of messages) byAgent.set(message.uaid, [...(byAgent.get(message.uaid) ?? []), message])
    const removed = await Promise.all(
      [...byAgent].map(([uaid, those]) =>
        this.#messages.remove(
          uaid,
          those.map(({ id }) => id),
          'notDelivered',
        ),
      ),
    )
    return removed.flat().length
  }
}
