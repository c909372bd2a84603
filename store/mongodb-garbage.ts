import type { Uaid } from '../push/ids.ts'
import type { MongoAgents } from './mongodb-agents.ts'
import type { MongoMessages, ScannedMessage, ScanPosition } from './mongodb-messages.ts'
import type { Collected } from './store.ts'

/**
 * Goes through the whole store, a few records at a time: first it drops the user agents not seen for too long, then it
 * goes through the messages, in the order of their index, to drop what has expired or belongs to no channel (any more).
 * So the messages of a user agent go after it, and only if it is truly gone.
 */
export class MongoGarbage {
  readonly #agents: MongoAgents
  readonly #messages: MongoMessages
  readonly #agentLifetimeMs: number
  #collection: 'agents' | 'messages' = 'agents'
  #position: ScanPosition | undefined

  constructor(agents: MongoAgents, messages: MongoMessages, agentLifetimeMs: number) {
    this.#agents = agents
    this.#messages = messages
    this.#agentLifetimeMs = agentLifetimeMs
  }

  /** Looks at up to `limit` records after those of the last call. */
  collect(nowMs: number, limit: number): Promise<Collected> {
    return this.#collection === 'agents'
      ? this.#collectAgents(nowMs, limit)
      : this.#collectMessages(nowMs, limit)
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
    const done = scanned.length < limit
    this.#position = done ? undefined : scanned.at(-1)
    if (done) this.#collection = 'agents'
    // Receipts go by a TTL index.
    return { agents: 0, messages, receipts: 0, done }
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
