import type { Recipient } from './aes128gcm.ts'
import { concat, hkdf } from './hkdf.ts'
import { type KeyPair, publicKeyOf, sharedSecret } from './p256.ts'
import { decryptRecords, recordKeys, TAG_BYTES } from './records.ts'

/** What a message of the older encoding brings in its headers. */
export interface OlderHeaders {
  readonly salt: Uint8Array<ArrayBuffer>
  /** The public key of the sender. */
  readonly dh: Uint8Array<ArrayBuffer>
}

const RECORD_BYTES = 4096
const SECRET_BYTES = 32
/** How long the padding is stands in front of it. */
const LENGTH_BYTES = 2

/** Decrypts a message of the draft that RFC 8291 began as (draft-ietf-webpush-encryption-04): old libraries send it. @throws Error */
export async function decryptOlder(
  body: Uint8Array<ArrayBuffer>,
  own: KeyPair,
  { point, auth }: Recipient,
  { salt, dh }: OlderHeaders,
): Promise<Uint8Array> {
  const theirs = await publicKeyOf(dh)
  if (theirs === undefined) throw new Error('its header dh is no public key')
  const shared = await sharedSecret(own, theirs)
  const secret = await hkdf(auth, shared, concat('Content-Encoding: auth\0'), SECRET_BYTES)
  const context = concat('P-256\0', withLength(point), withLength(dh))
  const keys = await recordKeys(
    salt,
    secret,
    concat('Content-Encoding: aesgcm\0', context),
    concat('Content-Encoding: nonce\0', context),
  )
  const records = await decryptRecords(keys, body, RECORD_BYTES + TAG_BYTES)
  return concat(...records.map(withoutPadding))
}

function withLength(point: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(point.length >> 8, point.length & 255), point)
}

function withoutPadding(record: Uint8Array<ArrayBuffer>): Uint8Array {
  if (record.length < LENGTH_BYTES) throw new Error('a record of it is too short')
  const end = LENGTH_BYTES + new DataView(record.buffer).getUint16(0)
  if (end > record.length) throw new Error('a record of it has more padding than bytes')
  return record.subarray(end)
}
