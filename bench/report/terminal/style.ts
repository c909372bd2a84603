/** What a terminal can do. */
export interface Terminal {
  readonly columns: number
  readonly colours: boolean
}

/** Where nothing is known of who reads: no colours, and lines of a usual width. */
export const PLAIN: Terminal = { columns: 100, colours: false }

/** What stands behind a stream: no colours where nobody sees them, or where NO_COLOR (no-color.org) or TERM=dumb ask for that. */
export function terminalOf(
  stream: { readonly isTTY?: boolean; readonly columns?: number },
  env: NodeJS.ProcessEnv,
): Terminal {
  const { NO_COLOR: noColour, TERM: term } = env
  const colours = stream.isTTY === true && !noColour && term !== 'dumb'
  return { columns: Math.max(20, stream.columns ?? PLAIN.columns), colours }
}

/** How a piece of text may look. */
export type Look = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'loud'

const CODES: Readonly<Record<Look, string>> = {
  bold: '1',
  dim: '2',
  red: '31',
  green: '32',
  yellow: '33',
  loud: '1;30;43',
}

/** Gives text a look where the terminal has any. */
export function look(terminal: Terminal, name: Look, text: string): string {
  return terminal.colours ? `\u001b[${CODES[name]}m${text}\u001b[0m` : text
}

/** What came from outside can not steer the terminal: control characters are shown as what they are. */
export function harmless(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (found) => {
    return `\\x${found.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
}

/** Breaks a text into lines of at most `width` characters, at blanks where there are any. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of harmless(text).split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (longer.length <= width) {
      line = longer
      continue
    }
    if (line !== '') lines.push(line)
    line = word
    while (line.length > width) {
      lines.push(line.slice(0, width))
      line = line.slice(width)
    }
  }
  return [...lines, line]
}
