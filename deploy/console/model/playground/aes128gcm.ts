import { fromBase64url } from '../../../by-hand/base64url.ts'
import { concat, hkdf } from './hkdf.ts'
import { type KeyPair, newKeyPair, POINT_BYTES, publicKeyOf, sharedSecret } from './p256.ts'
import { decryptRecords, encryptRecord, recordKeys, TAG_BYTES } from './records.ts'

/** Whom a message is for: the public key and the secret of a subscription, as bytes. */
export interface Recipient {
  readonly point: Uint8Array<ArrayBuffer>
  readonly auth: Uint8Array<ArrayBuffer>
}

/** What is made anew for each message; told only where a known result is to come out. */
export interface Once {
  readonly salt: Uint8Array<ArrayBuffer>
  readonly keys: KeyPair
}

const SALT_BYTES = 16
/** Salt, record size, length of the key that follows, and that key (RFC 8188 section 2.1). */
const HEADER_BYTES = SALT_BYTES + 4 + 1 + POINT_BYTES
/** Ends the text of the last record (RFC 8188 section 2). */
const LAST_RECORD = 2
const OTHER_RECORD = 1
const RECORD_BYTES = 4096
const SECRET_BYTES = 32

/** Bytes that encryption adds to a text. */
export const OVERHEAD_BYTES = HEADER_BYTES + 1 + TAG_BYTES
/** Largest text that every push service has to take: with what encryption adds it has 4,096 bytes (RFC 8030 section 7.2). */
export const TEXT_BYTES_MAX = 4096 - OVERHEAD_BYTES

/** Encrypts a message in one record by RFC 8291. @throws Error when the recipient's key is none */
export async function encrypt(
  text: Uint8Array,
  recipient: Recipient,
  once?: Once,
): Promise<Uint8Array<ArrayBuffer>> {
  const { salt, keys } = once ?? (await newOnce())
  const sender = fromBase64url(keys.publicKey) ?? new Uint8Array()
  const theirs = await publicKeyOf(recipient.point)
  if (theirs === undefined) throw new Error('the key of the subscription is no point of P-256')
  const secret = await secretOf(await sharedSecret(keys, theirs), recipient, sender)
  const plain = concat(text, Uint8Array.of(LAST_RECORD))
  const record = await encryptRecord(await keysOf(salt, secret), plain)
  const numbers = new DataView(new ArrayBuffer(5))
  numbers.setUint32(0, Math.max(RECORD_BYTES, record.length))
  numbers.setUint8(4, sender.length)
  return concat(salt, new Uint8Array(numbers.buffer), sender, record)
}

/**
 * Decrypts a message by RFC 8291.
 * @throws Error with what is wrong with it
 */
export async function decrypt(
  body: Uint8Array<ArrayBuffer>,
  own: KeyPair,
  recipient: Recipient,
): Promise<Uint8Array> {
  if (body.length < HEADER_BYTES) throw new Error('it is shorter than the header of an encrypted message')
  const view = new DataView(body.buffer, body.byteOffset)
  const salt = body.slice(0, SALT_BYTES)
  const size = view.getUint32(SALT_BYTES)
  const sender = body.slice(HEADER_BYTES - POINT_BYTES, HEADER_BYTES)
  const theirs = view.getUint8(SALT_BYTES + 4) === POINT_BYTES ? await publicKeyOf(sender) : undefined
  if (theirs === undefined) throw new Error('its header has no public key')
  if (size <= TAG_BYTES + 1) throw new Error(`its records are said to have ${size} bytes, which is too few`)
  const secret = await secretOf(await sharedSecret(own, theirs), recipient, sender)
  const records = await decryptRecords(await keysOf(salt, secret), body.slice(HEADER_BYTES), size)
  if (records.length === 0) throw new Error('there is nothing after its header')
  return concat(...records.map((record, at) => withoutPadding(record, at === records.length - 1)))
}

async function newOnce(): Promise<Once> {
  return { salt: crypto.getRandomValues(new Uint8Array(SALT_BYTES)), keys: await newKeyPair() }
}

/** Mixes the secret of the subscription in, and who talks with whom (RFC 8291 section 3.3). */
function secretOf(shared: ArrayBuffer, { point, auth }: Recipient, sender: Uint8Array): Promise<ArrayBuffer> {
  return hkdf(auth, shared, concat('WebPush: info\0', point, sender), SECRET_BYTES)
}

function keysOf(salt: Uint8Array<ArrayBuffer>, secret: ArrayBuffer) {
  return recordKeys(
    salt,
    secret,
    concat('Content-Encoding: aes128gcm\0'),
    concat('Content-Encoding: nonce\0'),
  )
}

/** A record's text is followed by a mark that says whether it is the last one, and then by zeros. */
function withoutPadding(record: Uint8Array, isLast: boolean): Uint8Array {
  const end = record.findLastIndex((byte) => byte !== 0)
  if (record[end] !== (isLast ? LAST_RECORD : OTHER_RECORD))
    throw new Error(isLast ? 'it is cut off after a record' : 'it goes on after its last record')
  return record.subarray(0, end)
}
