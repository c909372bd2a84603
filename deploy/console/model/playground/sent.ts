import type { PushRequest } from './push-request.ts'
import type { Letter } from './send-form.ts'

/** What a push service has answered, or that it has not. */
export type SentAnswer =
  | { readonly kind: 'waiting' }
  | {
      readonly kind: 'answered'
      readonly status: number
      readonly statusText: string
      readonly headers: readonly (readonly [name: string, value: string])[]
      readonly body: string
      readonly tookMs: number
    }
  | { readonly kind: 'unreachable'; readonly why: string }

/** What is known of a message by its receipt. */
export type ReceiptState =
  | { readonly kind: 'notAsked' }
  | { readonly kind: 'waiting'; readonly url: string }
  /** 204 and 410 (RFC 8030 section 6.3). */
  | { readonly kind: 'acknowledged' | 'notDelivered'; readonly tookMs: number }
  /** Nothing will be heard of it. */
  | { readonly kind: 'none'; readonly why: string }

/** A message that this page has sent. */
export interface Sent {
  /** Counts them. */
  readonly id: number
  readonly atMs: number
  readonly letter: Letter
  readonly request: PushRequest
  /** Its body as a notification brings it, in base64url; by it a message that arrives here is known. */
  readonly data: string | undefined
  readonly answer: SentAnswer
  /** The URL of the message, for as long as it is not delivered. */
  readonly location?: string
  readonly receipt: ReceiptState
  /** What came of taking it back. */
  readonly takenBack?: { readonly isDone: boolean; readonly text: string }
}

/** How many are shown; the oldest go. */
export const SENT_MAX = 30

/** The receipt in the data of an event; undefined when it is none. Never throws. */
export function parseReceipt(data: string): { message: string; status: number } | undefined {
  try {
    const { message, status } = Object(JSON.parse(data))
    return typeof message === 'string' && typeof status === 'number' ? { message, status } : undefined
  } catch {
    return undefined
  }
}
