/** The parameters of one entry of a header: names in lower case, values without quotes and padding. */
export type Parameters = ReadonlyMap<string, string>

const NAME = /^[a-z0-9_-]+$/
/** Visible ASCII without the characters that separate or quote. */
const VALUE = /^[!#-+\--:<-~]*$/

/**
 * Reads a header of the form `a=1;b="2", c=3`: entries separated by commas, parameters by semicolons. This is the form of
 * Encryption and Crypto-Key (draft-ietf-webpush-encryption-04) and of a `vapid` credential (RFC 8292 section 3).
 * Empty entries are skipped. Undefined when it has another form, or a name twice in one entry.
 */
export function parseParameters(header: string): readonly Parameters[] | undefined {
  const entries: Parameters[] = []
  for (const text of header.split(',')) {
    const entry = new Map<string, string>()
    for (const parameter of text.split(';')) {
      if (parameter.trim() === '') continue
      const equals = parameter.indexOf('=')
      const name = parameter.slice(0, Math.max(equals, 0)).trim().toLowerCase()
      const value = bare(parameter.slice(equals + 1).trim())
      if (!NAME.test(name) || !VALUE.test(value) || entry.has(name)) return undefined
      entry.set(name, value)
    }
    if (entry.size > 0) entries.push(entry)
  }
  return entries
}

/** Writes entries in the one form that user agents are sent. */
export function formatParameters(entries: readonly Parameters[]): string {
  return entries.map((entry) => Array.from(entry, ([name, value]) => `${name}=${value}`).join(';')).join(',')
}

/** A value without the double quotes around it and without trailing padding. */
function bare(text: string): string {
  const quoted = text.length >= 2 && text.startsWith('"') && text.endsWith('"')
  const value = quoted ? text.slice(1, -1) : text
  let end = value.length
  while (end > 0 && value[end - 1] === '=') end -= 1
  return value.slice(0, end)
}
