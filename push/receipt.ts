import type { MessageId } from './ids.ts'
import { type Message, type ReceiptRequest, TTL_MAX_SECONDS } from './message.ts'

/** A message that a receipt is to be written for, as far as that needs it. */
export interface AwaitedReceipt {
  readonly id: MessageId
  /** When the TTL of the message is over, in milliseconds since the epoch: its receipt is kept for a while after that. */
  readonly expiresAtMs: number
  readonly receipt: ReceiptRequest
}

/** What is needed for the receipt of a message; undefined when none is asked for. */
export function awaitedReceipt({ id, expiresAtMs, receipt }: Message): AwaitedReceipt | undefined {
  return receipt && { id, expiresAtMs, receipt }
}

/**
 * How a message ended for its sender. acknowledged: 204. notDelivered: 410. none: its sender deleted or replaced it, and hears
 * nothing. Of each message the first one counts.
 */
export type ReceiptOutcome = 'acknowledged' | 'notDelivered' | 'none'

/** What a sender is told of a message (RFC 8030 section 6.3). */
export interface Receipt {
  readonly id: MessageId
  readonly sealedChannel: string
  readonly outcome: Exclude<ReceiptOutcome, 'none'>
}

/** The HTTP status that tells an outcome (RFC 8030 section 6.3). */
export const RECEIPT_STATUS = { acknowledged: 204, notDelivered: 410 } as const satisfies Record<
  Receipt['outcome'],
  number
>

/**
 * Added to the time at which a receipt was handed over, in milliseconds since the epoch, for one that was sent and may have been lost on its
 * way. All such times are less than this, and both together fit into six bytes.
 */
export const SENT_ONLY = 2 ** 47

/** How long a receipt waits for its sender after the message has expired, in milliseconds. */
export const RECEIPT_KEPT_MS = 24 * 60 * 60 * 1000

/**
 * How long it is remembered that a receipt subscription has been ended, in milliseconds: a day longer than any receipt of a message that
 * was posted before. Then there is nothing left that its URL could show, and only who has ended it has the URL.
 */
export const ENDED_KEPT_MS = TTL_MAX_SECONDS * 1000 + 2 * RECEIPT_KEPT_MS

/**
 * How long after its expiry a message with a receipt is taken for not delivered, in milliseconds: one that was sent in its last
 * moment is acknowledged a moment later, and clocks differ a little.
 */
export const LATE_ACK_MS = 5000
