import type { MessageId, ReceiptSubscriptionId } from '../../push/ids.ts'
import type { ReceiptRequest } from '../../push/message.ts'

/** A message as its sender wants it. */
export interface Post {
  readonly ttlSeconds: number
  readonly topic?: string
  /** Whether its sender asks for a receipt. */
  readonly receipt?: boolean
  /** Time between the making of its id and its delivery. */
  readonly idAgeMs?: number
}

/** A message under way: its id, and what its sender is answered. No answer ever comes from a process that is killed. */
export interface Posted {
  readonly id: MessageId
  readonly outcome: Promise<string>
}

/** All receipts go to one subscription. */
export const RECEIPT: ReceiptRequest = {
  subscription: 'e'.repeat(32) as ReceiptSubscriptionId,
  sealedChannel: 'A'.repeat(64),
}
