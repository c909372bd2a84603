import type { BroadcastId, BroadcastVersion } from '../../push/broadcast.ts'
import type { ChannelId, KeyDigest, MessageId, Uaid } from '../../push/ids.ts'
import type { Message } from '../../push/message.ts'
import type { AwaitedReceipt, ReceiptOutcome } from '../../push/receipt.ts'
import type { StoredMessage } from '../../store/store.ts'

/** Why a message left the store. */
export type GoneCause =
  | 'removed'
  | 'replaced'
  | 'unregistered'
  | 'agentDropped'
  | 'evicted'
  | 'expired'
  | 'orphaned'
  /** The primary that had it stepped down before a majority had it. */
  | 'rolledBack'

/** Told of every change at the moment it is made: the truth against which promises are checked. */
export interface StoreObserver {
  kept(uaid: Uaid, message: Message, sends: number): void
  gone(uaid: Uaid, message: Message, cause: GoneCause): void
  /** A message comes back whose deletion a new primary does not know. */
  restored(uaid: Uaid, message: Message, sends: number): void
  /** An outcome was written; `before` is the one in whose place. */
  settled(id: MessageId, outcome: ReceiptOutcome, before: ReceiptOutcome | undefined): void
  /** A channel is new, or has another digest. */
  subscribed(uaid: Uaid, channelId: ChannelId, keyDigest: KeyDigest): void
  unsubscribed(uaid: Uaid, channelId: ChannelId, rolledBack: boolean): void
  /** A broadcast has another version; none when it was dropped. */
  broadcastSet(id: BroadcastId, version: BroadcastVersion | undefined): void
}

/** Observes nothing. */
export const SILENT: StoreObserver = {
  kept: () => {},
  gone: () => {},
  restored: () => {},
  settled: () => {},
  subscribed: () => {},
  unsubscribed: () => {},
  broadcastSet: () => {},
}

/** What is in a simulated store at this moment, whatever anyone was told. */
export interface StoreTruth {
  /** The channels of a user agent; undefined when it is not there. */
  channelsOf(uaid: Uaid): ReadonlyMap<ChannelId, KeyDigest> | undefined
  /** The messages of a user agent, expired and orphaned ones too, in the order of their ids. */
  messagesOf(uaid: Uaid): readonly StoredMessage[]
  /** What became of a message for its sender; undefined when that is not written. */
  outcomeOf(awaited: AwaitedReceipt): ReceiptOutcome | undefined
  /** Tells whether a message is there. */
  has(uaid: Uaid, id: MessageId): boolean
}
