import { type Static, Type } from '@sinclair/typebox'
import { fromBase64url, toBase64url } from '../../../by-hand/base64url.ts'
import { ChannelSchema, type Subscription } from '../../../by-hand/subscription-schema.ts'
import type { Recipient } from './aes128gcm.ts'
import { type KeyPair, newKeyPair } from './p256.ts'

/** A subscription as the page keeps it: that of `pushgrid agent`, with the public key, which WebCrypto can't work out. */
export const PageChannelSchema = Type.Object({
  ...ChannelSchema.properties,
  p256dh: Type.String(),
  /** It was ended, and is shown still, so that one can see what becomes of messages to it. */
  isEnded: Type.Optional(Type.Boolean()),
})

/** One of them. */
export type PageChannel = Static<typeof PageChannelSchema>

const AUTH_BYTES = 16

/** Makes the keys of a new subscription, which the service has not heard of yet. */
export async function newPageChannel(name: string, vapidKey: string | undefined): Promise<PageChannel> {
  const { privateKey, publicKey } = await newKeyPair()
  return {
    name,
    channelID: crypto.randomUUID(),
    privateKey,
    p256dh: publicKey,
    auth: toBase64url(crypto.getRandomValues(new Uint8Array(AUTH_BYTES))),
    ...(vapidKey !== undefined && { vapidKey }),
  }
}

/** What an application server needs; undefined until the service has answered. */
export function subscriptionOf({ endpoint, p256dh, auth }: PageChannel): Subscription | undefined {
  return endpoint === undefined ? undefined : { endpoint, keys: { p256dh, auth } }
}

/** The keys of a subscription, to decrypt with. */
export function keysOf({ privateKey, p256dh, auth }: PageChannel): { own: KeyPair; recipient: Recipient } {
  const bytes = (text: string) => fromBase64url(text) ?? new Uint8Array()
  return {
    own: { privateKey, publicKey: p256dh },
    recipient: { point: bytes(p256dh), auth: bytes(auth) },
  }
}

/** The frame that makes it at the service. */
export function registration({ channelID, vapidKey }: PageChannel): object {
  return { messageType: 'register', channelID, ...(vapidKey !== undefined && { key: vapidKey }) }
}
