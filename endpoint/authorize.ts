import { timingSafeEqual } from 'node:crypto'
import type { Subscription } from '../push/subscription.ts'
import { accept, type Checked, refuse } from './checked.ts'
import type { Vapid, VapidKey } from './vapid.ts'

/**
 * Decides whether an application server may send to a subscription, and with which proven key. A restricted subscription
 * takes messages signed with its own key only; an unrestricted one takes any, but no false ones.
 */
export function authorize(
  vapid: Vapid,
  { keyHash }: Subscription,
  authorization: string | undefined,
  cryptoKey: string | undefined,
): Checked<VapidKey | undefined> | Promise<Checked<VapidKey | undefined>> {
  if (authorization === undefined) {
    return keyHash === undefined ? accept(undefined) : MISSING
  }
  // Nearly all are known, and need no promise.
  const known = vapid.known(authorization)
  if (known !== undefined) return matching(keyHash, known)
  return vapid
    .verify(authorization, cryptoKey)
    .then((verified) => (verified.ok ? matching(keyHash, verified.value) : verified))
}

const MISSING = refuse(
  'vapidInvalid',
  'This endpoint needs the Authorization header: vapid t=<token>,k=<public key>',
)
const ANOTHER = refuse('vapidInvalid', 'The VAPID key is not the one that this subscription was made with')

function matching(keyHash: Uint8Array | undefined, key: VapidKey): Checked<VapidKey> {
  return keyHash === undefined || timingSafeEqual(key.hash, keyHash) ? accept(key) : ANOTHER
}
