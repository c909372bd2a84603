import { uaidFromBytes } from '../push/ids.ts'
import type { LmdbAgents } from './lmdb-agents.ts'
import { following } from './lmdb-keys.ts'
import type { LmdbMessages } from './lmdb-messages.ts'
import type { LmdbReceipts } from './lmdb-receipts.ts'
import type { Collected } from './store.ts'

const FIRST_KEY = Buffer.alloc(1)

/**
 * Goes through the whole store, a few records at a time: first the user agents, to drop those not seen for too long,
 * then the messages, to drop what has expired or belongs to no channel (any more), then the receipts, and marks of their subscriptions, that have been kept long enough.
 */
export class LmdbGarbage {
  readonly #agents: LmdbAgents
  readonly #messages: LmdbMessages
  readonly #receipts: LmdbReceipts
  readonly #agentLifetimeMs: number
  #table: 'agents' | 'messages' | 'receipts' = 'agents'
  #start: Buffer = FIRST_KEY

  constructor(agents: LmdbAgents, messages: LmdbMessages, receipts: LmdbReceipts, agentLifetimeMs: number) {
    this.#agents = agents
    this.#messages = messages
    this.#receipts = receipts
    this.#agentLifetimeMs = agentLifetimeMs
  }

  /** Looks at up to `limit` records after those of the last call. Runs in a transaction. */
  collect(nowMs: number, limit: number): Collected {
    switch (this.#table) {
      case 'agents':
        return this.#collectAgents(nowMs, limit)
      case 'messages':
        return this.#collectMessages(nowMs, limit)
      case 'receipts':
        return this.#collectReceipts(nowMs, limit)
    }
  }

  #collectAgents(nowMs: number, limit: number): Collected {
    const records = this.#agents.scan(this.#start, limit)
    if (this.#reachedEnd(records, limit)) this.#table = 'messages'
    const stale = records.filter(
      ({ lastConnectMs }) => lastConnectMs !== undefined && lastConnectMs < nowMs - this.#agentLifetimeMs,
    )
    // Their messages belong to no channel from now on: the scan meets them later in this round.
    for (const { key } of stale) this.#agents.drop(uaidFromBytes(key))
    return { agents: stale.length, messages: 0, receipts: 0, done: false }
  }

  #collectMessages(nowMs: number, limit: number): Collected {
    const records = this.#messages.scan(this.#start, limit)
    if (this.#reachedEnd(records, limit)) this.#table = 'receipts'
    const useless = records.filter(
      (entry) =>
        !this.#agents.hasChannel(entry.channelKey) ||
        // Those with a receipt have a sweeper of their own, which leaves a late acknowledgement its time.
        (entry.hasExpired(nowMs) && !entry.hasReceipt),
    )
    for (const entry of useless) this.#messages.drop(entry, 'notDelivered', nowMs)
    return { agents: 0, messages: useless.length, receipts: 0, done: false }
  }

  #collectReceipts(nowMs: number, limit: number): Collected {
    const records = this.#receipts.scan(this.#start, limit)
    const done = this.#reachedEnd(records, limit)
    if (done) this.#table = 'agents'
    const old = records.filter(({ keptUntilMs }) => keptUntilMs <= nowMs)
    for (const { key } of old) this.#receipts.drop(key)
    return { agents: 0, messages: 0, receipts: old.length, done }
  }

  /** Moves on behind the records just read, or back to the front when they were the last ones. */
  #reachedEnd(records: readonly { key: Buffer }[], limit: number): boolean {
    const last = records[limit - 1]
    this.#start = last === undefined ? FIRST_KEY : following(last.key)
    return last === undefined
  }
}
