import type { Writable } from 'node:stream'
import { type Logger, pino } from 'pino'
import pretty from 'pino-pretty'
import type { Options } from './options.ts'

/** Random UUIDs, dashed or not: UAIDs and channel ids. Message ids are of version 7 and open nothing. */
const RANDOM_ID =
  /\b([0-9a-f]{4})[0-9a-f]{4}(?:[0-9a-f]{24}|-[0-9a-f]{4}-[0-689a-f][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12})\b/gi
/** Runs long enough to be an endpoint or message token, a JWT's part or a key. */
const LONG_SECRET = /\b([A-Za-z0-9]{4})[A-Za-z0-9_-]{36,}/g

/**
 * Cuts UAIDs, tokens, endpoints and keys down to their first four characters: enough to tell two apart, not enough
 * to use. It works on finished lines, so that nothing gets past it inside an error's message.
 */
export function scrub(line: string): string {
  return line.replace(RANDOM_ID, '$1...').replace(LONG_SECRET, '$1...')
}

/** Makes the log: JSON lines, or lines for people when `output` is a terminal. */
export function createLog(
  options: Pick<Options, 'logLevel'>,
  output: Writable & { isTTY?: boolean },
): Logger {
  const settings = { level: options.logLevel, base: null, hooks: { streamWrite: scrub } }
  const stream = output.isTTY
    ? pretty({ destination: output, colorize: true, translateTime: 'SYS:HH:MM:ss.l', singleLine: true })
    : output
  return pino(settings, stream)
}
