import { createECDH } from 'node:crypto'
import { v4 } from 'uuid'
import type { Random } from '../../cluster/clock.ts'
import type { Channel, Subscription } from './subscription-schema.ts'

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
