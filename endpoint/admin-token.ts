import { createHash, timingSafeEqual } from 'node:crypto'
import { accept, type Checked, refuse } from './checked.ts'

const REFUSED = refuse(
  'adminTokenInvalid',
  'Give the admin token of the service: Authorization: Bearer TOKEN',
)
/** RFC 6750 section 2.1. */
const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*) *$/i

/** Who may do what only an operator may. */
export class AdminToken {
  readonly #digest: Buffer

  constructor(token: string) {
    this.#digest = digestOf(token)
  }

  /** Checks the Authorization header. It takes as long for a token that is nearly right as for any other. */
  check(authorization: string | undefined): Checked<undefined> {
    const token = BEARER.exec(authorization ?? '')?.[1]
    if (token === undefined || !timingSafeEqual(digestOf(token), this.#digest)) return REFUSED
    return accept(undefined)
  }
}

/** Digests have one length, which is what a comparison in constant time needs. */
function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
