import type { ChannelId, Uaid } from '../push/ids.ts'
import type { CryptoHeaders, Message } from '../push/message.ts'
import type { BroadcastAnswer } from './broadcast-answer.ts'

/** What the service says to a user agent, apart from notifications. */
export type ServerFrame =
  | { readonly kind: 'hello'; readonly uaid: Uaid; readonly broadcasts: BroadcastAnswer }
  | { readonly kind: 'registered'; readonly channelId: ChannelId; readonly pushEndpoint: string }
  /** 400: the key is none. 500: the store could not do it; the connection stays. */
  | { readonly kind: 'registerFailed'; readonly channelId: ChannelId; readonly status: 400 | 500 }
  | { readonly kind: 'unregister'; readonly channelId: ChannelId; readonly status: 200 | 500 }
  /** 500: the store could not do it; what was wanted before stays. */
  | { readonly kind: 'urgency'; readonly status: 200 | 500 }
  | { readonly kind: 'broadcast'; readonly broadcasts: BroadcastAnswer }
  | { readonly kind: 'pong' }

/** The text of a frame. */
export function frameText(frame: ServerFrame): string {
  return frame.kind === 'pong' ? '{}' : JSON.stringify(frameFields(frame))
}

function frameFields(frame: Exclude<ServerFrame, { kind: 'pong' }>): object {
  switch (frame.kind) {
    case 'hello':
      return {
        messageType: 'hello',
        uaid: frame.uaid,
        status: 200,
        use_webpush: true,
        broadcasts: broadcastFields(frame.broadcasts),
      }
    case 'registered':
      return {
        messageType: 'register',
        channelID: frame.channelId,
        status: 200,
        pushEndpoint: frame.pushEndpoint,
      }
    case 'registerFailed':
      return { messageType: 'register', channelID: frame.channelId, status: frame.status }
    case 'unregister':
      return { messageType: 'unregister', channelID: frame.channelId, status: frame.status }
    case 'urgency':
      return { messageType: 'urgency', status: frame.status }
    case 'broadcast':
      return { messageType: 'broadcast', broadcasts: broadcastFields(frame.broadcasts) }
  }
}

function broadcastFields({ values, errors }: BroadcastAnswer): object {
  return { ...Object.fromEntries(values), ...(errors.length > 0 && { errors: Object.fromEntries(errors) }) }
}

/**
 * The text of a notification. Built by hand: ids, base64url and numbers need no escaping, and this is the hot path.
 * @param ttlSeconds what is left of the message's time to live
 */
export function notificationText(message: Message, ttlSeconds: number): string {
  const head = `{"messageType":"notification","channelID":"${message.channelId}","version":"${message.id}","ttl":${ttlSeconds}`
  const { body, headers } = message
  if (headers === undefined) return `${head}}`
  const data = asBuffer(body).toString('base64url')
  return `${head},"data":"${data}","headers":${headersText(headers)}}`
}

/** It is one already where it has not come over a bus, and another view of the same bytes costs as much as their text. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}

function headersText(headers: CryptoHeaders): string {
  if (headers.encryption === undefined && headers.cryptoKey === undefined) {
    return `{"encoding":"${headers.encoding}"}`
  }
  const { encoding, encryption, cryptoKey } = headers
  return JSON.stringify({ encoding, encryption, crypto_key: cryptoKey })
}
