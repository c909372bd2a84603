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
import { type AwaitedReceipt, awaitedReceipt, type ReceiptOutcome } from '../push/receipt.ts'
import { encodeMessage, recordReceipt, recordUrgency } from '../push/record.ts'
import type { Urgency } from '../push/urgency.ts'
import { beyondCap } from './eviction.ts'
import { following, pairKey, prefixEnd } from './lmdb-keys.ts'
import type { LmdbReceipts } from './lmdb-receipts.ts'
import { sizeOf, type TableSize } from './lmdb-size.ts'
import type { StoredMessage } from './store.ts'
import { readRecord, type UnreadableListener } from './unreadable.ts'

/**
 * A stored message. The fields in front are what scans need, so that these need not decode the record.
 *
 *     sends 1 | flags 1 | expiresAtMs 6 | channel id 16 | record of push/record.ts
 */
const SENDS_AT = 0
const FLAGS_AT = 1
const HAS_TOPIC = 1
const HAS_RECEIPT = 2
const EXPIRY_AT = 2
const CHANNEL_AT = 8
/** Where the record begins. */
export const RECORD_AT = CHANNEL_AT + ID_BYTES
const SENDS_MAX = 255
const TIME_BYTES = 6
const FIRST_DUE = Buffer.alloc(TIME_BYTES)
const PRESENT = Buffer.alloc(1)
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
    return (this.value.readUInt8(FLAGS_AT) & HAS_TOPIC) !== 0
  }

  get hasReceipt(): boolean {
    return (this.value.readUInt8(FLAGS_AT) & HAS_RECEIPT) !== 0
  }

  get sends(): number {
    return this.value.readUInt8(SENDS_AT)
  }

  get urgency(): Urgency {
    return recordUrgency(this.record)
  }

  get expiresAtMs(): number {
    return this.value.readUIntBE(EXPIRY_AT, TIME_BYTES)
  }

  hasExpired(nowMs: number): boolean {
    return this.expiresAtMs <= nowMs
  }

  /** What its receipt needs, also where the message can't be read; undefined without one, or where not even that can. */
  get awaited(): AwaitedReceipt | undefined {
    const { id, expiresAtMs } = this
    const receipt = this.hasReceipt ? recordReceipt(this.record, id) : undefined
    return receipt && { id, expiresAtMs, receipt }
  }

  get record(): Buffer {
    return this.value.subarray(RECORD_AT)
  }
}

/** The databases of messages. */
export interface MessageDatabases {
  readonly messages: Database<Buffer, Buffer>
  readonly topics: Database<Buffer, Buffer>
  readonly due: Database<Buffer, Buffer>
}

/**
 * Messages, in three LMDB databases:
 *
 *     messages: uaid 16 | id 16                   -> MessageEntry
 *     topics:   uaid 16 | channel id 16 | topic   -> id 16
 *     due:      expiresAtMs 6 | uaid 16 | id 16   -> a byte
 *
 * A topic's entry is there exactly as long as its message, of which there is never more than one; `due` has the messages with a
 * receipt. Whatever ends such a message writes its outcome first. All that writes runs in a transaction.
 */
export class LmdbMessages {
  readonly #messages: Database<Buffer, Buffer>
  readonly #topics: Database<Buffer, Buffer>
  readonly #due: Database<Buffer, Buffer>
  readonly #receipts: LmdbReceipts
  readonly #unreadable: UnreadableListener

  constructor(
    { messages, topics, due }: MessageDatabases,
    receipts: LmdbReceipts,
    unreadable: UnreadableListener,
  ) {
    this.#messages = messages
    this.#topics = topics
    this.#due = due
    this.#receipts = receipts
    this.#unreadable = unreadable
  }

  /** Adds a message unless it is there; of a topic only the message with the greatest id stays. */
  put(uaid: Uaid, message: Message, sends: number): void {
    const key = pairKey(uaid, message.id)
    if (this.#messages.doesExist(key)) return this.#raiseSends(key, sends)
    if (message.topic !== undefined) {
      const topicKey = topicKeyOf(idToBytes(uaid), message.channelId, message.topic)
      const rival = this.#topics.get(topicKey)
      if (rival !== undefined && rival.compare(key, ID_BYTES) > 0)
        return this.#settle(awaitedReceipt(message), 'none')
      if (rival !== undefined) this.remove(uaid, messageIdFromBytes(rival), 'none')
      this.#topics.putSync(topicKey, key.subarray(ID_BYTES))
    }
    const entry = new MessageEntry(key, encode(message, sends))
    if (entry.hasReceipt) this.#due.putSync(dueKey(entry), PRESENT)
    this.#messages.putSync(key, entry.value)
  }

  /** Up to `limit` (default: all) entries of a user agent after an id, in the order of ids. */
  list(uaid: Uaid, after?: MessageId, limit?: number): MessageEntry[] {
    const prefix = idToBytes(uaid)
    const start = after === undefined ? prefix : following(pairKey(uaid, after))
    return this.#read({ start, end: prefixEnd(prefix), ...(limit !== undefined && { limit }) })
  }

  /** The messages of entries, those left out that can't be read. */
  read(entries: readonly MessageEntry[]): StoredMessage[] {
    return entries.flatMap(({ record, sends }) => {
      const message = readRecord(record, this.#unreadable)
      return message === undefined ? [] : [{ message, sends }]
    })
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
    if (count > storedMax)
      for (const entry of beyondCap(this.list(uaid), storedMax)) this.drop(entry, 'notDelivered')
  }

  /** Deletes a message; says whether it was there. */
  remove(uaid: Uaid, id: MessageId, outcome: ReceiptOutcome): boolean {
    const key = pairKey(uaid, id)
    const value = this.#messages.get(key)
    if (value !== undefined) this.drop(new MessageEntry(key, value), outcome)
    return value !== undefined
  }

  /** Deletes the message of a topic unless its id is greater than `upTo`. */
  removeTopic(
    uaid: Uaid,
    channelId: ChannelId,
    topic: string,
    upTo: MessageId,
    outcome: ReceiptOutcome,
  ): void {
    const id = this.#topics.get(topicKeyOf(idToBytes(uaid), channelId, topic))
    if (id === undefined || id.compare(idToBytes(upTo)) > 0) return
    const found = messageIdFromBytes(id)
    this.remove(uaid, found, found === upTo ? outcome : 'none')
  }

  /** Adds one to the sends of a message that is there. */
  countSend(uaid: Uaid, id: MessageId): void {
    const key = pairKey(uaid, id)
    const value = this.#messages.get(key)
    if (value !== undefined) this.#setSends(new MessageEntry(key, value), value.readUInt8(SENDS_AT) + 1)
  }

  /** Deletes an entry that was read in this transaction. @param nowMs where the outcome comes from its being over */
  drop(entry: MessageEntry, outcome: ReceiptOutcome, nowMs?: number): void {
    if (entry.hasReceipt) {
      this.#settle(entry.awaited, outcome, nowMs)
      this.#due.removeSync(dueKey(entry))
    }
    const message = entry.hasTopic ? readRecord(entry.record, this.#unreadable) : undefined
    if (message?.topic !== undefined)
      this.#topics.removeSync(topicKeyOf(entry.key.subarray(0, ID_BYTES), message.channelId, message.topic))
    this.#messages.removeSync(entry.key)
  }

  /** Up to `limit` messages with a receipt that expired before this time. */
  due(beforeMs: number, limit: number): MessageEntry[] {
    const keys = [...this.#due.getKeys({ start: FIRST_DUE, end: timeBytes(beforeMs), limit })]
    return keys.flatMap((due) => {
      const key = due.subarray(TIME_BYTES)
      const value = this.#messages.get(key)
      return value === undefined ? [] : [new MessageEntry(key, value)]
    })
  }

  /** Deletes the messages of a channel. */
  dropChannel(uaid: Uaid, channelId: ChannelId): void {
    const channel = idToBytes(channelId)
    for (const entry of this.list(uaid)) if (entry.channel.equals(channel)) this.drop(entry, 'notDelivered')
  }

  /** Deletes all messages of a user agent. */
  dropAll(uaid: Uaid): void {
    for (const entry of this.list(uaid)) this.drop(entry, 'notDelivered')
  }

  #settle(awaited: AwaitedReceipt | undefined, outcome: ReceiptOutcome, nowMs?: number): void {
    if (awaited !== undefined) this.#receipts.settle(awaited, outcome, nowMs)
  }

  /** What has reached a socket stays so, whoever stored it first. */
  #raiseSends(key: Buffer, sends: number): void {
    const value = this.#messages.get(key)
    if (value !== undefined && value.readUInt8(SENDS_AT) < sends)
      this.#setSends(new MessageEntry(key, value), sends)
  }

  #setSends({ key, value }: MessageEntry, sends: number): void {
    value.writeUInt8(Math.min(sends, SENDS_MAX), SENDS_AT)
    this.#messages.putSync(key, value)
  }

  #read(range: RangeOptions): MessageEntry[] {
    return [...this.#messages.getRange(range)].map(({ key, value }) => new MessageEntry(key, value))
  }
}

function dueKey({ key, value }: MessageEntry): Buffer {
  return Buffer.concat([value.subarray(EXPIRY_AT, EXPIRY_AT + TIME_BYTES), key])
}

function timeBytes(ms: number): Buffer {
  const bytes = Buffer.allocUnsafe(TIME_BYTES)
  bytes.writeUIntBE(ms, 0, TIME_BYTES)
  return bytes
}

function topicKeyOf(uaidBytes: Buffer, channelId: ChannelId, topic: string): Buffer {
  return Buffer.concat([uaidBytes, idToBytes(channelId), Buffer.from(topic, 'latin1')])
}

function encode(message: Message, sends: number): Buffer {
  const head = Buffer.allocUnsafe(RECORD_AT)
  head.writeUInt8(sends, SENDS_AT)
  const flags =
    (message.topic === undefined ? 0 : HAS_TOPIC) | (message.receipt === undefined ? 0 : HAS_RECEIPT)
  head.writeUInt8(flags, FLAGS_AT)
  head.writeUIntBE(message.expiresAtMs, EXPIRY_AT, 6)
  head.set(idToBytes(message.channelId), CHANNEL_AT)
  return Buffer.concat([head, encodeMessage(message)])
}
