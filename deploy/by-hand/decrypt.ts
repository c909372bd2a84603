import { decrypt } from 'http_ece'
import type { Notification } from './server-frame.ts'
import { type Channel, keyOf } from './subscription.ts'

/** What is in a notification, for a reader. */
export type Content =
  | { readonly kind: 'empty' }
  | { readonly kind: 'text'; readonly text: string; readonly bytes: number }
  /** No UTF-8. */
  | { readonly kind: 'binary'; readonly base64url: string; readonly bytes: number }
  | { readonly kind: 'unreadable'; readonly why: string }

/** Decrypts a notification by RFC 8291 or, where its headers say so, the older draft (aesgcm). Whatever it holds, it never throws. */
export function contentOf(notification: Notification, channel: Channel): Content {
  const { data, headers } = notification
  if (data === undefined) return { kind: 'empty' }
  try {
    return contentOfBytes(decrypt(Buffer.from(data, 'base64url'), parametersOf(headers, channel)))
  } catch (error) {
    return { kind: 'unreadable', why: error instanceof Error ? error.message : String(error) }
  }
}

function parametersOf(headers: Notification['headers'], channel: Channel) {
  const common = { privateKey: keyOf(channel), authSecret: channel.auth }
  const encoding = headers?.encoding
  switch (encoding) {
    case 'aes128gcm':
      return { ...common, version: encoding }
    case 'aesgcm':
      return {
        ...common,
        version: encoding,
        salt: parameter(headers?.encryption, 'salt'),
        dh: parameter(headers?.crypto_key, 'dh'),
      }
    default:
      throw new Error(`its encoding is ${encoding ?? 'not said'}`)
  }
}

function parameter(header: string | undefined, name: string): string {
  const [, value] = new RegExp(`(?:^|[;,])\\s*${name}="?([\\w-]+)`).exec(header ?? '') ?? []
  if (value === undefined) throw new Error(`its headers have no ${name}`)
  return value
}

function contentOfBytes(bytes: Buffer): Content {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return { kind: 'text', text, bytes: bytes.length }
  } catch {
    return { kind: 'binary', base64url: bytes.toString('base64url'), bytes: bytes.length }
  }
}
