import { fromBase64url } from '../../../by-hand/base64url.ts'
import { type Content, contentOfBytes, parameterOf, unknownEncoding } from '../../../by-hand/content.ts'
import type { Notification } from '../../../by-hand/server-frame.ts'
import { decrypt } from './aes128gcm.ts'
import { decryptOlder } from './aesgcm.ts'
import { keysOf, type PageChannel } from './channel.ts'

/** Decrypts a notification by WebCrypto, by RFC 8291 or, where its headers say so, the older draft (aesgcm). Whatever it holds, it never throws. */
export async function readNotification(
  notification: Notification,
  channel: PageChannel | undefined,
): Promise<Content> {
  if (channel === undefined) return { kind: 'unreadable', why: 'its subscription is not known here' }
  if (notification.data === undefined) return { kind: 'empty' }
  try {
    return contentOfBytes(await decrypted(notification.data, notification.headers, channel))
  } catch (error) {
    return { kind: 'unreadable', why: error instanceof Error ? error.message : String(error) }
  }
}

function decrypted(data: string, headers: Notification['headers'], channel: PageChannel) {
  const { own, recipient } = keysOf(channel)
  const body = bytesOf(data, 'its data')
  const encoding = headers?.encoding
  switch (encoding) {
    case 'aes128gcm':
      return decrypt(body, own, recipient)
    case 'aesgcm':
      return decryptOlder(body, own, recipient, {
        salt: bytesOf(parameterOf(headers?.encryption, 'salt'), 'its salt'),
        dh: bytesOf(parameterOf(headers?.crypto_key, 'dh'), 'its dh'),
      })
    default:
      throw new Error(unknownEncoding(encoding))
  }
}

function bytesOf(text: string, what: string): Uint8Array<ArrayBuffer> {
  const bytes = fromBase64url(text)
  if (bytes === undefined) throw new Error(`${what} is no base64url`)
  return bytes
}
