import {
  type Cipher,
  createCipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  timingSafeEqual,
} from 'node:crypto'
import { LRUCache } from 'lru-cache'
import {
  channelIdFromBytes,
  ID_BYTES,
  idToBytes,
  type MessageId,
  messageIdFromBytes,
  type ReceiptSubscriptionId,
  receiptSubscriptionIdFromBytes,
  type Uaid,
  uaidFromBytes,
} from './ids.ts'
import type { Subscription } from './subscription.ts'

/** Bytes of a service key. */
export const SERVICE_KEY_BYTES = 32
/** Service keys that may be in use at once: each token that none of them opens costs one try per key. */
export const SERVICE_KEYS_MAX = 4

const TAG_BYTES = 16
const BLOCK_BYTES = 16
const KEY_HASH_BYTES = 32
const TOKEN = /^[A-Za-z0-9_-]{22,200}$/

/** Opened endpoints that are remembered: senders use one again and again, and opening it costs as much as all else they say. */
const OPENED_MAX = 10_000
/** Bytes of the sealed part of a message token. */
export const SEALED_CHANNEL_BYTES = TAG_BYTES + 2 * ID_BYTES
/** Its characters, which stand before the message id: base64url does not pad so many bytes. */
const SEALED_CHANNEL_CHARS = (SEALED_CHANNEL_BYTES * 4) / 3

const BARE_ID = /^[0-9a-f]{32}$/

/** What a token is good for. It goes into the tag, so that a token of one kind never opens as another. */
type Purpose = 'endpoint/v1' | 'endpoint/v2' | 'message/v1' | 'receipts/v1'
const PURPOSES: readonly Purpose[] = ['endpoint/v1', 'endpoint/v2', 'message/v1', 'receipts/v1']

/** Version of an endpoint URL: 1 is unrestricted, 2 is restricted to one VAPID key. */
export type EndpointVersion = 1 | 2

/** What a message token names: the message resource of RFC 8030 section 5. */
export interface MessageRef {
  readonly uaid: Uaid
  readonly id: MessageId
}

/**
 * Seals and opens capability tokens: deterministic authenticated encryption in the manner of SIV (RFC 5297's idea
 * with HMAC-SHA-256): tag = HMAC(k1, purpose || plaintext)[0..16], then AES-256-CTR(k2, iv = tag). There is
 * no nonce to repeat, so a key is safe far beyond 2^32 tokens; equal subscriptions have equal endpoints.
 * A token carries no key id, which would tell its age: opening tries each key, newest first.
 */
export class Tokens {
  #rings: ReadonlyMap<Purpose, readonly Subkeys[]>
  readonly #opened: Record<EndpointVersion, LRUCache<string, Subscription>>
  /** The sealed part of message tokens, for the subscriptions above. */
  #sealedChannels = new WeakMap<Subscription, string>()

  /** @param serviceKeys 1 to 4 keys of 32 bytes; the first one seals. @throws RangeError on any other */
  constructor(serviceKeys: readonly Uint8Array[]) {
    this.#rings = ringsOf(serviceKeys)
    this.#opened = { 1: new LRUCache({ max: OPENED_MAX }), 2: new LRUCache({ max: OPENED_MAX }) }
  }

  /** From now on these are the service keys: what was sealed with another one does not open any more. @throws RangeError, and nothing changes */
  useKeys(serviceKeys: readonly Uint8Array[]): void {
    this.#rings = ringsOf(serviceKeys)
    for (const version of [1, 2] as const) this.#opened[version].clear()
    this.#sealedChannels = new WeakMap()
  }

  /** Seals a subscription into the token of its endpoint URL. */
  sealEndpoint(subscription: Subscription): { version: EndpointVersion; token: string } {
    const { uaid, channelId, keyHash } = subscription
    const ids = [idToBytes(uaid), idToBytes(channelId)]
    if (keyHash === undefined) return { version: 1, token: this.#seal('endpoint/v1', Buffer.concat(ids)) }
    return { version: 2, token: this.#seal('endpoint/v2', Buffer.concat([...ids, keyHash])) }
  }

  /** Opens the token of an endpoint URL of that version; undefined when it is not one of ours. */
  openEndpoint(version: EndpointVersion, token: string): Subscription | undefined {
    const known = this.#opened[version].get(token)
    if (known !== undefined) return known
    const subscription = this.#openEndpoint(version, token)
    if (subscription !== undefined) this.#opened[version].set(token, subscription)
    return subscription
  }

  /**
   * Seals what the tokens of the message resources of a subscription have in common. The id of the message stands behind it as it
   * is (`messageToken`): its random bits can't be guessed, and its time is nothing new to the sender.
   */
  sealChannel(subscription: Subscription): string {
    let channel = this.#sealedChannels.get(subscription)
    if (channel === undefined) {
      const ids = [idToBytes(subscription.uaid), idToBytes(subscription.channelId)]
      channel = this.#seal('message/v1', Buffer.concat(ids))
      this.#sealedChannels.set(subscription, channel)
    }
    return channel
  }

  /** Seals the token of a receipt subscription resource. */
  sealReceipts(subscription: ReceiptSubscriptionId): string {
    return this.#seal('receipts/v1', idToBytes(subscription))
  }

  /** Opens the token of a receipt subscription resource; undefined when it is not one of ours. */
  openReceipts(token: string): ReceiptSubscriptionId | undefined {
    const plain = this.#open('receipts/v1', token, ID_BYTES)
    return plain && receiptSubscriptionIdFromBytes(plain)
  }

  /** Opens the token of a message resource; undefined when it is not one of ours. */
  openMessage(token: string): MessageRef | undefined {
    const plain = this.#open('message/v1', token.slice(0, SEALED_CHANNEL_CHARS), 2 * ID_BYTES)
    const id = token.slice(SEALED_CHANNEL_CHARS)
    if (plain === undefined || !BARE_ID.test(id)) return undefined
    return {
      uaid: uaidFromBytes(plain.subarray(0, ID_BYTES)),
      id: messageIdFromBytes(Buffer.from(id, 'hex')),
    }
  }

  #openEndpoint(version: EndpointVersion, token: string): Subscription | undefined {
    const keyHashBytes = version === 2 ? KEY_HASH_BYTES : 0
    const plain = this.#open(`endpoint/v${version}`, token, 2 * ID_BYTES + keyHashBytes)
    if (plain === undefined) return undefined
    return {
      uaid: uaidFromBytes(plain.subarray(0, ID_BYTES)),
      channelId: channelIdFromBytes(plain.subarray(ID_BYTES, 2 * ID_BYTES)),
      ...(version === 2 && { keyHash: plain.subarray(2 * ID_BYTES) }),
    }
  }

  #seal(purpose: Purpose, plain: Buffer): string {
    const [newest] = this.#ring(purpose)
    if (newest === undefined) throw new Error('no service key')
    const tag = tagOf(newest, purpose, plain)
    return Buffer.concat([tag, counterMode(newest.blockCipher, tag, plain)]).toString('base64url')
  }

  #open(purpose: Purpose, token: string, plainBytes: number): Buffer | undefined {
    if (!TOKEN.test(token)) return undefined
    const sealed = Buffer.from(token, 'base64url')
    // The last character may carry unused bits: one subscription has one spelling only.
    if (sealed.length !== TAG_BYTES + plainBytes || sealed.toString('base64url') !== token) return undefined
    const tag = sealed.subarray(0, TAG_BYTES)
    for (const keys of this.#ring(purpose)) {
      const plain = counterMode(keys.blockCipher, tag, sealed.subarray(TAG_BYTES))
      if (timingSafeEqual(tagOf(keys, purpose, plain), tag)) return plain
    }
    return undefined
  }

  #ring(purpose: Purpose): readonly Subkeys[] {
    return this.#rings.get(purpose) ?? []
  }
}

/** The token of a message resource, from what `sealChannel` made of its subscription. */
export function messageToken(sealedChannel: string, id: MessageId): string {
  return sealedChannel + id.replaceAll('-', '')
}

interface Subkeys {
  readonly authenticate: KeyObject
  /** AES-256, block by block: kept, because making a cipher costs more than all else that a token needs of one. */
  readonly blockCipher: Cipher
}

function ringsOf(serviceKeys: readonly Uint8Array[]): ReadonlyMap<Purpose, readonly Subkeys[]> {
  if (serviceKeys.length < 1 || serviceKeys.length > SERVICE_KEYS_MAX) {
    throw new RangeError(`need 1 to ${SERVICE_KEYS_MAX} service keys, got ${serviceKeys.length}`)
  }
  return new Map(PURPOSES.map((purpose) => [purpose, serviceKeys.map((key) => subkeys(key, purpose))]))
}

function subkeys(serviceKey: Uint8Array, purpose: Purpose): Subkeys {
  if (serviceKey.length !== SERVICE_KEY_BYTES) {
    throw new RangeError(`a service key has ${SERVICE_KEY_BYTES} bytes, not ${serviceKey.length}`)
  }
  const derive = (use: string) =>
    createSecretKey(
      new Uint8Array(hkdfSync('sha256', serviceKey, '', `pushgrid ${purpose} ${use}`, SERVICE_KEY_BYTES)),
    )
  const blockCipher = createCipheriv('aes-256-ecb', derive('encrypt'), null).setAutoPadding(false)
  return { authenticate: derive('authenticate'), blockCipher }
}

/**
 * AES in counter mode (NIST SP 800-38A section 6.5), which is its own inverse. As in GCM the counter is the last 32 bits
 * of the first block `iv`, and wraps within them.
 */
function counterMode(blockCipher: Cipher, iv: Buffer, input: Buffer): Buffer {
  const counters = Buffer.allocUnsafe(Math.ceil(input.length / BLOCK_BYTES) * BLOCK_BYTES)
  const first = iv.readUInt32BE(BLOCK_BYTES - 4)
  for (let at = 0; at < counters.length; at += BLOCK_BYTES) {
    counters.set(iv, at)
    counters.writeUInt32BE((first + at / BLOCK_BYTES) >>> 0, at + BLOCK_BYTES - 4)
  }
  const output = blockCipher.update(counters)
  for (let at = 0; at < input.length; at += 1) output[at] = (output[at] ?? 0) ^ (input[at] ?? 0)
  return output.subarray(0, input.length)
}

function tagOf(keys: Subkeys, purpose: Purpose, plain: Buffer): Buffer {
  const digest = createHmac('sha256', keys.authenticate).update(purpose).update('\0').update(plain).digest()
  return digest.subarray(0, TAG_BYTES)
}
