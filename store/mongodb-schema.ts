import { Binary, type Collection, type Db, type IndexDescription } from 'mongodb'
import type { BroadcastId, BroadcastSource, BroadcastVersion } from '../push/broadcast.ts'
import { type ChannelId, ID_BYTES, idToBytes, type MessageId, type Uaid, uaidFromBytes } from '../push/ids.ts'
import type { Message } from '../push/message.ts'
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
  /** When the database itself may drop the document. */
  readonly gcAt: BsonDate
  readonly sends: number
  /** The message as push/record.ts encodes it. */
  readonly record: Binary
}

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
  readonly broadcasts: BroadcastCollection<BroadcastDocument>
}

/** Names of the collections. */
export const AGENTS = 'agents'
export const MESSAGES = 'messages'
export const BROADCASTS = 'broadcasts'

/** The index that serves every read of messages, and is the shard key. */
export const MESSAGES_OF_AGENT = { u: 1, _id: 1 } as const

/** The indexes of each collection beside that of `_id`; `broadcasts` needs no other. */
export const INDEXES: Readonly<Record<string, readonly IndexDescription[]>> = {
  [AGENTS]: [{ name: 'last_connect', key: { lastConnect: 1 } }],
  [MESSAGES]: [
    { name: 'messages_of_agent', key: MESSAGES_OF_AGENT },
    { name: 'garbage', key: { gcAt: 1 }, expireAfterSeconds: 0 },
  ],
}

/** Names the collections of a database. */
export function collectionsOf(db: Db): {
  agents: Collection<AgentDocument>
  messages: Collection<MessageDocument>
  broadcasts: Collection<BroadcastDocument>
} {
  return {
    agents: db.collection(AGENTS),
    messages: db.collection(MESSAGES),
    broadcasts: db.collection(BROADCASTS),
  }
}

/** Makes the collections and indexes that are not there yet; any number of processes may do so at once. */
export async function createSchema(db: Db): Promise<void> {
  for (const [collection, indexes] of Object.entries(INDEXES))
    await db.collection(collection).createIndexes([...indexes])
}

/** An id as the database keeps it. One subtype and length everywhere: BSON compares those before the bytes. */
export function uuid(id: Uaid | ChannelId | MessageId): Binary {
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
    gcAt: date(message.expiresAtMs + expiredKeptMs),
    sends,
    record: new Binary(encodeMessage(message)),
  }
}
