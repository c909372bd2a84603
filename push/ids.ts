import type { Random } from '../cluster/clock.ts'

/** Id of a user agent: 128 bits as 32 lower-case hexadecimal digits, the only form Firefox takes back unchanged. */
export type Uaid = string & { readonly __brand: 'Uaid' }
/** Id of a channel (one subscription), chosen by the user agent: a lower-case dashed UUID. */
export type ChannelId = string & { readonly __brand: 'ChannelId' }
/** Id of a push message: a lower-case dashed UUIDv7 (RFC 9562 section 5.7), so ids order roughly by acceptance. */
export type MessageId = string & { readonly __brand: 'MessageId' }
/** First 8 bytes of the SHA-256 of a subscription's VAPID key, in hexadecimal; empty for an unrestricted one. */
export type KeyDigest = string & { readonly __brand: 'KeyDigest' }
/** Id of one connection of a user agent, 8 random bytes in hexadecimal: breaks ties between its sessions. */
export type SessionId = string & { readonly __brand: 'SessionId' }
/** Id of a receipt subscription (RFC 8030 section 5.1): 128 random bits as 32 lower-case hexadecimal digits. */
export type ReceiptSubscriptionId = string & { readonly __brand: 'ReceiptSubscriptionId' }

/** Bytes of an id in every binary encoding. */
export const ID_BYTES = 16
/** Bytes of a session id and of a key's digest. */
export const SHORT_ID_BYTES = 8

const BARE_UUID = /^[0-9a-f]{32}$/
const DASHED_UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Reads the UAID of a hello: 32 hexadecimal digits or a dashed UUID, in any case. */
export function parseUaid(text: string): Uaid | undefined {
  const lower = text.toLowerCase()
  if (BARE_UUID.test(lower)) return lower as Uaid
  return DASHED_UUID.test(lower) ? (lower.replaceAll('-', '') as Uaid) : undefined
}

/** Reads a channel id: a dashed UUID in lower case and nothing else, as autopush has it. */
export function parseChannelId(text: string): ChannelId | undefined {
  return DASHED_UUID.test(text) ? (text as ChannelId) : undefined
}

/** Reads a message id, the `version` of a notification. */
export function parseMessageId(text: string): MessageId | undefined {
  return DASHED_UUID.test(text) ? (text as MessageId) : undefined
}

/** Issues a new UAID: a random UUID (RFC 9562 section 5.4) without its dashes. */
export function newUaid(random: Random): Uaid {
  const bytes = Buffer.from(random.bytes(ID_BYTES))
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return bytes.toString('hex') as Uaid
}

/** Issues a session id. */
export function newSessionId(random: Random): SessionId {
  return Buffer.from(random.bytes(8)).toString('hex') as SessionId
}

/** Issues the id of a receipt subscription. */
export function newReceiptSubscriptionId(random: Random): ReceiptSubscriptionId {
  return receiptSubscriptionIdFromBytes(random.bytes(ID_BYTES))
}

/** An id of 16 bytes. */
export type LongId = Uaid | ChannelId | MessageId | ReceiptSubscriptionId

/** The 16 bytes of an id, dashed or not. */
export function idToBytes(id: LongId): Buffer {
  return Buffer.from(id.length === 32 ? id : id.replaceAll('-', ''), 'hex')
}

/** The UAID in 16 bytes. */
export function uaidFromBytes(bytes: Uint8Array): Uaid {
  return hexOf(bytes) as Uaid
}

/** The channel id in 16 bytes. */
export function channelIdFromBytes(bytes: Uint8Array): ChannelId {
  return dashed(hexOf(bytes)) as ChannelId
}

/** The message id in 16 bytes. */
export function messageIdFromBytes(bytes: Uint8Array): MessageId {
  return dashed(hexOf(bytes)) as MessageId
}

/** The id of a receipt subscription in 16 bytes. */
export function receiptSubscriptionIdFromBytes(bytes: Uint8Array): ReceiptSubscriptionId {
  return hexOf(bytes) as ReceiptSubscriptionId
}

/** The 8 bytes of a session id, or of a digest (none for the empty one of a key). */
export function shortIdToBytes(id: string): Buffer {
  return Buffer.from(id, 'hex')
}

/** The session id in 8 bytes. */
export function sessionIdFromBytes(bytes: Uint8Array): SessionId {
  return shortHexOf(bytes) as SessionId
}

/** The digest of a key in 8 bytes; the empty one in none. */
export function keyDigestFromBytes(bytes: Uint8Array): KeyDigest {
  return (bytes.length === 0 ? '' : shortHexOf(bytes)) as KeyDigest
}

/** 8 bytes in hexadecimal. @throws RangeError when there are more or less */
export function shortHexOf(bytes: Uint8Array): string {
  if (bytes.length !== SHORT_ID_BYTES) {
    throw new RangeError(`a short id has ${SHORT_ID_BYTES} bytes, not ${bytes.length}`)
  }
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}

function hexOf(bytes: Uint8Array): string {
  if (bytes.length !== ID_BYTES) throw new RangeError(`an id has ${ID_BYTES} bytes, not ${bytes.length}`)
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}

function dashed(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
