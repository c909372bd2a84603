import { createHash, ECDH } from 'node:crypto'
import {
  type ChannelId,
  type MessageId,
  parseChannelId,
  parseMessageId,
  parseUaid,
  type Uaid,
} from '../push/ids.ts'
import { parseUrgency, type Urgency } from '../push/urgency.ts'

/** What a user agent says, parsed from one text frame. */
export type ClientMessage =
  /** `broadcasts` is absent when it names none. */
  | { readonly kind: 'hello'; readonly uaid: Uaid | undefined; readonly broadcasts?: NamedBroadcasts }
  /** `keyHash` is the SHA-256 of the VAPID key; `invalid` for a key that is none. */
  | {
      readonly kind: 'register'
      readonly channelId: ChannelId
      readonly keyHash: Uint8Array | 'invalid' | undefined
    }
  | { readonly kind: 'unregister'; readonly channelId: ChannelId; readonly code: number }
  | { readonly kind: 'broadcastSubscribe'; readonly broadcasts: NamedBroadcasts }
  | { readonly kind: 'ack'; readonly updates: readonly AckUpdate[] }
  | { readonly kind: 'nack'; readonly id: MessageId | undefined; readonly code: number }
  /** The least urgency it wants to be sent for now; messages below it wait. */
  | { readonly kind: 'urgency'; readonly min: Urgency }
  | { readonly kind: 'ping' }
  | { readonly kind: 'invalid'; readonly why: string }

/** The broadcasts a user agent wants to hear of, each with the version it has; ids and versions may be any text. */
export type NamedBroadcasts = readonly (readonly [id: string, version: string])[]

/** One message acknowledged: 100 delivered, 101 decryption failed, 102 not delivered. */
export interface AckUpdate {
  readonly channelId: ChannelId
  readonly id: MessageId
  readonly code: number
}

type Fields = Readonly<Record<string, unknown>>

/** Ack code of a user agent that names none. */
const ACK_DELIVERED = 100
/** Unregister code of a user agent that names none: the user asked for it. */
const UNREGISTER_USER = 200
const PING = { kind: 'ping' } as const

/** Parses one text frame of the autopush protocol; whatever it holds, it never throws. */
export function parseClientMessage(text: string): ClientMessage {
  const fields = parseObject(text)
  if (fields === undefined) return invalid('a frame must be one JSON object')
  const type = fields['messageType']
  if (type === undefined && Object.keys(fields).length === 0) return PING
  switch (type) {
    case 'hello':
      return hello(fields)
    case 'register':
      return register(fields)
    case 'unregister':
      return unregister(fields)
    case 'broadcast_subscribe':
      return broadcastSubscribe(fields)
    case 'ack':
      return ack(fields)
    case 'nack':
      return { kind: 'nack', id: messageId(fields['version']), code: code(fields['code'], 0) }
    case 'urgency':
      return urgency(fields)
    case 'ping':
      return PING
    default:
      return invalid('unknown messageType')
  }
}

function hello(fields: Fields): ClientMessage {
  if (fields['use_webpush'] === false) return invalid('use_webpush must be true')
  const uaid = fields['uaid']
  const broadcasts = namedBroadcasts(fields['broadcasts'])
  if (broadcasts === undefined) return invalid('broadcasts must be an object of strings')
  const hello = { kind: 'hello', uaid: typeof uaid === 'string' ? parseUaid(uaid) : undefined } as const
  return broadcasts.length === 0 ? hello : { ...hello, broadcasts }
}

function register(fields: Fields): ClientMessage {
  const id = channelId(fields)
  if (id === undefined) return invalid('channelID must be a lower-case dashed UUID')
  const key = fields['key']
  return {
    kind: 'register',
    channelId: id,
    keyHash: key === undefined || key === null ? undefined : hashOfKey(key),
  }
}

function unregister(fields: Fields): ClientMessage {
  const id = channelId(fields)
  if (id === undefined) return invalid('channelID must be a lower-case dashed UUID')
  return { kind: 'unregister', channelId: id, code: code(fields['code'], UNREGISTER_USER) }
}

function broadcastSubscribe(fields: Fields): ClientMessage {
  const broadcasts = namedBroadcasts(fields['broadcasts'])
  if (broadcasts === undefined) return invalid('broadcasts must be an object of strings')
  return { kind: 'broadcastSubscribe', broadcasts }
}

function urgency(fields: Fields): ClientMessage {
  const min = parseUrgency(fields['min'])
  return min === undefined ? invalid('min must be very-low, low, normal or high') : { kind: 'urgency', min }
}

/** Updates of channels or versions that can't be ours are left out: unknown versions are ignored. */
function ack(fields: Fields): ClientMessage {
  const updates = fields['updates']
  if (!Array.isArray(updates)) return invalid('updates must be an array')
  const known: AckUpdate[] = []
  for (const update of updates) {
    if (!isObject(update)) return invalid('an update must be an object')
    const channel = channelId(update)
    const id = messageId(update['version'])
    if (channel !== undefined && id !== undefined) {
      known.push({ channelId: channel, id, code: code(update['code'], ACK_DELIVERED) })
    }
  }
  return { kind: 'ack', updates: known }
}

function parseObject(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function channelId(fields: Fields): ChannelId | undefined {
  const id = fields['channelID']
  return typeof id === 'string' ? parseChannelId(id) : undefined
}

function messageId(version: unknown): MessageId | undefined {
  return typeof version === 'string' ? parseMessageId(version) : undefined
}

function code(value: unknown, fallback: number): number {
  return typeof value === 'number' ? value : fallback
}

function namedBroadcasts(value: unknown): NamedBroadcasts | undefined {
  if (value === undefined || value === null) return []
  if (!isObject(value)) return undefined
  const named: [string, string][] = []
  for (const [id, version] of Object.entries(value)) {
    if (typeof version !== 'string') return undefined
    named.push([id, version])
  }
  return named
}

const POINT_BYTES = 65
const BASE64_OF_A_POINT = /^[A-Za-z0-9_+/-]{87}=?$/

/**
 * The SHA-256 of a P-256 public key (uncompressed point, RFC 8292 section 3.2), given in base64url or base64, padded or not.
 * A point off the curve could never have signed anything: it is refused here, not at every POST.
 */
function hashOfKey(key: unknown): Uint8Array | 'invalid' {
  if (typeof key !== 'string' || !BASE64_OF_A_POINT.test(key)) return 'invalid'
  const point = Buffer.from(key, 'base64')
  if (point.length !== POINT_BYTES || point[0] !== 4) return 'invalid'
  try {
    ECDH.convertKey(point, 'prime256v1')
  } catch {
    return 'invalid'
  }
  return createHash('sha256').update(point).digest()
}

function invalid(why: string): ClientMessage {
  return { kind: 'invalid', why }
}
