import type { Broadcast, BroadcastId, BroadcastVersion } from '../push/broadcast.ts'
import type { ChannelId, KeyDigest, MessageId, ReceiptSubscriptionId, Uaid } from '../push/ids.ts'
import type { Message } from '../push/message.ts'
import type { AwaitedReceipt, Receipt, ReceiptOutcome } from '../push/receipt.ts'
import type { Urgency } from '../push/urgency.ts'

/** A user agent as the store knows it. One without a subscription is never written. */
export interface StoredAgent {
  /** Its channels, each with the digest of the VAPID key it is restricted to (empty: none). */
  readonly channels: ReadonlyMap<ChannelId, KeyDigest>
  /** The least urgency it wants to be sent for now. */
  readonly minUrgency: Urgency
}

/** A message kept for a user agent. */
export interface StoredMessage {
  readonly message: Message
  /** Sessions that sent it without getting an acknowledgement. */
  readonly sends: number
}

/** Some of a user agent's messages in the order of their ids; perhaps fewer than asked for, or none, and more follow. */
export interface Page {
  readonly messages: readonly StoredMessage[]
  /** The last id looked at: list after it to go on. Undefined when nothing followed at the moment of reading. */
  readonly next: MessageId | undefined
}

/** Which messages a listing is of. */
export interface Wanted {
  /** Only those with a greater id; from the first when undefined. */
  readonly after: MessageId | undefined
  /** At most so many. */
  readonly limit: number
  /** Only those at least so urgent. */
  readonly minUrgency: Urgency
}

/** Whether a channel can be delivered to. */
export type ChannelStatus =
  | { readonly outcome: 'subscribed'; readonly keyDigest: KeyDigest }
  | { readonly outcome: 'notSubscribed' }
  | { readonly outcome: 'agentGone' }

/** What setting a broadcast came to; `full`: there are as many already as there may be, and nothing was done. */
export type BroadcastPut = 'created' | 'changed' | 'unchanged' | 'full'

/** What one round of garbage collection did; `done` once the whole store has been gone through. */
export interface Collected {
  readonly agents: number
  readonly messages: number
  /** With the marks of receipt subscriptions that were ended; without those of either that the database drops by itself. */
  readonly receipts: number
  readonly done: boolean
}

/** Some of the receipts that wait for their sender, in the order of their messages' ids. */
export interface ReceiptPage {
  readonly receipts: readonly Receipt[]
  /** The id of the last one; list after it to go on. Undefined when nothing followed at the moment of reading. */
  readonly next: MessageId | undefined
}

/** Which receipts a listing is of. */
export interface WantedReceipts {
  /** Only those of messages with a greater id; from the first when undefined. */
  readonly after: MessageId | undefined
  /** At most so many. */
  readonly limit: number
}

/** A receipt that its sender has got. */
export interface FetchedReceipt {
  readonly id: MessageId
  /** When it was handed over; a sender that lost some names the last such time that it knows. Above 0. */
  readonly atMs: number
}

/** What is known of a receipt that has been handed over. sent: it has left, and may have been lost on its way. got: it has got there. */
export type Handover = 'sent' | 'got'

/** Told that a receipt now waits. */
export type ReceiptListener = (subscription: ReceiptSubscriptionId) => void

/** Limits that every store keeps. */
export interface StoreLimits {
  /** Messages kept for one user agent. Soft: looked after at one put in 32. The oldest of the fullest channel go first. */
  readonly storedMax: number
  /** A user agent not seen for longer is dropped with all it has. */
  readonly agentLifetimeMs: number
}

/** Unless an operator says otherwise. */
export const STORE_LIMITS: StoreLimits = { storedMax: 500, agentLifetimeMs: 60 * 24 * 60 * 60 * 1000 }

/** A hello refreshes the time a user agent was last seen when that is older than this. */
export const LAST_CONNECT_REFRESH_MS = 24 * 60 * 60 * 1000

/**
 * Where messages wait for user agents that are offline. The operations are whole use-cases, so that each store
 * can make them atomic in its own way. All times are wall time in milliseconds since the epoch.
 *
 * A write that resolves is durable: it survives the death of every process and a power cut. One that rejects with
 * `PushError` `storeDown` has an unknown outcome; with `storeFull` it has changed nothing. Reads see every write that
 * resolved before, and a missing agent or channel is reported only when it is truly not there.
 *
 * Whatever ends a message that a receipt was asked for, the outcome is durable before the message is deleted, and the first outcome
 * stays. Where no other is named, it is `none` for one that a newer one of its topic replaces, and `notDelivered` for the rest.
 */
export interface Store {
  /**
   * Reads a user agent that has just connected, or undefined when there is none. When it was last seen more than a day
   * ago that is refreshed first, on condition that it is still there.
   */
  connect(uaid: Uaid, nowMs: number): Promise<StoredAgent | undefined>
  /** Marks user agents that stay connected as seen; those that are not there stay so. */
  touch(uaids: readonly Uaid[], nowMs: number): Promise<void>
  /** Adds a channel, making the user agent with its first one; a channel that is there takes the new digest. */
  register(uaid: Uaid, channelId: ChannelId, keyDigest: KeyDigest, nowMs: number): Promise<void>
  /** Ends a channel and drops its messages; the user agent goes with its last channel. Repeating it is harmless. */
  unregister(uaid: Uaid, channelId: ChannelId): Promise<void>
  /** Keeps the least urgency a user agent wants to be sent for now; does nothing for one that is not there. */
  setMinUrgency(uaid: Uaid, min: Urgency): Promise<void>
  /** Tells whether a channel can be delivered to. */
  channelStatus(uaid: Uaid, channelId: ChannelId): Promise<ChannelStatus>
  /** Drops a user agent with its channels and messages. */
  dropAgent(uaid: Uaid): Promise<void>

  /**
   * Keeps a message. Ids are unique over all user agents; putting the same one again changes nothing but its sends, which become the greater
   * number of both. A message with a topic replaces older ones of the same channel
   * and topic; if a newer one is there already, that one stays and this one goes.
   * @param sends sessions that have sent it already, 0 or 1
   */
  put(uaid: Uaid, message: Message, sends: number): Promise<void>
  /**
   * Lists messages in the order of their ids.
   * Leaves out what has expired, what belongs to no channel, and all but the newest of a topic.
   */
  list(uaid: Uaid, wanted: Wanted, nowMs: number): Promise<Page>
  /** Deletes messages that have ended with this outcome; resolves to the ids that were there. */
  remove(uaid: Uaid, ids: readonly MessageId[], outcome: ReceiptOutcome): Promise<MessageId[]>
  /** Deletes the messages of a channel's topic with an id up to and including `upTo`, which has ended with this outcome. */
  removeTopic(
    uaid: Uaid,
    channelId: ChannelId,
    topic: string,
    upTo: MessageId,
    outcome: ReceiptOutcome,
  ): Promise<void>
  /** Adds one to `sends` of those messages that are there. */
  countSends(uaid: Uaid, ids: readonly MessageId[]): Promise<void>
  /** Of these user agents, the ones that have an unexpired message, however urgent. May name one too many, never one too few. */
  pending(uaids: readonly Uaid[], nowMs: number): Promise<Uaid[]>

  /** Writes the outcome of a message that ended before it was stored, unless it has one. */
  settle(awaited: AwaitedReceipt, outcome: ReceiptOutcome): Promise<void>
  /**
   * Ends up to `limit` messages with a receipt whose TTL has been over for `LATE_ACK_MS`; resolves to how many there were. They are not
   * left to garbage collection, which would have to come by first.
   */
  sweepReceipts(nowMs: number, limit: number): Promise<number>
  /** Lists the receipts that wait for a sender; `ended` when it has ended its receipt subscription. */
  receipts(subscription: ReceiptSubscriptionId, wanted: WantedReceipts): Promise<ReceiptPage | 'ended'>
  /** Marks receipts as fetched: they wait no longer. They stay, so that their outcome does, until `RECEIPT_KEPT_MS` after their message's expiry. */
  markFetched(
    subscription: ReceiptSubscriptionId,
    fetched: readonly FetchedReceipt[],
    handover: Handover,
  ): Promise<void>
  /** Those that were sent between these times, the first and the last one included, turn out to have got there. */
  confirmFetched(subscription: ReceiptSubscriptionId, fromMs: number, upToMs: number): Promise<void>
  /** Lets the receipts wait again that were handed over after this time: their sender never got them. */
  unmarkFetched(subscription: ReceiptSubscriptionId, afterMs: number): Promise<void>
  /** Lets those wait again of which nobody knows whether they got there. */
  unmarkSent(subscription: ReceiptSubscriptionId): Promise<void>
  /** Ends a receipt subscription; false when it had ended already. Garbage collection forgets it after `ENDED_KEPT_MS`, not before. */
  endReceipts(subscription: ReceiptSubscriptionId, nowMs: number): Promise<boolean>
  /** Tells whether a receipt subscription has been ended. */
  haveReceiptsEnded(subscription: ReceiptSubscriptionId): Promise<boolean>
  /** How often this store has written each outcome since it was opened; for the operator. */
  settled(): ReadonlyMap<ReceiptOutcome, number>
  /** From now on tells of each receipt that this store has made wait, once it is durable. One listener; set it before use. */
  onReceipt(listener: ReceiptListener): void
  /**
   * All broadcasts, as of one moment and in no order. A value that was read never gives way to an older one in a later reading
   * of the same process: this is what decides which of two is the newer.
   */
  listBroadcasts(): Promise<readonly Broadcast[]>
  /**
   * Sets a broadcast for the operator, whoever set it before.
   * @param max broadcasts that there may be; may be missed by one when several are made at once
   */
  putBroadcast(id: BroadcastId, version: BroadcastVersion, max: number): Promise<BroadcastPut>
  /**
   * Sets a broadcast to what the followed Megaphone server has, on condition that it stands where it was seen last: one of the operator
   * stays, and so does one that another process has set meanwhile, for its answer may be the newer one.
   * @param former the version it was seen with, undefined where it was not there
   * @returns whether it was set
   */
  followBroadcast(
    id: BroadcastId,
    version: BroadcastVersion,
    former: BroadcastVersion | undefined,
  ): Promise<boolean>
  /** Drops a broadcast; says whether it was there. */
  dropBroadcast(id: BroadcastId): Promise<boolean>

  /** Looks at up to `limit` more records and drops what is expired, orphaned or stale; call again for the next ones. */
  collectGarbage(nowMs: number, limit: number): Promise<Collected>
  /** Resolves when the store can be written to; rejects with `PushError` otherwise. For health checks. */
  ping(): Promise<void>
  /** How many operations wait for their turn at the moment. */
  waiting(): number
  /** Waits for writes under way and lets go of the files or connections. */
  close(): Promise<void>
}
