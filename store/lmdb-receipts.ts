import type { Database } from 'lmdb'
import {
  ID_BYTES,
  idToBytes,
  type MessageId,
  messageIdFromBytes,
  type ReceiptSubscriptionId,
} from '../push/ids.ts'
import {
  type AwaitedReceipt,
  ENDED_KEPT_MS,
  RECEIPT_KEPT_MS,
  type Receipt,
  type ReceiptOutcome,
  SENT_ONLY,
} from '../push/receipt.ts'
import { following, pairKey } from './lmdb-keys.ts'
import type { FetchedReceipt, Handover, ReceiptPage, WantedReceipts } from './store.ts'

/** By their number in the database. */
const OUTCOMES: readonly ReceiptOutcome[] = ['acknowledged', 'notDelivered', 'none']
const MS_BYTES = 6
const OUTCOME_AT = 0
const KEPT_AT = 1
const FETCHED_AT = KEPT_AT + MS_BYTES
const CHANNEL_AT = FETCHED_AT + MS_BYTES
/** In the place of the time at which a receipt was fetched, for one that waits. */
const WAITING = 0
const PRESENT = Buffer.alloc(1)

/** A record of the second database. */
interface HandedRecord {
  readonly id: MessageId
  readonly time: number
}

/** What a transaction has written. */
interface WrittenReceipts {
  /** Subscriptions whose readers have something to look at. */
  readonly changed: Set<ReceiptSubscriptionId>
  readonly outcomes: ReceiptOutcome[]
}

/**
 * Receipts, in two LMDB databases:
 *
 *     receipts: subscription 16 | message id 16                 -> outcome 1 | kept until 6 | fetched at 6 | sealed channel 48
 *               subscription 16                                 -> kept until 6; the subscription has been ended
 *     handed:   subscription 16 | fetched at 6 | message id 16  -> a byte
 *
 * The second is an index of the first, without the outcomes that nobody is told of. Times are in milliseconds since the epoch; a
 * receipt that was never fetched has 0, and SENT_ONLY is added where nobody knows whether it got there. All that writes runs in a transaction.
 */
export class LmdbReceipts {
  readonly #receipts: Database<Buffer, Buffer>
  readonly #handed: Database<Buffer, Buffer>
  #written: WrittenReceipts | undefined

  constructor(receipts: Database<Buffer, Buffer>, handed: Database<Buffer, Buffer>) {
    this.#receipts = receipts
    this.#handed = handed
  }

  /** Writes the outcome of a message, unless it has one. @param nowMs an outcome written late is kept as long as one in time */
  settle({ id, expiresAtMs, receipt }: AwaitedReceipt, outcome: ReceiptOutcome, nowMs = 0): void {
    const { subscription, sealedChannel } = receipt
    const key = pairKey(subscription, id)
    if (this.#receipts.doesExist(key)) return
    const head = Buffer.alloc(CHANNEL_AT)
    head.writeUInt8(OUTCOMES.indexOf(outcome), OUTCOME_AT)
    head.writeUIntBE(Math.max(expiresAtMs, nowMs) + RECEIPT_KEPT_MS, KEPT_AT, MS_BYTES)
    this.#receipts.putSync(key, Buffer.concat([head, Buffer.from(sealedChannel, 'base64url')]))
    this.#writing.outcomes.push(outcome)
    if (outcome === 'none') return
    this.#handed.putSync(handedKey(key, WAITING), PRESENT)
    this.#writing.changed.add(subscription)
  }

  /** What was written since the last call, if anything was. */
  takeWritten(): WrittenReceipts | undefined {
    const written = this.#written
    this.#written = undefined
    return written
  }

  /** Receipts that wait. */
  list(subscription: ReceiptSubscriptionId, { after, limit }: WantedReceipts): ReceiptPage {
    const prefix = idToBytes(subscription)
    const first =
      after === undefined
        ? handedRange(prefix, WAITING)
        : following(handedKey(pairKey(subscription, after), WAITING))
    const end = handedRange(prefix, WAITING + 1)
    const ids = [...this.#handed.getKeys({ start: first, end, limit: limit + 1 })].map(messageOf)
    const more = ids.length > limit && ids.pop() !== undefined
    const receipts = ids.map((id) => this.#receipt(subscription, id))
    return { receipts, next: more ? receipts.at(-1)?.id : undefined }
  }

  /** Marks those as fetched that wait. */
  markFetched(
    subscription: ReceiptSubscriptionId,
    fetched: readonly FetchedReceipt[],
    handover: Handover,
  ): void {
    for (const { id, atMs } of fetched) {
      const key = pairKey(subscription, id)
      if (!this.#handed.doesExist(handedKey(key, WAITING))) continue
      this.#move(key, handover === 'got' ? atMs : SENT_ONLY + atMs)
    }
  }

  /** Those that were only sent between these times have got there. */
  confirmFetched(subscription: ReceiptSubscriptionId, fromMs: number, upToMs: number): void {
    for (const { id, time } of this.#handedBetween(subscription, SENT_ONLY + fromMs, SENT_ONLY + upToMs))
      this.#move(pairKey(subscription, id), time - SENT_ONLY)
  }

  /** Lets those wait again that were fetched later than this. */
  unmarkFetched(subscription: ReceiptSubscriptionId, afterMs: number): void {
    this.#waitAgain(subscription, [
      ...this.#handedBetween(subscription, afterMs + 1, SENT_ONLY - 1),
      ...this.#handedBetween(subscription, SENT_ONLY + afterMs + 1, TIME_MAX),
    ])
  }

  /** Lets those wait again that were only sent. */
  unmarkSent(subscription: ReceiptSubscriptionId): void {
    this.#waitAgain(subscription, this.#handedBetween(subscription, SENT_ONLY, TIME_MAX))
  }

  /** Whether any were only sent. */
  hasSent(subscription: ReceiptSubscriptionId): boolean {
    return this.#handedBetween(subscription, SENT_ONLY, TIME_MAX, 1).length > 0
  }

  /** Ends a subscription; false when it had ended already. */
  end(subscription: ReceiptSubscriptionId, nowMs: number): boolean {
    if (this.hasEnded(subscription)) return false
    const keptUntil = Buffer.alloc(MS_BYTES)
    keptUntil.writeUIntBE(nowMs + ENDED_KEPT_MS, 0, MS_BYTES)
    this.#receipts.putSync(idToBytes(subscription), keptUntil)
    this.#writing.changed.add(subscription)
    return true
  }

  hasEnded(subscription: ReceiptSubscriptionId): boolean {
    return this.#receipts.doesExist(idToBytes(subscription))
  }

  /** The next `limit` records from `start` on: receipts, and marks of subscriptions that have been ended. */
  scan(start: Buffer, limit: number): { key: Buffer; keptUntilMs: number }[] {
    return [...this.#receipts.getRange({ start, limit })].map(({ key, value }) => ({
      key,
      keptUntilMs: value.readUIntBE(isMark(key) ? 0 : KEPT_AT, MS_BYTES),
    }))
  }

  /** Deletes a record by its key. */
  drop(key: Buffer): void {
    const value = this.#receipts.get(key)
    if (value === undefined) return
    if (!isMark(key)) this.#handed.removeSync(handedKey(key, fetchedAt(value)))
    this.#receipts.removeSync(key)
  }

  get #writing(): WrittenReceipts {
    this.#written ??= { changed: new Set(), outcomes: [] }
    return this.#written
  }

  #waitAgain(subscription: ReceiptSubscriptionId, handed: readonly HandedRecord[]): void {
    for (const { id } of handed) this.#move(pairKey(subscription, id), WAITING)
    if (handed.length > 0) this.#writing.changed.add(subscription)
  }

  #handedBetween(
    subscription: ReceiptSubscriptionId,
    fromTime: number,
    upToTime: number,
    limit?: number,
  ): HandedRecord[] {
    const prefix = idToBytes(subscription)
    const end = upToTime < TIME_MAX ? handedRange(prefix, upToTime + 1) : Buffer.concat([prefix, PAST_TIMES])
    const keys = this.#handed.getKeys({
      start: handedRange(prefix, fromTime),
      end,
      ...(limit !== undefined && { limit }),
    })
    return Array.from(keys, (key) => ({ id: messageOf(key), time: key.readUIntBE(ID_BYTES, MS_BYTES) }))
  }

  #move(key: Buffer, atMs: number): void {
    const value = this.#receipts.get(key)
    if (value === undefined) return
    this.#handed.removeSync(handedKey(key, fetchedAt(value)))
    this.#handed.putSync(handedKey(key, atMs), PRESENT)
    value.writeUIntBE(atMs, FETCHED_AT, MS_BYTES)
    this.#receipts.putSync(key, value)
  }

  #receipt(subscription: ReceiptSubscriptionId, id: MessageId): Receipt {
    const value = this.#receipts.get(pairKey(subscription, id))
    const outcome = value === undefined ? undefined : OUTCOMES[value.readUInt8(OUTCOME_AT)]
    if (value === undefined || outcome === undefined || outcome === 'none')
      throw new Error('a receipt waits that is not there')
    return { id, sealedChannel: value.toString('base64url', CHANNEL_AT), outcome }
  }
}

/** Whether a record says that a subscription has been ended. */
function isMark(key: Buffer): boolean {
  return key.length === ID_BYTES
}

const TIME_MAX = 2 ** 48 - 1
const PAST_TIMES = Buffer.alloc(MS_BYTES + 1, 0xff)

function handedKey(key: Buffer, atMs: number): Buffer {
  return Buffer.concat([handedRange(key.subarray(0, ID_BYTES), atMs), key.subarray(ID_BYTES)])
}

/** What all keys of receipts fetched at this time begin with, and where those fetched then or later begin. */
function handedRange(prefix: Buffer, atMs: number): Buffer {
  const time = Buffer.allocUnsafe(MS_BYTES)
  time.writeUIntBE(atMs, 0, MS_BYTES)
  return Buffer.concat([prefix, time])
}

function messageOf(handed: Buffer): MessageId {
  return messageIdFromBytes(handed.subarray(ID_BYTES + MS_BYTES))
}

function fetchedAt(value: Buffer): number {
  return value.readUIntBE(FETCHED_AT, MS_BYTES)
}
