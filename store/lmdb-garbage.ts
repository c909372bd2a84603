import { uaidFromBytes } from '../push/ids.ts'
import type { LmdbAgents } from './lmdb-agents.ts'
import { following } from './lmdb-keys.ts'
import type { LmdbMessages } from './lmdb-messages.ts'
import type { Collected } from './store.ts'

const FIRST_KEY = Buffer.alloc(1)

/**
 * Goes through the whole store, a few records at a time: first the user agents, to drop those not seen for too long,
 * then the messages, to drop what has expired or belongs to no channel (any more).
 */
export class LmdbGarbage {
  readonly #agents: LmdbAgents
  readonly #messages: LmdbMessages
  readonly #agentLifetimeMs: number
  #table: 'agents' | 'messages' = 'agents'
  #start: Buffer = FIRST_KEY

  constructor(agents: LmdbAgents, messages: LmdbMessages, agentLifetimeMs: number) {
    this.#agents = agents
    this.#messages = messages
    this.#agentLifetimeMs = agentLifetimeMs
  }

  /** Looks at up to `limit` records after those of the last call. Runs in a transaction. */
  collect(nowMs: number, limit: number): Collected {
    return this.#table === 'agents' ? this.#collectAgents(nowMs, limit) : this.#collectMessages(nowMs, limit)
  }

  #collectAgents(nowMs: number, limit: number): Collected {
    const records = this.#agents.scan(this.#start, limit)
    if (this.#reachedEnd(records, limit)) this.#table = 'messages'
    const stale = records.filter(
      ({ lastConnectMs }) => lastConnectMs !== undefined && lastConnectMs < nowMs - this.#agentLifetimeMs,
    )
    // Their messages belong to no channel from now on: the scan meets them later in this round.
    for (const { key } of stale) this.#agents.drop(uaidFromBytes(key))
    return { agents: stale.length, messages: 0, done: false }
  }

  #collectMessages(nowMs: number, limit: number): Collected {
    const records = this.#messages.scan(this.#start, limit)
    const done = this.#reachedEnd(records, limit)
    if (done) this.#table = 'agents'
    const useless = records.filter(
      (entry) => entry.hasExpired(nowMs) || !this.#agents.hasChannel(entry.channelKey),
    )
    for (const entry of useless) this.#messages.drop(entry)
    return { agents: 0, messages: useless.length, done }
  }

  /** Moves on behind the records just read, or back to the front when they were the last ones. */
  #reachedEnd(records: readonly { key: Buffer }[], limit: number): boolean {
    const last = records[limit - 1]
    this.#start = last === undefined ? FIRST_KEY : following(last.key)
    return last === undefined
  }
}
