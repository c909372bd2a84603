import { codeOf } from '../start-error.ts'

/** Certificates without a way to an issuer that this machine trusts; codes of OpenSSL (`X509_V_ERR_...`). */
const UNTRUSTED =
  /^(DEPTH_ZERO_)?SELF_SIGNED_CERT|^UNABLE_TO_(GET_ISSUER|VERIFY)|^INVALID_CA$|^CERT_UNTRUSTED$/
/** Certificates that are trusted, but not now or not for this name. */
const INVALID = /^CERT_|^ERR_TLS_CERT_ALTNAME/
/** What came was no TLS, or one that is too old. */
const NO_TLS = /^EPROTO$|^ERR_SSL_/
/** It hung up without an answer; the second is undici's. */
const HUNG_UP = /^ECONNRESET$|^UND_ERR_SOCKET$/
const SCHEMES = 'its URL begins with ws:// or http:// without TLS, with wss:// or https:// with it'
const NAMELESS = /^ENOTFOUND$|^EAI_AGAIN$/

/**
 * Says why a server can't be reached, and what to do where there is something to do about it. Errors of connecting to a name with several
 * addresses have no message of their own.
 */
export function unreachableReason(error: unknown): string {
  const code = codeOf(error) ?? ''
  const words = (error instanceof Error && error.message) || code || String(error)
  if (code === 'ECONNREFUSED') return 'nothing listens there (ECONNREFUSED)'
  if (NAMELESS.test(code)) return `its name has no address (${code})`
  if (UNTRUSTED.test(code))
    return `its certificate is not trusted here (${words}): name a file with it, or with its issuer's, in NODE_EXTRA_CA_CERTS`
  if (INVALID.test(code)) return `its certificate is not valid: ${words}`
  if (NO_TLS.test(code)) return `it does not speak TLS as it should (${code}): ${SCHEMES}`
  if (HUNG_UP.test(code)) return `it hung up without an answer (${words}): ${SCHEMES}`
  return words
}
