import type { Urgency } from '../../../../push/urgency.ts'
import { encrypt, type Recipient } from './aes128gcm.ts'
import type { KeyPair } from './p256.ts'
import { vapidHeader } from './vapid.ts'

/** How a message is sent. */
export interface Sending {
  /** Empty: a message without a body, which says that something has happened. */
  readonly text: string
  readonly ttlSeconds: number
  readonly topic: string | undefined
  /** Absent: the service takes it as normal. */
  readonly urgency: Urgency | undefined
  /** Whether to ask for a receipt. */
  readonly receipt: boolean
  /** The receipt subscription to use for it; absent: the service makes one. */
  readonly receiptUrl: string | undefined
}

/** A message as it is posted. */
export interface PushRequest {
  readonly endpoint: string
  readonly headers: Readonly<Record<string, string>>
  /** Absent for an empty message. */
  readonly body: Uint8Array<ArrayBuffer> | undefined
}

/** Encrypts a message, and signs it where there are VAPID keys. @param nowMs wall time @throws Error */
export async function pushRequest(
  endpoint: string,
  recipient: Recipient,
  { text, ttlSeconds, topic, urgency, receipt, receiptUrl }: Sending,
  vapid: KeyPair | undefined,
  nowMs: number,
): Promise<PushRequest> {
  const body = text === '' ? undefined : await encrypt(new TextEncoder().encode(text), recipient)
  return {
    endpoint,
    headers: {
      TTL: String(ttlSeconds),
      ...(topic !== undefined && { Topic: topic }),
      ...(urgency !== undefined && { Urgency: urgency }),
      ...(body !== undefined && {
        'Content-Encoding': 'aes128gcm',
        'Content-Type': 'application/octet-stream',
      }),
      ...(vapid !== undefined && { Authorization: await vapidHeader(endpoint, vapid, nowMs) }),
      ...(receipt && { Prefer: 'respond-async' }),
      ...(receipt && receiptUrl !== undefined && { 'Push-Receipt': receiptUrl }),
    },
    body,
  }
}
