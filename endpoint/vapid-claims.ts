import { accept, type Checked, refuse } from './checked.ts'

/** Longest time ahead that a token may expire (RFC 8292 section 2). */
const LIFETIME_MAX_SECONDS = 24 * 60 * 60

/**
 * Checks the claims of a VAPID token (RFC 8292 section 2): for us, not expired, not valid for more than a day, and with a contact
 * that is one if it has any. Gives the time of its expiry, in milliseconds since the epoch.
 * @param claims the payload, as text
 * @param origin the origin of our endpoint URLs, which `aud` must name
 */
export function checkClaims(claims: string, origin: string, nowMs: number): Checked<number> {
  const parsed = parseObject(claims)
  if (parsed === undefined) return refused('is not a JSON object of claims')
  const { aud, exp, sub } = parsed
  if (!(Array.isArray(aud) ? aud : [aud]).some((audience) => isOrigin(audience, origin))) {
    return refused(`must have the claim aud "${origin}"`)
  }
  if (typeof exp !== 'number') return refused('must have the claim exp, in seconds since 1970')
  const aheadSeconds = exp - nowMs / 1000
  if (aheadSeconds <= 0) return refused('has expired: make a new one')
  if (aheadSeconds > LIFETIME_MAX_SECONDS)
    return refused('expires in more than 24 hours: make exp an earlier time')
  if (sub !== undefined && !isContact(sub)) return refused('has a claim sub that is no mailto: or https: URI')
  return accept(exp * 1000)
}

function refused(problem: string): Checked<never> {
  return refuse('vapidInvalid', `The VAPID token ${problem}`)
}

interface Claims {
  readonly aud?: unknown
  readonly exp?: unknown
  readonly sub?: unknown
}

function parseObject(text: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

/** Senders write an origin with or without a slash behind it, or its default port. */
function isOrigin(audience: unknown, origin: string): boolean {
  if (audience === origin) return true
  return typeof audience === 'string' && URL.canParse(audience) && new URL(audience).origin === origin
}

function isContact(sub: unknown): boolean {
  if (typeof sub !== 'string' || !URL.canParse(sub)) return false
  const { protocol, pathname } = new URL(sub)
  return protocol === 'https:' || (protocol === 'mailto:' && pathname !== '')
}
