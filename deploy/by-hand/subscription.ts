import { createECDH } from 'node:crypto'
import { type Static, Type } from '@sinclair/typebox'
import { v4 } from 'uuid'
import type { Random } from '../../cluster/clock.ts'

/** A subscription as `PushSubscription.toJSON` of a browser gives it, and as `web-push` takes it. */
export const SubscriptionSchema = Type.Object({
  endpoint: Type.String(),
  keys: Type.Object({ p256dh: Type.String(), auth: Type.String() }),
})

/** One of them. */
export type Subscription = Static<typeof SubscriptionSchema>

/** A subscription as its user agent keeps it; bytes are base64url. */
export const ChannelSchema = Type.Object({
  name: Type.String({ description: 'what its user calls it' }),
  channelID: Type.String(),
  privateKey: Type.String({ description: 'P-256, 32 bytes' }),
  auth: Type.String({
    description: 'secret shared with application servers, 16 bytes (RFC 8291 section 3.2)',
  }),
  vapidKey: Type.Optional(Type.String({ description: 'the only application server that may send' })),
  endpoint: Type.Optional(Type.String({ description: 'absent until the server has given one' })),
})

/** One of them. */
export type Channel = Static<typeof ChannelSchema>

const CURVE = 'prime256v1'
const AUTH_BYTES = 16

/** Makes the keys of a new subscription, which the server has not heard of yet. */
export function newChannel(name: string, vapidKey: string | undefined, random: Random): Channel {
  const key = createECDH(CURVE)
  key.generateKeys()
  return {
    name,
    channelID: v4({ random: random.bytes(16) }),
    privateKey: key.getPrivateKey('base64url'),
    auth: Buffer.from(random.bytes(AUTH_BYTES)).toString('base64url'),
    ...(vapidKey !== undefined && { vapidKey }),
  }
}

/** The private key of a subscription, to decrypt with. */
export function keyOf({ privateKey }: Pick<Channel, 'privateKey'>) {
  const key = createECDH(CURVE)
  key.setPrivateKey(privateKey, 'base64url')
  return key
}

/** What an application server needs. */
export function subscriptionOf(channel: Channel, endpoint: string): Subscription {
  const p256dh = keyOf(channel).getPublicKey('base64url')
  return { endpoint, keys: { p256dh, auth: channel.auth } }
}
