import { type Parameters, parseParameters } from './parameters.ts'

/** What an application server identifies itself with, not yet verified. */
export interface Credentials {
  /** The signed token (JWS compact serialization). */
  readonly jwt: string
  /** The public key as base64url without padding. */
  readonly key: string
}

const SCHEME = /^(vapid|webpush|bearer) +(.*)$/i
const JWS = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/
/** 65 bytes in either base64 alphabet, the padding taken off already. */
const KEY = /^[A-Za-z0-9_+/-]{87}$/

/**
 * Reads the credentials of a request: `Authorization: vapid t=...,k=...` (RFC 8292 section 3), or the older `WebPush` or `Bearer`
 * token with the key as p256ecdsa in Crypto-Key. Undefined when they have another form.
 */
export function parseAuthorization(
  authorization: string,
  cryptoKey: string | undefined,
): Credentials | undefined {
  const [, scheme, rest] = SCHEME.exec(authorization) ?? []
  if (scheme === undefined || rest === undefined) return undefined
  if (scheme.toLowerCase() !== 'vapid') return credentials(rest.trim(), only(parse(cryptoKey), 'p256ecdsa'))
  const entries = parse(rest)
  return credentials(only(entries, 't'), only(entries, 'k'))
}

function credentials(jwt: string | undefined, key: string | undefined): Credentials | undefined {
  if (jwt === undefined || !JWS.test(jwt) || key === undefined || !KEY.test(key)) return undefined
  return { jwt, key: key.replaceAll('+', '-').replaceAll('/', '_') }
}

function parse(header: string | undefined): readonly Parameters[] {
  return (header !== undefined && parseParameters(header)) || []
}

/** The value of a parameter that is there once; two different answers to one question are none. */
function only(entries: readonly Parameters[], name: string): string | undefined {
  const values = entries.flatMap((entry) => entry.get(name) ?? [])
  return values.length === 1 ? values[0] : undefined
}
