import type { CryptoHeaders } from '../push/message.ts'
import { accept, type Checked, refuse } from './checked.ts'
import { formatParameters, type Parameters, parseParameters } from './parameters.ts'

/** The headers that say how a body is encrypted. */
export interface CryptoHeaderValues {
  readonly contentEncoding: string | undefined
  readonly encryption: string | undefined
  readonly cryptoKey: string | undefined
}

const BASE64URL = /^[A-Za-z0-9_-]+$/
/** Nearly all messages have this and no more. */
const AES128GCM = accept<CryptoHeaders>({ encoding: 'aes128gcm' })

/**
 * Checks the form of the crypto headers of a body and gives those that the user agent needs, in one normal form. Whether it
 * can decrypt is its own affair: `dh` need not be a point of the curve.
 */
export function parseCryptoHeaders(values: CryptoHeaderValues): Checked<CryptoHeaders> {
  switch (values.contentEncoding?.toLowerCase()) {
    case 'aes128gcm':
      return parseAes128gcm(values)
    case 'aesgcm':
      return parseAesgcm(values)
    case undefined:
      return refuse('encryptionInvalid', 'A body needs the Content-Encoding header: aes128gcm (RFC 8291)')
    default:
      return refuse('encryptionInvalid', 'Content-Encoding must be aes128gcm (RFC 8291) or the older aesgcm')
  }
}

/** RFC 8291: salt and key are in the body, and nothing else is needed. */
function parseAes128gcm(values: CryptoHeaderValues): Checked<CryptoHeaders> {
  if (values.encryption === undefined && values.cryptoKey === undefined) return AES128GCM
  const encryption = parseOptional(values.encryption)
  const cryptoKey = parseOptional(values.cryptoKey)
  if (encryption === undefined || cryptoKey === undefined) {
    return refuse(
      'encryptionInvalid',
      'With aes128gcm leave out the Encryption header, and Crypto-Key but for p256ecdsa',
    )
  }
  if (named(encryption, 'salt').length > 0) {
    return refuse(
      'encryptionInvalid',
      'With aes128gcm the salt is in the body: leave out the Encryption header',
    )
  }
  if (named(cryptoKey, 'dh').length > 0) {
    return refuse(
      'encryptionInvalid',
      'With aes128gcm the key is in the body: leave out dh of the Crypto-Key header',
    )
  }
  return AES128GCM
}

/** draft-ietf-webpush-encryption-04, which the older web-push clients speak. */
function parseAesgcm(values: CryptoHeaderValues): Checked<CryptoHeaders> {
  const encryption = parseOptional(values.encryption)
  if (encryption === undefined || !allBase64url(named(encryption, 'salt'))) {
    return refuse(
      'encryptionInvalid',
      'With aesgcm the Encryption header must have a base64url salt: salt=...',
    )
  }
  const cryptoKey = parseOptional(values.cryptoKey)
  if (cryptoKey !== undefined && named(cryptoKey, 'dh').length === 0)
    return refuse('keysMissing', 'With aesgcm the Crypto-Key header must have the key of the message: dh=...')
  if (cryptoKey === undefined || !allBase64url(named(cryptoKey, 'dh'))) {
    return refuse('encryptionInvalid', 'With aesgcm the Crypto-Key header must have a base64url key: dh=...')
  }
  return accept({
    encoding: 'aesgcm',
    encryption: formatParameters(encryption),
    cryptoKey: formatParameters(withoutVapid(cryptoKey)),
  })
}

/** A header that is not there has no entries; undefined when it is malformed. */
function parseOptional(header: string | undefined): readonly Parameters[] | undefined {
  return header === undefined ? [] : parseParameters(header)
}

function named(entries: readonly Parameters[], name: string): string[] {
  return entries.flatMap((entry) => entry.get(name) ?? [])
}

function allBase64url(values: readonly string[]): boolean {
  return values.length > 0 && values.every((value) => BASE64URL.test(value))
}

/** VAPID is between the application server and us; the user agent gets none of it. */
function withoutVapid(entries: readonly Parameters[]): readonly Parameters[] {
  return entries
    .map((entry) => new Map([...entry].filter(([name]) => name !== 'p256ecdsa')))
    .filter((entry) => entry.size > 0)
}
