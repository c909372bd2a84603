import { createHash, webcrypto } from 'node:crypto'
import { compactVerify, decodeProtectedHeader, errors } from 'jose'
import { LRUCache } from 'lru-cache'
import type { Clock } from '../cluster/clock.ts'
import { type Credentials, parseAuthorization } from './authorization.ts'
import { accept, type Checked, refuse } from './checked.ts'
import { checkClaims } from './vapid-claims.ts'

/** Options of the verification of VAPID tokens. */
export interface VapidOptions {
  /** Origin of our endpoint URLs, without a slash at its end: the audience of tokens. */
  publicUrl: string
  /** Verified tokens that are remembered until they expire, and as many keys. */
  vapidCacheMax: number
  /** Tokens verified at a time, 0.1 ms of a core each; beyond it senders are told to come again. */
  verificationsMax: number
}

/** The key an application server has proved to hold. */
export interface VapidKey {
  /** The uncompressed point, 65 bytes. */
  readonly bytes: Buffer
  /** Its SHA-256, which a restricted endpoint carries. */
  readonly hash: Buffer
}

interface Verified {
  readonly key: VapidKey
  readonly expiresAtMs: number
}

const { subtle } = webcrypto
/** The scheme of RFC 8292; the older ones have the key in another header. */
const VAPID_SCHEME = /^vapid /i

/**
 * Verifies the VAPID tokens of application servers (RFC 8292). Senders use one token for hours, so a verified one is
 * remembered together with the key that verified it, and several first uses of it at once are verified once.
 */
export class Vapid {
  readonly #options: VapidOptions
  readonly #clock: Clock
  /** By key and token: a token is good with its own key only. */
  readonly #verified: LRUCache<string, Verified>
  /** The same by the whole header of RFC 8292, which has both: one that is known needs no parsing. */
  readonly #verifiedHeaders: LRUCache<string, Verified>
  readonly #verifying = new Map<string, Promise<Checked<Verified>>>()
  readonly #keys: LRUCache<string, Promise<webcrypto.CryptoKey>>

  constructor(options: VapidOptions, clock: Clock) {
    this.#options = options
    this.#clock = clock
    this.#verified = new LRUCache({ max: options.vapidCacheMax })
    this.#verifiedHeaders = new LRUCache({ max: options.vapidCacheMax })
    this.#keys = new LRUCache({ max: options.vapidCacheMax })
  }

  /** Tokens that are being verified. */
  get verifying(): number {
    return this.#verifying.size
  }

  /** The key that a header proves, if this very one was verified before and has not expired. */
  known(authorization: string): VapidKey | undefined {
    const verified = this.#verifiedHeaders.get(authorization)
    return verified !== undefined && this.#isCurrent(verified) ? verified.key : undefined
  }

  /** Verifies the credentials of a request that is not known and gives the key they prove. */
  async verify(authorization: string, cryptoKey: string | undefined): Promise<Checked<VapidKey>> {
    const credentials = parseAuthorization(authorization, cryptoKey)
    if (credentials === undefined) {
      return refuse('vapidInvalid', 'The Authorization header must be: vapid t=<token>,k=<public key>')
    }
    const verified = await this.#verifyOnce(credentials)
    if (!verified.ok) return verified
    if (VAPID_SCHEME.test(authorization)) this.#verifiedHeaders.set(authorization, verified.value)
    return accept(verified.value.key)
  }

  #isCurrent(verified: Verified): boolean {
    return verified.expiresAtMs > this.#clock.nowMs()
  }

  #verifyOnce(credentials: Credentials): Promise<Checked<Verified>> | Checked<Verified> {
    const name = `${credentials.key} ${credentials.jwt}`
    const known = this.#verified.get(name)
    if (known !== undefined && this.#isCurrent(known)) return accept(known)
    return this.#verifying.get(name) ?? this.#begin(name, credentials)
  }

  /** Starts a verification that all who present the same credentials meanwhile share. */
  #begin(name: string, credentials: Credentials): Promise<Checked<Verified>> | Checked<Verified> {
    const claims = this.#checkUnsigned(credentials)
    if (!claims.ok) return claims
    if (this.#verifying.size >= this.#options.verificationsMax) {
      return refuse('unavailable', 'Too many tokens are being verified: try again soon')
    }
    const verifying = this.#verifySigned(credentials, claims.value)
      .then((verified) => {
        if (verified.ok) this.#verified.set(name, verified.value)
        return verified
      })
      .finally(() => this.#verifying.delete(name))
    this.#verifying.set(name, verifying)
    return verifying
  }

  /** All that costs no signature comes first. Gives the time of expiry. */
  #checkUnsigned({ jwt }: Credentials): Checked<number> {
    if (algorithmOf(jwt) !== 'ES256')
      return refuse('vapidInvalid', 'The VAPID token must be signed with ES256')
    const claims = Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()
    return checkClaims(claims, this.#options.publicUrl, this.#clock.nowMs())
  }

  async #verifySigned({ jwt, key }: Credentials, expiresAtMs: number): Promise<Checked<Verified>> {
    const bytes = Buffer.from(key, 'base64url')
    let imported: webcrypto.CryptoKey
    try {
      imported = await this.#import(key, bytes)
    } catch {
      return refuse('vapidInvalid', 'The VAPID key must be an uncompressed P-256 point in base64url')
    }
    try {
      await compactVerify(jwt, imported, { algorithms: ['ES256'] })
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error
      return refuse('vapidInvalid', 'The VAPID token is not signed with the key that came with it')
    }
    return accept({ key: { bytes, hash: createHash('sha256').update(bytes).digest() }, expiresAtMs })
  }

  #import(name: string, bytes: Buffer): Promise<webcrypto.CryptoKey> {
    const known = this.#keys.get(name)
    if (known !== undefined) return known
    const imported = subtle.importKey('raw', bytes, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['verify'])
    this.#keys.set(name, imported)
    imported.catch(() => this.#keys.delete(name))
    return imported
  }
}

function algorithmOf(jwt: string): string | undefined {
  try {
    return decodeProtectedHeader(jwt).alg
  } catch {
    return undefined
  }
}
