import type { Database, RangeOptions } from 'lmdb'
import {
  type ChannelId,
  ID_BYTES,
  idToBytes,
  type MessageId,
  messageIdFromBytes,
  type Uaid,
} from '../push/ids.ts'
import type { Message } from '../push/message.ts'
import { decodeMessage, encodeMessage, recordUrgency } from '../push/record.ts'
import type { Urgency } from '../push/urgency.ts'
import { beyondCap } from './eviction.ts'
import { following, pairKey, prefixEnd } from './lmdb-keys.ts'
import { sizeOf, type TableSize } from './lmdb-size.ts'
import type { StoredMessage } from './store.ts'

/**
 * A stored message. The fields in front are what scans need, so that these need not decode the record.
 *
 *     sends 1 | has a topic 1 | expiresAtMs 6 | channel id 16 | record of push/record.ts
 */
const SENDS_AT = 0
const TOPIC_AT = 1
const EXPIRY_AT = 2
const CHANNEL_AT = 8
const RECORD_AT = CHANNEL_AT + ID_BYTES
const SENDS_MAX = 255
/** Garbage collection drops expired messages; few wait for it at a time. */
const EXPIRED_LOOKS_MAX = 16

/** A stored message as a scan sees it. */
export class MessageEntry {
  readonly key: Buffer
  readonly value: Buffer

  constructor(key: Buffer, value: Buffer) {
    this.key = key
    this.value = value
  }

  get id(): MessageId {
    return messageIdFromBytes(this.key.subarray(ID_BYTES))
  }

  /** The key of its channel in LmdbAgents. */
  get channelKey(): Buffer {
    return Buffer.concat([this.key.subarray(0, ID_BYTES), this.channel])
  }

  get channel(): Buffer {
    return this.value.subarray(CHANNEL_AT, RECORD_AT)
  }

  get hasTopic(): boolean {
    return this.value.readUInt8(TOPIC_AT) === 1
  }

  get urgency(): Urgency {
    return recordUrgency(this.value.subarray(RECORD_AT))
  }

  hasExpired(nowMs: number): boolean {
    return this.value.readUIntBE(EXPIRY_AT, 6) <= nowMs
  }

  decode(): StoredMessage {
    return { message: decodeMessage(this.value.subarray(RECORD_AT)), sends: this.value.readUInt8(SENDS_AT) }
  }
}

/**
 * Messages, in two LMDB databases:
 *
 *     messages: uaid 16 | id 16                  -> MessageEntry
 *     topics:   uaid 16 | channel id 16 | topic  -> id 16
 *
 * A topic's entry is there exactly as long as its message, of which there is never more than one. All that
 * writes runs in a transaction.
 */
export class LmdbMessages {
  readonly #messages: Database<Buffer, Buffer>
  readonly #topics: Database<Buffer, Buffer>

  constructor(messages: Database<Buffer, Buffer>, topics: Database<Buffer, Buffer>) {
    this.#messages = messages
    this.#topics = topics
  }

  /** Adds a message unless it is there; of a topic only the message with the greatest id stays. */
  put(uaid: Uaid, message: Message, sends: number): void {
    const key = pairKey(uaid, message.id)
    if (this.#messages.doesExist(key)) return
    if (message.topic !== undefined) {
      const topicKey = topicKeyOf(idToBytes(uaid), message.channelId, message.topic)
      const rival = this.#topics.get(topicKey)
      if (rival !== undefined && rival.compare(key, ID_BYTES) > 0) return
      if (rival !== undefined) this.#messages.removeSync(Buffer.concat([idToBytes(uaid), rival]))
      this.#topics.putSync(topicKey, key.subarray(ID_BYTES))
    }
    this.#messages.putSync(key, encode(message, sends))
  }

  /** Up to `limit` (default: all) entries of a user agent after an id, in the order of ids. */
  list(uaid: Uaid, after?: MessageId, limit?: number): MessageEntry[] {
    const prefix = idToBytes(uaid)
    const start = after === undefined ? prefix : following(pairKey(uaid, after))
    return this.#read({ start, end: prefixEnd(prefix), ...(limit !== undefined && { limit }) })
  }

  /** Up to `limit` entries of all user agents from the key `start` on. */
  scan(start: Buffer, limit: number): MessageEntry[] {
    return this.#read({ start, limit })
  }

  /** How many messages there are. */
  get size(): TableSize {
    return sizeOf(this.#messages)
  }

  /** Tells whether a user agent has an unexpired message, or so many expired ones that it is better taken to have one. */
  mayHaveUnexpired(uaid: Uaid, nowMs: number): boolean {
    const prefix = idToBytes(uaid)
    let looks = 0
    for (const { key, value } of this.#messages.getRange({ start: prefix, end: prefixEnd(prefix) })) {
      looks += 1
      if (looks === EXPIRED_LOOKS_MAX || !new MessageEntry(key, value).hasExpired(nowMs)) return true
    }
    return false
  }

  /** Deletes a user agent's messages beyond the cap. */
  evict(uaid: Uaid, storedMax: number): void {
    const prefix = idToBytes(uaid)
    const count = this.#messages.getKeysCount({ start: prefix, end: prefixEnd(prefix) })
    if (count > storedMax) for (const entry of beyondCap(this.list(uaid), storedMax)) this.drop(entry)
  }

  /** Deletes a message; says whether it was there. */
  remove(uaid: Uaid, id: MessageId): boolean {
    const key = pairKey(uaid, id)
    const value = this.#messages.get(key)
    if (value !== undefined) this.drop(new MessageEntry(key, value))
    return value !== undefined
  }

  /** Deletes the message of a topic unless its id is greater than `upTo`. */
  removeTopic(uaid: Uaid, channelId: ChannelId, topic: string, upTo: MessageId): void {
    const id = this.#topics.get(topicKeyOf(idToBytes(uaid), channelId, topic))
    if (id !== undefined && id.compare(idToBytes(upTo)) <= 0) this.remove(uaid, messageIdFromBytes(id))
  }

  /** Adds one to the sends of a message that is there. */
  countSend(uaid: Uaid, id: MessageId): void {
    const key = pairKey(uaid, id)
    const value = this.#messages.get(key)
    if (value === undefined) return
    value.writeUInt8(Math.min(value.readUInt8(SENDS_AT) + 1, SENDS_MAX), SENDS_AT)
    this.#messages.putSync(key, value)
  }

  /** Deletes an entry that was read in this transaction. */
  drop(entry: MessageEntry): void {
    if (entry.hasTopic) {
      const { channelId, topic = '' } = entry.decode().message
      this.#topics.removeSync(topicKeyOf(entry.key.subarray(0, ID_BYTES), channelId, topic))
    }
    this.#messages.removeSync(entry.key)
  }

  /** Deletes the messages of a channel. */
  dropChannel(uaid: Uaid, channelId: ChannelId): void {
    const channel = idToBytes(channelId)
    for (const entry of this.list(uaid)) if (entry.channel.equals(channel)) this.drop(entry)
  }

  /** Deletes all messages of a user agent. */
  dropAll(uaid: Uaid): void {
    for (const entry of this.list(uaid)) this.drop(entry)
  }

  #read(range: RangeOptions): MessageEntry[] {
    return [...this.#messages.getRange(range)].map(({ key, value }) => new MessageEntry(key, value))
  }
}

function topicKeyOf(uaidBytes: Buffer, channelId: ChannelId, topic: string): Buffer {
  return Buffer.concat([uaidBytes, idToBytes(channelId), Buffer.from(topic, 'latin1')])
}

function encode(message: Message, sends: number): Buffer {
  const head = Buffer.allocUnsafe(RECORD_AT)
  head.writeUInt8(sends, SENDS_AT)
  head.writeUInt8(message.topic === undefined ? 0 : 1, TOPIC_AT)
  head.writeUIntBE(message.expiresAtMs, EXPIRY_AT, 6)
  head.set(idToBytes(message.channelId), CHANNEL_AT)
  return Buffer.concat([head, encodeMessage(message)])
}
