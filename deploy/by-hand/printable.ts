/** Control characters, among them those that move the cursor or turn the direction of writing. */
const CONTROL = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu
/** Joins emoji and letters; harmless, and wanted. */
const JOINERS = ['\u200c', '\u200d']

/**
 * Makes a text of somebody else safe for a terminal: control characters are written as escapes.
 * @param allowed those that stay
 */
export function printable(text: string, allowed = ''): string {
  return text.replaceAll(CONTROL, (character) =>
    allowed.includes(character) || JOINERS.includes(character) ? character : escapeOf(character),
  )
}

function escapeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0
  return `\\u{${code.toString(16)}}`
}
