import {
  channelIdFromBytes,
  ID_BYTES,
  idToBytes,
  type MessageId,
  messageIdFromBytes,
  receiptSubscriptionIdFromBytes,
} from './ids.ts'
import type { ContentEncoding, CryptoHeaders, Message, ReceiptRequest } from './message.ts'
import { SEALED_CHANNEL_BYTES } from './tokens.ts'
import type { Urgency } from './urgency.ts'

/**
 * The binary form of a message, the same in every store and on the bus; integers are big-endian.
 *
 *     version 1 | flags 1 | id 16 | channel id 16 | expiresAtMs 6 | ttlSeconds 4
 *     | [receipt subscription 16, sealed channel 48]
 *     | [topic: length 1, ASCII] | [encoding 1, encryption: length 2, ASCII, cryptoKey: length 2, ASCII] | body
 *
 * A receipt is asked for in version 2, and only there; in versions to come it stays where it is. The flags say which of the other parts in brackets are there, and the urgency.
 * A reader refuses a version it does not know: a message misread would be a message lost. Processes from before there were receipts
 * know version 1 only, which is what all other messages are written in.
 */
const PLAIN_VERSION = 1
const RECEIPT_VERSION = 2
const HAS_TOPIC = 1
const HAS_HEADERS = 2
/** Two bits: the place in URGENCY_CODES. */
const URGENCY_SHIFT = 2
const URGENCY_MASK = 3 << URGENCY_SHIFT
/** The usual one first, for it has no bit set. */
const URGENCY_CODES = ['normal', 'very-low', 'low', 'high'] as const satisfies readonly Urgency[]
const KNOWN_FLAGS = HAS_TOPIC | HAS_HEADERS | URGENCY_MASK
const FIXED_BYTES = 2 + 2 * ID_BYTES + 6 + 4
const RECEIPT_BYTES = ID_BYTES + SEALED_CHANNEL_BYTES
const ENCODINGS: readonly ContentEncoding[] = ['aes128gcm', 'aesgcm']

/** Encodes a message. */
export function encodeMessage(message: Message): Buffer {
  const { topic, headers, receipt } = message
  const extraBytes =
    (receipt === undefined ? 0 : RECEIPT_BYTES) +
    (topic === undefined ? 0 : 1 + topic.length) +
    headersBytes(headers)
  const out = Buffer.allocUnsafe(FIXED_BYTES + extraBytes + message.body.length)
  out.writeUInt8(receipt === undefined ? PLAIN_VERSION : RECEIPT_VERSION, 0)
  out.writeUInt8(flagsOf(message), 1)
  out.set(idToBytes(message.id), 2)
  out.set(idToBytes(message.channelId), 2 + ID_BYTES)
  out.writeUIntBE(message.expiresAtMs, 2 + 2 * ID_BYTES, 6)
  out.writeUInt32BE(message.ttlSeconds, 8 + 2 * ID_BYTES)
  let at = FIXED_BYTES
  if (receipt !== undefined) at = writeReceipt(out, receipt, at)
  if (topic !== undefined) at = writeText(out, topic, at, 1)
  if (headers !== undefined) {
    at = out.writeUInt8(ENCODINGS.indexOf(headers.encoding), at)
    at = writeText(out, headers.encryption ?? '', at, 2)
    at = writeText(out, headers.cryptoKey ?? '', at, 2)
  }
  out.set(message.body, at)
  return out
}

/** Decodes a message. Its body shares memory with `bytes`. @throws RangeError on another version or a damaged record */
export function decodeMessage(bytes: Uint8Array): Message {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const version = buffer.readUInt8(0)
  if (version !== PLAIN_VERSION && version !== RECEIPT_VERSION)
    throw new RangeError(`message record of version ${version}; this process reads 1 and 2`)
  const flags = buffer.readUInt8(1)
  if ((flags & ~KNOWN_FLAGS) !== 0) throw new RangeError(`message record with unknown flags ${flags}`)
  const reader = new Reader(buffer, FIXED_BYTES)
  const receipt = version === RECEIPT_VERSION ? readReceipt(reader) : undefined
  const topic = flags & HAS_TOPIC ? reader.text(1) : undefined
  const headers = flags & HAS_HEADERS ? readHeaders(reader) : undefined
  return {
    id: messageIdFromBytes(buffer.subarray(2, 2 + ID_BYTES)),
    channelId: channelIdFromBytes(buffer.subarray(2 + ID_BYTES, 2 + 2 * ID_BYTES)),
    ...(topic !== undefined && { topic }),
    expiresAtMs: buffer.readUIntBE(2 + 2 * ID_BYTES, 6),
    urgency: urgencyOf(flags),
    ttlSeconds: buffer.readUInt32BE(8 + 2 * ID_BYTES),
    ...(headers && { headers }),
    ...(receipt && { receipt }),
    body: reader.rest(),
  }
}

/** The urgency of an encoded message, without decoding the rest. */
export function recordUrgency(record: Uint8Array): Urgency {
  return urgencyOf(record[1] ?? 0)
}

/**
 * The receipt that is asked for in the record of this message, one of those with a receipt, also where the rest can't be read: a newer version has written it, or
 * it is damaged. Undefined where it does not begin as such a record does.
 */
export function recordReceipt(record: Uint8Array, id: MessageId): ReceiptRequest | undefined {
  const buffer = Buffer.from(record.buffer, record.byteOffset, record.length)
  if (
    buffer.length < FIXED_BYTES + RECEIPT_BYTES ||
    buffer.compare(idToBytes(id), 0, ID_BYTES, 2, 2 + ID_BYTES)
  )
    return undefined
  return readReceipt(new Reader(buffer, FIXED_BYTES))
}

function flagsOf({ topic, headers, urgency }: Message): number {
  const parts = (topic === undefined ? 0 : HAS_TOPIC) | (headers === undefined ? 0 : HAS_HEADERS)
  return parts | (URGENCY_CODES.indexOf(urgency) << URGENCY_SHIFT)
}

function urgencyOf(flags: number): Urgency {
  return URGENCY_CODES[(flags & URGENCY_MASK) >> URGENCY_SHIFT] ?? 'normal'
}

function readHeaders(reader: Reader): CryptoHeaders {
  const index = reader.uint(1)
  const encoding = ENCODINGS[index]
  if (encoding === undefined) throw new RangeError(`message record with unknown content encoding ${index}`)
  const encryption = reader.text(2)
  const cryptoKey = reader.text(2)
  return { encoding, ...(encryption && { encryption }), ...(cryptoKey && { cryptoKey }) }
}

function readReceipt(reader: Reader): ReceiptRequest {
  return {
    subscription: receiptSubscriptionIdFromBytes(reader.bytes(ID_BYTES)),
    sealedChannel: reader.bytes(SEALED_CHANNEL_BYTES).toString('base64url'),
  }
}

function writeReceipt(out: Buffer, { subscription, sealedChannel }: ReceiptRequest, at: number): number {
  out.set(idToBytes(subscription), at)
  out.write(sealedChannel, at + ID_BYTES, 'base64url')
  return at + RECEIPT_BYTES
}

function headersBytes(headers: CryptoHeaders | undefined): number {
  if (headers === undefined) return 0
  return 5 + (headers.encryption?.length ?? 0) + (headers.cryptoKey?.length ?? 0)
}

function writeText(out: Buffer, text: string, at: number, lengthBytes: number): number {
  out.writeUIntBE(text.length, at, lengthBytes)
  out.write(text, at + lengthBytes, 'latin1')
  return at + lengthBytes + text.length
}

/** Reads the fields of variable length one after the other; Buffer throws RangeError past the end. */
class Reader {
  readonly #buffer: Buffer
  #at: number

  constructor(buffer: Buffer, at: number) {
    this.#buffer = buffer
    this.#at = at
  }

  uint(bytes: number): number {
    const value = this.#buffer.readUIntBE(this.#at, bytes)
    this.#at += bytes
    return value
  }

  bytes(length: number): Buffer {
    const end = this.#at + length
    if (end > this.#buffer.length) throw new RangeError('message record cut short')
    const bytes = this.#buffer.subarray(this.#at, end)
    this.#at = end
    return bytes
  }

  text(lengthBytes: number): string {
    return this.bytes(this.uint(lengthBytes)).toString('latin1')
  }

  rest(): Buffer {
    return this.#buffer.subarray(this.#at)
  }
}
