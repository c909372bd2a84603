import { Binary, type Collection, type Db, type IndexDescription } from 'mongodb'
import type { BroadcastId, BroadcastSource, BroadcastVersion } from '../push/broadcast.ts'
import {
  ID_BYTES,
  idToBytes,
  type LongId,
  messageIdFromBytes,
  type ReceiptSubscriptionId,
  receiptSubscriptionIdFromBytes,
  type Uaid,
  uaidFromBytes,
} from '../push/ids.ts'
import type { Message, ReceiptRequest } from '../push/message.ts'
import { type AwaitedReceipt, ENDED_KEPT_MS, RECEIPT_KEPT_MS, type ReceiptOutcome } from '../push/receipt.ts'
import { encodeMessage } from '../push/record.ts'
import { urgencyRank } from '../push/urgency.ts'
import type { BroadcastCollection, DocumentCollection } from './mongodb-collection.ts'

/** A user agent in the collection `agents`. It is there exactly as long as it has a channel, crashes aside. */
export interface AgentDocument {
  /** The UAID, a UUID. */
  readonly _id: Binary
  /** Channel id -> digest of the key it is restricted to, or an empty string. */
  readonly channels: Readonly<Record<string, string>>
  readonly lastConnect: BsonDate
  /** Rank of the least urgency it wants; absent for every one. */
  readonly minUrgency?: number
}

/** A message in the collection `messages`. What queries need stands beside the record. */
export interface MessageDocument {
  /** The message id, a UUID. */
  readonly _id: Binary
  /** The UAID, a UUID; with `_id` the index of every read, and the shard key. */
  readonly u: Binary
  /** The channel id, a UUID. */
  readonly channel: Binary
  readonly topic?: string
  /** Rank among all urgencies. */
  readonly urgency: number
  readonly expiresAt: BsonDate
  /** When the database itself may drop the document; never where a receipt has to be written first. */
  readonly gcAt?: BsonDate
  /** Receipt subscription, 16 bytes, and sealed channel, where a receipt is asked for. */
  readonly receipt?: Binary
  /** The same as `expiresAt`, where a receipt is asked for. */
  readonly dueAt?: BsonDate
  readonly sends: number
  /** The message as push/record.ts encodes it. */
  readonly record: Binary
}

/** What became of a message, for its sender, in the collection `receipts`. */
export interface ReceiptDocument {
  /** The message id, a UUID. */
  readonly _id: Binary
  /** The receipt subscription, a UUID; the shard key. */
  readonly s: Binary
  /** Place in `OUTCOMES`. */
  readonly outcome: number
  /** The sealed part of the message's resource. */
  readonly channel: Binary
  /** When it was handed over, in milliseconds since the epoch, with SENT_ONLY added while nobody knows whether it got there; WAITING, or SILENT. */
  readonly fetchedAt: number
  /** When the database itself may drop the document. */
  readonly gcAt: BsonDate
}

/** A receipt subscription that has been ended, in the collection `ended_receipts`. */
export interface EndedReceiptsDocument {
  /** Its id, a UUID. */
  readonly _id: Binary
  /** When garbage collection may drop the document. */
  readonly gcAt: BsonDate
}

/** By their number in the database. */
export const OUTCOMES: readonly ReceiptOutcome[] = ['acknowledged', 'notDelivered', 'none']
/** In the place of the time at which a receipt was fetched, for one that waits. */
export const WAITING = 0
/** The same for an outcome that nobody is told of. */
const SILENT = -1

/** A broadcast in the collection `broadcasts`. */
export interface BroadcastDocument {
  /** `broadcaster/channel`. */
  readonly _id: BroadcastId
  readonly version: BroadcastVersion
  readonly source: BroadcastSource
}

/** What the store works on. */
export interface Collections {
  readonly agents: DocumentCollection<AgentDocument>
  readonly messages: DocumentCollection<MessageDocument>
  readonly receipts: DocumentCollection<ReceiptDocument>
  readonly endedReceipts: DocumentCollection<EndedReceiptsDocument>
  readonly broadcasts: BroadcastCollection<BroadcastDocument>
}

/** The collection of user agents, with their channels. */
export const AGENTS = 'agents'
/** The collection of messages that wait. */
export const MESSAGES = 'messages'
/** The collection of outcomes, as receipts. */
export const RECEIPTS = 'receipts'
/** The collection of receipt subscriptions that have been ended. */
export const ENDED_RECEIPTS = 'ended_receipts'
/** The collection of broadcasts' values. */
export const BROADCASTS = 'broadcasts'

/** The index that serves every read of messages, and is the shard key. */
export const MESSAGES_OF_AGENT = { u: 1, _id: 1 } as const

/** The indexes of each collection beside that of `_id`; `broadcasts` needs no other. */
export const INDEXES: Readonly<Record<string, readonly IndexDescription[]>> = {
  [AGENTS]: [{ name: 'last_connect', key: { lastConnect: 1 } }],
  [MESSAGES]: [
    { name: 'messages_of_agent', key: MESSAGES_OF_AGENT },
    { name: 'garbage', key: { gcAt: 1 }, expireAfterSeconds: 0 },
    // Of few messages: what is not in it costs nothing.
    { name: 'due', key: { dueAt: 1 }, sparse: true },
  ],
  [RECEIPTS]: [
    { name: 'receipts_of_subscription', key: { s: 1, fetchedAt: 1, _id: 1 } },
    { name: 'garbage', key: { gcAt: 1 }, expireAfterSeconds: 0 },
  ],
  [ENDED_RECEIPTS]: [{ name: 'garbage', key: { gcAt: 1 } }],
}

/** Names the collections of a database. */
export function collectionsOf(db: Db): {
  agents: Collection<AgentDocument>
  messages: Collection<MessageDocument>
  receipts: Collection<ReceiptDocument>
  endedReceipts: Collection<EndedReceiptsDocument>
  broadcasts: Collection<BroadcastDocument>
} {
  return {
    agents: db.collection(AGENTS),
    messages: db.collection(MESSAGES),
    receipts: db.collection(RECEIPTS),
    endedReceipts: db.collection(ENDED_RECEIPTS),
    broadcasts: db.collection(BROADCASTS),
  }
}

/** Makes the collections and indexes that are not there yet; any number of processes may do so at once. */
export async function createSchema(db: Db): Promise<void> {
  for (const [collection, indexes] of Object.entries(INDEXES))
    await db.collection(collection).createIndexes([...indexes])
}

/** An id as the database keeps it. One subtype and length everywhere: BSON compares those before the bytes. */
export function uuid(id: LongId): Binary {
  return new Binary(idToBytes(id), Binary.SUBTYPE_UUID)
}

/** The UAID of nobody, because UAIDs are random: for trying whether the database can be written. */
export const NOBODY = uaidFromBytes(Buffer.alloc(ID_BYTES))

/** A wall time, in milliseconds, as the database keeps it: TTL indexes know no other kind. */
export function date(ms: number) {
  // biome-ignore lint/style/noRestrictedGlobals: turns a given time into another form; no clock is read
  return new Date(ms)
}

/** What `date` gives. */
export type BsonDate = ReturnType<typeof date>

/** A message as the database keeps it; `expiredKeptMs` after its expiry it may go. */
export function messageDocument(
  uaid: Uaid,
  message: Message,
  sends: number,
  expiredKeptMs: number,
): MessageDocument {
  return {
    _id: uuid(message.id),
    u: uuid(uaid),
    channel: uuid(message.channelId),
    ...(message.topic !== undefined && { topic: message.topic }),
    urgency: urgencyRank(message.urgency),
    expiresAt: date(message.expiresAtMs),
    ...(message.receipt === undefined
      ? { gcAt: date(message.expiresAtMs + expiredKeptMs) }
      : { receipt: receiptBinary(message.receipt), dueAt: date(message.expiresAtMs) }),
    sends,
    record: new Binary(encodeMessage(message)),
  }
}

/** What is read of a message that is about to end. */
export type EndingDocument = Pick<MessageDocument, '_id' | 'u' | 'receipt' | 'expiresAt'>
/** Its projection. */
export const ENDING = { u: 1, receipt: 1, expiresAt: 1 } as const

/** What is needed for the receipt of a message; undefined when none is asked for. */
export function awaitedReceiptOf({ _id, receipt, expiresAt }: EndingDocument): AwaitedReceipt | undefined {
  if (receipt === undefined) return undefined
  const bytes = Buffer.from(receipt.buffer)
  return {
    id: messageIdFromBytes(_id.buffer),
    expiresAtMs: expiresAt.getTime(),
    receipt: {
      subscription: receiptSubscriptionIdFromBytes(bytes.subarray(0, ID_BYTES)),
      sealedChannel: bytes.toString('base64url', ID_BYTES),
    },
  }
}

/** A receipt as the database keeps it: for as long after the message has expired, also when it is written later than that. */
export function receiptDocument(
  { id, expiresAtMs, receipt }: AwaitedReceipt,
  outcome: ReceiptOutcome,
  nowMs: number,
): ReceiptDocument {
  return {
    _id: uuid(id),
    s: uuid(receipt.subscription),
    outcome: OUTCOMES.indexOf(outcome),
    channel: new Binary(Buffer.from(receipt.sealedChannel, 'base64url')),
    fetchedAt: outcome === 'none' ? SILENT : WAITING,
    gcAt: date(Math.max(expiresAtMs, nowMs) + RECEIPT_KEPT_MS),
  }
}

/** The mark of a receipt subscription that has been ended now. */
export function endedReceiptsDocument(
  subscription: ReceiptSubscriptionId,
  nowMs: number,
): EndedReceiptsDocument {
  return { _id: uuid(subscription), gcAt: date(nowMs + ENDED_KEPT_MS) }
}

function receiptBinary({ subscription, sealedChannel }: ReceiptRequest): Binary {
  return new Binary(Buffer.concat([idToBytes(subscription), Buffer.from(sealedChannel, 'base64url')]))
}
