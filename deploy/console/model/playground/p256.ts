import { fromBase64url, toBase64url } from '../../../by-hand/base64url.ts'

/** A pair of keys of P-256, to be kept as JSON: the private scalar (32 bytes) and the public point, uncompressed (65 bytes), in base64url. */
export interface KeyPair {
  readonly privateKey: string
  readonly publicKey: string
}

/** A key as WebCrypto holds it. */
export type Key = Extract<Awaited<ReturnType<typeof crypto.subtle.generateKey>>, { type: string }>

/** Bytes of an uncompressed point: a 4, and two coordinates. */
export const POINT_BYTES = 65
const COORDINATE_BYTES = 32
const UNCOMPRESSED = 4
const ECDH = { name: 'ECDH', namedCurve: 'P-256' } as const
const ECDSA = { name: 'ECDSA', namedCurve: 'P-256' } as const

/** Makes a pair of keys. */
export async function newKeyPair(): Promise<KeyPair> {
  const pair = await crypto.subtle.generateKey(ECDH, true, ['deriveBits'])
  if (!('privateKey' in pair)) throw new Error('the browser makes no pairs of keys')
  const { d } = await crypto.subtle.exportKey('jwk', pair.privateKey)
  const point = await crypto.subtle.exportKey('raw', pair.publicKey)
  if (d === undefined) throw new Error('the browser gives no private key away')
  return { privateKey: d, publicKey: toBase64url(new Uint8Array(point)) }
}

/** The private key, to agree on secrets with. @throws Error when the pair is none */
export function agreementKey(pair: KeyPair): Promise<Key> {
  return crypto.subtle.importKey('jwk', jwkOf(pair), ECDH, false, ['deriveBits'])
}

/** The private key, to sign with. @throws Error when the pair is none */
export function signingKey(pair: KeyPair): Promise<Key> {
  return crypto.subtle.importKey('jwk', jwkOf(pair), ECDSA, false, ['sign'])
}

/** Somebody's public key, to agree on secrets with; undefined when it is no point of the curve. */
export async function publicKeyOf(point: Uint8Array<ArrayBuffer>): Promise<Key | undefined> {
  // Some browsers would take a compressed point, which no push message may have.
  if (point.length !== POINT_BYTES || point[0] !== UNCOMPRESSED) return undefined
  return crypto.subtle.importKey('raw', point, ECDH, false, []).catch(() => undefined)
}

/** The secret that both sides of two pairs of keys can work out (RFC 8291 section 3.1). */
export async function sharedSecret(own: KeyPair, theirs: Key): Promise<ArrayBuffer> {
  const algorithm = { name: 'ECDH', public: theirs }
  return crypto.subtle.deriveBits(algorithm, await agreementKey(own), COORDINATE_BYTES * 8)
}

function jwkOf({ privateKey, publicKey }: KeyPair) {
  const point = fromBase64url(publicKey) ?? new Uint8Array()
  return {
    kty: 'EC',
    crv: 'P-256',
    d: privateKey,
    x: toBase64url(point.slice(1, 1 + COORDINATE_BYTES)),
    y: toBase64url(point.slice(1 + COORDINATE_BYTES)),
  }
}
