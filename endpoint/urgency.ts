import { DEFAULT_URGENCY, parseUrgency, URGENCIES, type Urgency } from '../push/urgency.ts'
import { accept, type Checked, refuse } from './checked.ts'

/** Reads the Urgency header (RFC 8030 section 5.3); several are refused like any other that is none. */
export function readUrgency(header: string | undefined): Checked<Urgency> {
  const urgency = header === undefined ? DEFAULT_URGENCY : parseUrgency(header)
  if (urgency !== undefined) return accept(urgency)
  return refuse('urgencyInvalid', `The Urgency header must be one of ${URGENCIES.join(', ')}, and given once`)
}
