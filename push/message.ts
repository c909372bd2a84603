import type { ChannelId, MessageId, ReceiptSubscriptionId } from './ids.ts'
import type { Urgency } from './urgency.ts'

/** Longest time a message is kept, in seconds: 30 days. A longer TTL is granted as this. */
export const TTL_MAX_SECONDS = 30 * 24 * 60 * 60

/** How a body is encrypted: RFC 8188 with RFC 8291, or the older draft that web-push clients still speak. */
export type ContentEncoding = 'aes128gcm' | 'aesgcm'

/** The headers a user agent needs to decrypt the body; the values carry no double quotes and no padding. */
export interface CryptoHeaders {
  readonly encoding: ContentEncoding
  /** `Encryption` of the request, aesgcm only. */
  readonly encryption?: string
  /** `Crypto-Key` of the request, aesgcm only. */
  readonly cryptoKey?: string
}

/** What a message carries whose sender wants to hear what becomes of it (RFC 8030 section 5.1). */
export interface ReceiptRequest {
  readonly subscription: ReceiptSubscriptionId
  /**
   * The sealed part of the message's resource, as its sender was given it: a receipt has to name the same URL when the
   * service keys have changed meanwhile.
   */
  readonly sealedChannel: string
}

/** A push message as accepted from an application server (RFC 8030 section 5). Never changed once made. */
export interface Message {
  readonly id: MessageId
  readonly channelId: ChannelId
  /** Replaces the undelivered message of the same channel and topic (RFC 8030 section 5.4). */
  readonly topic?: string | undefined
  readonly urgency: Urgency
  /** The TTL granted, in seconds; 0 means now or never. */
  readonly ttlSeconds: number
  /** Wall time, in milliseconds since the epoch, after which the message must not be sent. */
  readonly expiresAtMs: number
  /** Absent for an empty body. */
  readonly headers?: CryptoHeaders
  /** Absent when its sender does not ask for a receipt. */
  readonly receipt?: ReceiptRequest
  readonly body: Uint8Array
}

/** Tells whether two messages replace each other: same channel, same topic. */
export function sameTopic(a: TopicOf, b: TopicOf): boolean {
  return a.topic !== undefined && a.topic === b.topic && a.channelId === b.channelId
}

/** What decides whether messages replace each other. */
export type TopicOf = Pick<Message, 'channelId' | 'topic'>
