import { decrypt } from 'http_ece'
import { type Content, contentOfBytes, parameterOf, unknownEncoding } from './content.ts'
import type { Notification } from './server-frame.ts'
import { keyOf } from './subscription.ts'
import type { Channel } from './subscription-schema.ts'

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
        salt: parameterOf(headers?.encryption, 'salt'),
        dh: parameterOf(headers?.crypto_key, 'dh'),
      }
    default:
      throw new Error(unknownEncoding(encoding))
  }
}
