import type { Database } from 'lmdb'
import {
  type ChannelId,
  channelIdFromBytes,
  ID_BYTES,
  idToBytes,
  type KeyDigest,
  type Uaid,
} from '../push/ids.ts'
import { NO_MIN_URGENCY, URGENCIES, type Urgency, urgencyRank } from '../push/urgency.ts'
import { pairKey, prefixEnd } from './lmdb-keys.ts'
import { sizeOf, type TableSize } from './lmdb-size.ts'
import type { ChannelStatus, StoredAgent } from './store.ts'

/** What is kept of a user agent itself. */
interface AgentRecord {
  readonly lastConnectMs: number
  readonly agent: StoredAgent
}

/**
 * User agents and their channels, in one LMDB database:
 *
 *     uaid 16               -> lastConnectMs 6, big-endian | rank of its least urgency 1
 *     uaid 16 | channel 16  -> key digest, ASCII
 *
 * The first key is there exactly as long as one of the second kind is. All that writes runs in a transaction.
 */
export class LmdbAgents {
  readonly #db: Database<Buffer, Buffer>

  constructor(db: Database<Buffer, Buffer>) {
    this.#db = db
  }

  /** Reads a user agent with its channels. */
  read(uaid: Uaid): AgentRecord | undefined {
    const prefix = idToBytes(uaid)
    let seen: Buffer | undefined
    const channels = new Map<ChannelId, KeyDigest>()
    for (const { key, value } of this.#db.getRange({ start: prefix, end: prefixEnd(prefix) })) {
      if (key.length === ID_BYTES) seen = value
      else channels.set(channelIdFromBytes(key.subarray(ID_BYTES)), digestOf(value))
    }
    if (seen === undefined) return undefined
    return { lastConnectMs: lastConnectOf(seen), agent: { channels, minUrgency: minUrgencyOf(seen) } }
  }

  /** Tells whether a channel can be delivered to. */
  status(uaid: Uaid, channelId: ChannelId): ChannelStatus {
    const digest = this.#db.get(pairKey(uaid, channelId))
    if (digest !== undefined) return { outcome: 'subscribed', keyDigest: digestOf(digest) }
    return { outcome: this.#db.doesExist(idToBytes(uaid)) ? 'notSubscribed' : 'agentGone' }
  }

  /** Tells whether a channel is there, by the 32 bytes of its key. */
  hasChannel(key: Buffer): boolean {
    return this.#db.doesExist(key)
  }

  /** Adds or changes a channel, and the user agent with its first one. */
  register(uaid: Uaid, channelId: ChannelId, keyDigest: KeyDigest, nowMs: number): void {
    this.#seen(idToBytes(uaid), nowMs)
    this.#db.putSync(pairKey(uaid, channelId), Buffer.from(keyDigest, 'latin1'))
  }

  /** Ends a channel, and the user agent with its last one. */
  unregister(uaid: Uaid, channelId: ChannelId): void {
    this.#db.removeSync(pairKey(uaid, channelId))
    const prefix = idToBytes(uaid)
    // The user agent's own key is one; more are channels.
    if (this.#db.getKeysCount({ start: prefix, end: prefixEnd(prefix), limit: 2 }) === 1)
      this.#db.removeSync(prefix)
  }

  /** Marks a user agent as seen if it is there; says whether it is. */
  touch(uaid: Uaid, nowMs: number): boolean {
    const key = idToBytes(uaid)
    const there = this.#db.doesExist(key)
    if (there) this.#seen(key, nowMs)
    return there
  }

  /** Keeps the least urgency of a user agent that is there. */
  setMinUrgency(uaid: Uaid, min: Urgency): void {
    const key = idToBytes(uaid)
    const seen = this.#db.get(key)
    if (seen !== undefined) this.#db.putSync(key, agentValue(lastConnectOf(seen), min))
  }

  /** Drops a user agent with its channels. */
  drop(uaid: Uaid): void {
    const prefix = idToBytes(uaid)
    const keys = [...this.#db.getKeys({ start: prefix, end: prefixEnd(prefix) })]
    for (const key of keys) this.#db.removeSync(key)
  }

  /** How many records there are, of user agents and channels together. */
  get size(): TableSize {
    return sizeOf(this.#db)
  }

  /** The next `limit` records from `start` on; `lastConnectMs` is absent for one of a channel. */
  scan(start: Buffer, limit: number): { key: Buffer; lastConnectMs?: number }[] {
    return [...this.#db.getRange({ start, limit })].map(({ key, value }) =>
      key.length === ID_BYTES ? { key, lastConnectMs: lastConnectOf(value) } : { key },
    )
  }

  #seen(key: Buffer, nowMs: number): void {
    const before = this.#db.get(key)
    this.#db.putSync(key, agentValue(nowMs, before === undefined ? NO_MIN_URGENCY : minUrgencyOf(before)))
  }
}

function agentValue(lastConnectMs: number, min: Urgency): Buffer {
  const value = Buffer.allocUnsafe(7)
  value.writeUIntBE(lastConnectMs, 0, 6)
  value.writeUInt8(urgencyRank(min), 6)
  return value
}

function lastConnectOf(value: Buffer): number {
  return value.readUIntBE(0, 6)
}

function minUrgencyOf(value: Buffer): Urgency {
  return URGENCIES[value.readUInt8(6)] ?? NO_MIN_URGENCY
}

function digestOf(value: Buffer): KeyDigest {
  return value.toString('latin1') as KeyDigest
}
