import { ECDH } from 'node:crypto'
import { parseBroadcastId, parseBroadcastVersion } from '../../push/broadcast.ts'
import { type Kind, oneOf, quote, wholeNumber } from '../option-kinds.ts'

/** Bytes of an uncompressed point of P-256. */
const POINT_BYTES = 65
const WAIT_MAX_SECONDS = 7 * 24 * 60 * 60
const CHANNEL_NAME = /^[\w.-]{1,64}$/
const TOPIC = /^[A-Za-z0-9_-]{1,32}$/

/** URL of the websocket side of a push service. */
export const websocketUrl: Kind<string> = {
  placeholder: 'URL',
  expected: 'a ws:// or wss:// URL, like wss://push.example.org/',
  hint: '',
  parse(text) {
    if (!URL.canParse(text)) return undefined
    const url = new URL(text)
    return (url.protocol === 'ws:' || url.protocol === 'wss:') && url.hash === '' ? url.href : undefined
  },
  describe: quote,
}

/** URL of a message, as `send` prints it. */
export const messageUrl: Kind<string> = {
  placeholder: 'LOCATION',
  expected: 'the http:// or https:// URL of a message, its location',
  hint: '',
  parse: (text) => (/^https?:\/\//.test(text) && URL.canParse(text) ? text : undefined),
  describe: quote,
}

/** What a user calls a subscription. */
export const channelName: Kind<string> = {
  placeholder: 'NAME',
  expected: '1 to 64 letters, digits, dots, dashes and underscores',
  hint: '',
  parse: (text) => (CHANNEL_NAME.test(text) ? text : undefined),
  describe: quote,
}

/** Public key of an application server (RFC 8292 section 3.2), normalised to base64url without padding. */
export const vapidKey: Kind<string> = {
  placeholder: 'KEY',
  expected: 'a P-256 public key in base64url, as `pushgrid send --vapid-key` prints it',
  hint: '',
  parse(text) {
    if (!/^[A-Za-z0-9_+/-]{87}=?$/.test(text)) return undefined
    const point = Buffer.from(text, 'base64url')
    return isPoint(point) ? point.toString('base64url') : undefined
  },
  describe: quote,
}

/** A broadcast and the version of it that one has; without a version one has none. */
export const broadcastVersion: Kind<readonly [id: string, version: string]> = {
  placeholder: 'ID=VERSION',
  expected: 'broadcaster/channel=version, or broadcaster/channel',
  hint: '',
  parse(text) {
    const at = text.indexOf('=')
    const [id, version] = at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
    const isRight = parseBroadcastId(id) && (version === '' || parseBroadcastVersion(version))
    return isRight ? [id, version] : undefined
  },
  describe: quote,
}

/** A wait, up to a week. */
export function seconds(min: number): Kind<number> {
  return { ...wholeNumber(min, WAIT_MAX_SECONDS), placeholder: 'SECONDS', hint: '' }
}

/** How a message is acknowledged. */
export const ackCode: Kind<100 | 101 | 102 | 'none'> = {
  ...oneOf(['100', '101', '102', 'none']),
  placeholder: 'CODE',
  parse: (text) => (text === 'none' ? text : ([100, 101, 102] as const).find((code) => `${code}` === text)),
}

/** Topic of a message (RFC 8030 section 5.4). */
export const topic: Kind<string> = {
  placeholder: 'TOPIC',
  expected: '1 to 32 letters, digits, dashes and underscores',
  hint: '',
  parse: (text) => (TOPIC.test(text) ? text : undefined),
  describe: quote,
}

/** Tells whether these bytes are a public key of P-256. */
export function isPoint(bytes: Uint8Array): boolean {
  if (bytes.length !== POINT_BYTES || bytes[0] !== 4) return false
  try {
    ECDH.convertKey(bytes, 'prime256v1')
    return true
  } catch {
    return false
  }
}
