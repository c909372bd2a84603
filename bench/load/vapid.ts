import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

const LIFETIME_S = 12 * 60 * 60
/** A token is used for so long: real senders keep theirs for hours. */
const USED_MS = 60 * 60 * 1000
const HEADER = encode({ typ: 'JWT', alg: 'ES256' })

type WrongTokens = readonly (readonly [kind: string, authorization: string])[]

interface Claims {
  readonly aud: string
  readonly exp: number
  readonly sub: string
}

/** An application server's identity (RFC 8292): a key, and tokens signed with it. */
export class Application {
  /** The public key, uncompressed, base64url: what subscriptions are restricted to. */
  readonly publicKey: string
  readonly #privateKey: KeyObject
  readonly #tokens = new Map<string, { readonly authorization: string; readonly madeMs: number }>()
  readonly #wrong = new Map<string, { readonly tokens: WrongTokens; readonly madeMs: number }>()

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
    const point = Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
    this.publicKey = point.toString('base64url')
    this.#privateKey = privateKey
  }

  /** The value of Authorization for an origin; the same for an hour. @param nowMs wall time */
  authorization(origin: string, nowMs: number): string {
    const kept = this.#tokens.get(origin)
    if (kept !== undefined && nowMs - kept.madeMs < USED_MS) return kept.authorization
    const authorization = this.#signed(claims(origin, nowMs), this.#privateKey)
    this.#tokens.set(origin, { authorization, madeMs: nowMs })
    return authorization
  }

  /** Tokens each of which is wrong in one way that a server has to notice, with what is wrong; the same for an hour. */
  wrong(origin: string, nowMs: number): WrongTokens {
    const kept = this.#wrong.get(origin)
    if (kept !== undefined && nowMs - kept.madeMs < USED_MS) return kept.tokens
    const right = claims(origin, nowMs)
    const nowS = Math.floor(nowMs / 1000)
    const stranger = new Application()
    const tokens = [
      ['expired', this.#signed({ ...right, exp: nowS - 60 }, this.#privateKey)],
      ['valid for too long', this.#signed({ ...right, exp: nowS + 48 * 60 * 60 }, this.#privateKey)],
      [
        'for another audience',
        this.#signed({ ...right, aud: 'https://elsewhere.example' }, this.#privateKey),
      ],
      ['of a wrong signature', this.#signed(right, stranger.#privateKey)],
      ['of another key', stranger.#signed(right, stranger.#privateKey)],
      ['that is none', `vapid t=not.a.token, k=${this.publicKey}`],
    ] as const
    this.#wrong.set(origin, { tokens, madeMs: nowMs })
    return tokens
  }

  #signed(payload: Claims, privateKey: KeyObject): string {
    const text = `${HEADER}.${encode(payload)}`
    const signature = sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' })
    return `vapid t=${text}.${signature.toString('base64url')}, k=${this.publicKey}`
  }
}

function claims(aud: string, nowMs: number): Claims {
  return { aud, exp: Math.floor(nowMs / 1000) + LIFETIME_S, sub: 'mailto:bench@example.com' }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
