import {
  type ChannelId,
  idToBytes,
  type MessageId,
  type ReceiptSubscriptionId,
  type Uaid,
} from '../push/ids.ts'

/** Greater than every id, so that a prefix and this is an end for all keys with that prefix. */
const PAST_IDS = Buffer.alloc(33, 0xff)
const ZERO = Buffer.alloc(1)

/** The key of something that a user agent or a receipt subscription has: 16 bytes each, so that all it has is one range, in the order of ids. */
export function pairKey(owner: Uaid | ReceiptSubscriptionId, id: ChannelId | MessageId): Buffer {
  return Buffer.concat([idToBytes(owner), idToBytes(id)])
}

/** The exclusive end of the keys that start with `prefix` and go on with ids. */
export function prefixEnd(prefix: Buffer): Buffer {
  return Buffer.concat([prefix, PAST_IDS])
}

/** The least key greater than `key`. */
export function following(key: Buffer): Buffer {
  return Buffer.concat([key, ZERO])
}
