import { TTL_MAX_SECONDS } from '../push/message.ts'
import { accept, type Checked, refuse } from './checked.ts'

const DIGITS = /^[0-9]+$/
const NEGATIVE = /^-[0-9]+$/

/**
 * Reads the TTL header (RFC 8030 section 5.2) into the seconds granted. Any number of digits will do: what is more than
 * 30 days is granted as 30 days.
 */
export function parseTtl(header: string | undefined): Checked<number> {
  if (header === undefined) {
    return refuse(
      'ttlMissing',
      'The TTL header is missing: say in seconds how long to keep the message, for example 86400',
    )
  }
  if (DIGITS.test(header)) return accept(Math.min(Number(header), TTL_MAX_SECONDS))
  if (NEGATIVE.test(header))
    return refuse('ttlNegative', 'The TTL header is negative: it must be 0 or more seconds')
  return refuse('ttlInvalid', 'The TTL header must be one whole number of seconds, for example 86400')
}
