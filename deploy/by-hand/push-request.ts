import webPush from 'web-push'
import { StartError } from '../start-error.ts'
import type { Sending } from './send-flags.ts'
import type { Subscription } from './subscription-schema.ts'
import type { Vapid } from './vapid-file.ts'

/** A message as it is posted to the endpoint. */
export interface PushRequest {
  readonly endpoint: string
  readonly headers: Readonly<Record<string, string>>
  /** Absent for an empty message. */
  readonly body: Buffer | undefined
}

/**
 * Encrypts a message, and signs it where there are VAPID keys, as the application servers of the world do: by `web-push`.
 * @throws StartError when the subscription has keys that are none
 */
export function pushRequest(
  subscription: Subscription,
  payload: Buffer | undefined,
  vapid: Vapid | undefined,
  { ttlSeconds, topic, urgency, encoding, receiptWaitSeconds }: Sending,
): PushRequest {
  try {
    const { endpoint, headers, body } = webPush.generateRequestDetails(subscription, payload, {
      TTL: ttlSeconds,
      contentEncoding: encoding,
      ...(topic !== undefined && { topic }),
      ...(urgency !== undefined && { urgency }),
      ...(vapid !== undefined && { vapidDetails: vapid }),
      ...(receiptWaitSeconds !== undefined && { headers: { Prefer: 'respond-async' } }),
    })
    const texts = Object.entries(headers).map(([name, value]) => [name, String(value)])
    return { endpoint, headers: Object.fromEntries(texts), body: body ?? undefined }
  } catch (error) {
    throw new StartError(
      `the message can't be made for this subscription: ${error instanceof Error ? error.message : error}`,
      error,
    )
  }
}
