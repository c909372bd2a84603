import type { SendResult } from '../../node/agent-socket.ts'
import type { BroadcastId, BroadcastVersion } from '../../push/broadcast.ts'
import type { CloseReason } from '../../push/errors.ts'
import type { ChannelId, KeyDigest, MessageId, Uaid } from '../../push/ids.ts'
import type { Message } from '../../push/message.ts'
import type { ReceiptOutcome } from '../../push/receipt.ts'
import type { GoneCause } from './store-truth.ts'

/** One thing that happened in a simulated world. The trace is the list of them; the rules are checked on each. */
export type Fact =
  /** A sender's request reached an endpoint process, which gave the message its id some time before. */
  | {
      readonly kind: 'posted'
      readonly uaid: Uaid
      readonly message: Message
      readonly keyDigest: KeyDigest
      readonly at: string
    }
  /** The sender has its answer. */
  | { readonly kind: 'answered'; readonly id: MessageId; readonly outcome: string }
  | { readonly kind: 'deleting'; readonly id: MessageId }
  | { readonly kind: 'deleted'; readonly id: MessageId; readonly outcome: string }
  /** `sends` is 1 when a node put it, 0 when an endpoint did. */
  | { readonly kind: 'kept'; readonly uaid: Uaid; readonly message: Message; readonly sends: number }
  | { readonly kind: 'gone'; readonly uaid: Uaid; readonly message: Message; readonly cause: GoneCause }
  /** An outcome was written; `before` is the one in whose place. */
  | {
      readonly kind: 'settled'
      readonly id: MessageId
      readonly outcome: ReceiptOutcome
      readonly before: ReceiptOutcome | undefined
    }
  | {
      readonly kind: 'subscribed'
      readonly uaid: Uaid
      readonly channelId: ChannelId
      readonly keyDigest: KeyDigest
    }
  | {
      readonly kind: 'unsubscribed'
      readonly uaid: Uaid
      readonly channelId: ChannelId
      /** A primary stepped down that alone had it. */
      readonly rolledBack: boolean
    }
  /** A page of the browser no longer wants the channel, whether or not the service hears of it. */
  | { readonly kind: 'unsubscribing'; readonly channelId: ChannelId }
  /** The browser was given an endpoint. */
  | { readonly kind: 'registered'; readonly channelId: ChannelId }
  /** A put that was reported as failed or came too late: it may be done, now or later. */
  | { readonly kind: 'putInDoubt'; readonly id: MessageId }
  | { readonly kind: 'opening'; readonly link: number; readonly browser: string; readonly node: string }
  /** The node has the websocket: from now on it counts the age of the session. */
  | { readonly kind: 'accepted'; readonly link: number }
  | { readonly kind: 'helloSent'; readonly link: number; readonly uaid: Uaid | undefined }
  /** The node has answered a hello. */
  | { readonly kind: 'welcomed'; readonly link: number; readonly uaid: Uaid }
  /** The node has written a notification. */
  | { readonly kind: 'wrote'; readonly link: number; readonly id: MessageId; readonly result: SendResult }
  | { readonly kind: 'received'; readonly link: number; readonly id: MessageId }
  /** The user agent has acknowledged: the message is safe, whatever becomes of the frame. */
  | { readonly kind: 'acked'; readonly link: number; readonly id: MessageId; readonly code: number }
  | { readonly kind: 'nacked'; readonly link: number; readonly id: MessageId }
  | { readonly kind: 'ackArrived' | 'nackArrived'; readonly link: number; readonly id: MessageId }
  | { readonly kind: 'closing'; readonly link: number; readonly reason: CloseReason }
  /** The node's end of it is over, whoever ended it. */
  | { readonly kind: 'closed'; readonly link: number }
  | { readonly kind: 'browserLeft'; readonly link: number; readonly how: string }
  /** An administrator sets a broadcast, or drops it. */
  | {
      readonly kind: 'broadcastPutting'
      readonly broadcast: BroadcastId
      readonly version: BroadcastVersion | undefined
      readonly at: string
    }
  | {
      readonly kind: 'broadcastAnswered'
      readonly broadcast: BroadcastId
      readonly version: BroadcastVersion | undefined
      readonly outcome: string
    }
  /** The store has another version of a broadcast, or none any more. */
  | {
      readonly kind: 'broadcastSet'
      readonly broadcast: BroadcastId
      readonly version: BroadcastVersion | undefined
    }
  /** A user agent's wish to hear of a broadcast has come to its node. */
  | { readonly kind: 'broadcastNamed'; readonly link: number; readonly broadcast: BroadcastId }
  /** The node has written a version. */
  | {
      readonly kind: 'broadcastTold'
      readonly link: number
      readonly broadcast: BroadcastId
      readonly version: string
    }
  /** Something is made to go wrong, or ends going wrong. */
  | { readonly kind: 'fault'; readonly what: string }
  /** Code under test did what it must never do: threw where it may not. */
  | { readonly kind: 'defect'; readonly error: unknown; readonly where: string }

/** A fact with its time and its place in the order of all facts. */
export interface Recorded {
  readonly order: number
  readonly elapsedMs: number
  readonly fact: Fact
}

/** One line of the trace, readable and the same for the same seed. */
export function lineOf({ elapsedMs, fact }: Recorded): string {
  const { kind, ...rest } = fact
  const words = Object.entries(rest).map(([name, value]) => wordsOf(name, value))
  return `${(elapsedMs / 1000).toFixed(3).padStart(9)} s  ${kind.padEnd(12)} ${words.join(' ')}`
}

function wordsOf(name: string, value: unknown): string {
  if (value instanceof Error) return `${name}=${value.stack ?? value.message}`
  if (isMessage(value)) {
    const topic = value.topic === undefined ? '' : ` topic=${value.topic}`
    return `id=${value.id} channel=${value.channelId.slice(0, 8)}${topic} ttl=${value.ttlSeconds}`
  }
  if (name === 'uaid' && typeof value === 'string') return `uaid=${value.slice(0, 8)}`
  return `${name}=${String(value)}`
}

function isMessage(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && 'ttlSeconds' in value
}
