import { SignJWT } from 'jose'
import { type KeyPair, signingKey } from './p256.ts'

/** Nobody reads it; some push services want one. */
const SUBJECT = 'mailto:nobody@example.org'
/** Services take tokens of up to 24 hours; half of that leaves room for clocks that differ. */
const VALID_SECONDS = 12 * 60 * 60

/**
 * The `Authorization` header by which an application server says who it is (RFC 8292).
 * @param nowMs wall time, in milliseconds since the epoch
 */
export async function vapidHeader(endpoint: string, keys: KeyPair, nowMs: number): Promise<string> {
  const token = await new SignJWT()
    .setProtectedHeader({ typ: 'JWT', alg: 'ES256' })
    .setAudience(new URL(endpoint).origin)
    .setExpirationTime(Math.floor(nowMs / 1000) + VALID_SECONDS)
    .setSubject(SUBJECT)
    .sign(await signingKey(keys))
  return `vapid t=${token}, k=${keys.publicKey}`
}
