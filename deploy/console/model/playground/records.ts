import { hkdf } from './hkdf.ts'
import type { Key } from './p256.ts'

/** What the records of a body are encrypted with. */
export interface RecordKeys {
  readonly key: Key
  /** Of the first record; those of the others count on from it. */
  readonly nonce: Uint8Array<ArrayBuffer>
}

/** Bytes that AES-GCM adds to a record. */
export const TAG_BYTES = 16
const KEY_BYTES = 16
const NONCE_BYTES = 12
/** Where in a nonce the number of its record is. */
const COUNTER_AT = NONCE_BYTES - 4

/** Derives the keys of a body (RFC 8188 section 2.2); what they are for differs between the encodings. */
export async function recordKeys(
  salt: Uint8Array<ArrayBuffer>,
  secret: ArrayBuffer,
  keyInfo: Uint8Array<ArrayBuffer>,
  nonceInfo: Uint8Array<ArrayBuffer>,
): Promise<RecordKeys> {
  const key = await hkdf(salt, secret, keyInfo, KEY_BYTES)
  const nonce = await hkdf(salt, secret, nonceInfo, NONCE_BYTES)
  return {
    key: await crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt', 'decrypt']),
    nonce: new Uint8Array(nonce),
  }
}

/** Encrypts the first record, which is the only one of a push message (RFC 8291 section 4). */
export async function encryptRecord(
  { key, nonce }: RecordKeys,
  plain: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce }, key, plain))
}

/**
 * Decrypts all records, of which each but the last has `size` bytes.
 * @returns them with their padding
 * @throws Error when they were encrypted for somebody else, or are damaged
 */
export async function decryptRecords(
  keys: RecordKeys,
  body: Uint8Array<ArrayBuffer>,
  size: number,
): Promise<Uint8Array<ArrayBuffer>[]> {
  const records: Uint8Array<ArrayBuffer>[] = []
  for (let at = 0; at < body.length; at += size) {
    const algorithm = { name: 'AES-GCM', iv: nonceOf(keys.nonce, records.length) }
    const plain = await crypto.subtle
      .decrypt(algorithm, keys.key, body.slice(at, at + size))
      .catch(() => undefined)
    if (plain === undefined) throw new Error('it was encrypted for other keys, or changed on its way')
    records.push(new Uint8Array(plain))
  }
  return records
}

function nonceOf(first: Uint8Array<ArrayBuffer>, record: number): Uint8Array<ArrayBuffer> {
  const nonce = first.slice()
  const view = new DataView(nonce.buffer)
  view.setUint32(COUNTER_AT, view.getUint32(COUNTER_AT) ^ record)
  return nonce
}
