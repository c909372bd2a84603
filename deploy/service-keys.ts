import type { Random } from '../cluster/clock.ts'
import { SERVICE_KEY_BYTES, SERVICE_KEYS_MAX } from '../push/tokens.ts'

const HEX = /^[0-9a-f]{64}$/i
const BASE64URL = /^[A-Za-z0-9_-]{43}$/

/** What a list of service keys has to look like, for messages and help. */
export const SERVICE_KEYS_EXPECTED = `1 to ${SERVICE_KEYS_MAX} keys of ${SERVICE_KEY_BYTES} bytes, newest first, separated by commas, each as 43 characters of base64url or 64 of hex`

/** Reads one service key in hexadecimal or base64url; undefined when it is neither. */
export function parseServiceKey(text: string): Uint8Array | undefined {
  if (HEX.test(text)) return Buffer.from(text, 'hex')
  return BASE64URL.test(text) ? Buffer.from(text, 'base64url') : undefined
}

/** Reads a list of service keys, newest first; undefined unless every one is right and none is there twice. */
export function parseServiceKeys(texts: readonly string[]): readonly Uint8Array[] | undefined {
  const keys = texts.map(parseServiceKey).filter((key) => key !== undefined)
  const distinct = new Set(keys.map(formatServiceKey))
  const right = keys.length === texts.length && distinct.size === keys.length
  return right && keys.length >= 1 && keys.length <= SERVICE_KEYS_MAX ? keys : undefined
}

/** Makes a service key. */
export function newServiceKey(random: Random): Uint8Array {
  return random.bytes(SERVICE_KEY_BYTES)
}

/** Writes a service key as base64url. */
export function formatServiceKey(key: Uint8Array): string {
  return Buffer.from(key).toString('base64url')
}

/** Describes wrong keys by their number and lengths only: one of them may be right, and all of them are secret. */
export function describeServiceKeys(texts: readonly string[]): string {
  const lengths = texts.map((text) => text.length)
  return `${texts.length} ${texts.length === 1 ? 'key' : 'keys'} of ${lengths.join(', ')} characters`
}
