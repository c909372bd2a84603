import type { ChannelId, KeyDigest, Uaid } from './ids.ts'

/** What an endpoint names: a user agent's channel, and the key its messages must be signed with, if any. */
export interface Subscription {
  readonly uaid: Uaid
  readonly channelId: ChannelId
  /** SHA-256 of the VAPID key (uncompressed point, 65 bytes); absent for an unrestricted subscription. */
  readonly keyHash?: Uint8Array
}

/** The short form of a key hash that is kept for a channel and travels with a message. */
export function keyDigestOf(keyHash: Uint8Array | undefined): KeyDigest {
  return (keyHash === undefined ? '' : Buffer.from(keyHash.subarray(0, 8)).toString('hex')) as KeyDigest
}
