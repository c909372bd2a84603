import type { CryptoHeaders } from '../push/message.ts'
import { parseParameters } from './parameters.ts'

/** Where RFC 8188 section 2.1 puts the length of the key id: after the salt (16 bytes) and the record size (4). */
const KEYID_LENGTH_AT = 20

/**
 * Tells whether a message is encrypted with the key that signed for it, which RFC 8292 section 3.2 forbids: the key of
 * one message must not be the long-lived one of a sender.
 * @param key the VAPID key, 65 bytes
 */
export function isEcdhKey(key: Buffer, headers: CryptoHeaders, body: Buffer): boolean {
  if (headers.encoding === 'aes128gcm') {
    if (body[KEYID_LENGTH_AT] !== key.length) return false
    const start = KEYID_LENGTH_AT + 1
    const end = start + key.length
    return end <= body.length && key.compare(body, start, end) === 0
  }
  const entries = parseParameters(headers.cryptoKey ?? '') ?? []
  return entries.some((entry) => Buffer.from(entry.get('dh') ?? '', 'base64url').equals(key))
}
