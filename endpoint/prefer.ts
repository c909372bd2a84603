/** What a client prefers of what is offered here (RFC 7240); other preferences are passed over, as that RFC has it. */
export interface Preferences {
  /** A message is to be confirmed by a receipt (RFC 8030 section 5.1). */
  readonly respondAsync: boolean
  /** How long an answer may take, in seconds; `invalid` when it is no number. Absent when nothing is said. */
  readonly waitSeconds?: number | 'invalid'
}

const NOTHING: Preferences = { respondAsync: false }
const SECONDS = /^[0-9]{1,9}$/

/** Reads the Prefer header. Names come in any case; of a preference that comes twice the first counts. */
export function parsePrefer(header: string | undefined): Preferences {
  if (header === undefined) return NOTHING
  let respondAsync = false
  let waitSeconds: number | 'invalid' | undefined
  for (const entry of header.split(',')) {
    const [preference = ''] = entry.split(';')
    const [name = '', value = ''] = preference.split('=').map((part) => part.trim())
    if (name.toLowerCase() === 'respond-async') respondAsync = true
    if (name.toLowerCase() === 'wait') waitSeconds ??= secondsOf(value)
  }
  return { respondAsync, ...(waitSeconds !== undefined && { waitSeconds }) }
}

function secondsOf(value: string): number | 'invalid' {
  const bare = /^"(.*)"$/.exec(value)?.[1] ?? value
  return SECONDS.test(bare) ? Number(bare) : 'invalid'
}
