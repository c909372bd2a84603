import { Value } from '@sinclair/typebox/value'
import { fromBase64url } from '../../../by-hand/base64url.ts'
import { type Subscription, SubscriptionSchema } from '../../../by-hand/subscription-schema.ts'
import type { Recipient } from './aes128gcm.ts'
import { publicKeyOf } from './p256.ts'

/** What was made of a pasted subscription. */
export type ReadSubscription =
  | { readonly kind: 'subscription'; readonly subscription: Subscription; readonly recipient: Recipient }
  | { readonly kind: 'wrong'; readonly why: string }

const AUTH_BYTES = 16

/** Reads the JSON of a subscription, as browsers, `pushgrid agent` and this page give it, and says what is wrong with one that is not. */
export async function readSubscription(json: string): Promise<ReadSubscription> {
  const value = parsed(json)
  if (value === undefined) return wrong('That is no JSON.')
  if (!Value.Check(SubscriptionSchema, value))
    return wrong('That is no subscription: it has "endpoint", and "keys" with "p256dh" and "auth".')
  const { endpoint, keys } = value
  if (!/^https?:\/\//.test(endpoint) || !URL.canParse(endpoint))
    return wrong('Its endpoint is no http:// or https:// URL.')
  const point = fromBase64url(keys.p256dh)
  if (point === undefined || (await publicKeyOf(point)) === undefined)
    return wrong('Its key p256dh is no public key of P-256 in base64url.')
  const auth = fromBase64url(keys.auth)
  if (auth?.length !== AUTH_BYTES) return wrong(`Its key auth is not ${AUTH_BYTES} bytes in base64url.`)
  const subscription = { endpoint, keys: { p256dh: keys.p256dh, auth: keys.auth } }
  return { kind: 'subscription', subscription, recipient: { point, auth } }
}

function wrong(why: string): ReadSubscription {
  return { kind: 'wrong', why }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
