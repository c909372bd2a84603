import { timingSafeEqual } from 'node:crypto'
import type { Subscription } from '../push/subscription.ts'
import { accept, type Checked, refuse } from './checked.ts'
import type { Vapid, VapidKey } from './vapid.ts'

/**
 * Decides whether an application server may send to a subscription, and with which proven key. A restricted subscription
 * takes messages signed with its own key only; an unrestricted one takes any, but no false ones.
 */
export async function authorize(
  vapid: Vapid,
  subscription: Subscription,
  authorization: string | undefined,
  cryptoKey: string | undefined,
): Promise<Checked<VapidKey | undefined>> {
  const { keyHash } = subscription
  if (authorization === undefined) {
    if (keyHash === undefined) return accept(undefined)
    return refuse(
      'vapidInvalid',
      'This endpoint needs the Authorization header: vapid t=<token>,k=<public key>',
    )
  }
  const verified = await vapid.verify(authorization, cryptoKey)
  if (verified.ok && keyHash !== undefined && !timingSafeEqual(verified.value.hash, keyHash)) {
    return refuse('vapidInvalid', 'The VAPID key is not the one that this subscription was made with')
  }
  return verified
}
