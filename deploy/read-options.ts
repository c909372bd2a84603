import { parseArgs } from 'node:util'
import { nearest } from '../cluster/nearest.ts'
import { quote } from './option-kinds.ts'
import { flagOf, OPTIONS, type Option, type Options, variableOf } from './options.ts'
import { StartError } from './start-error.ts'

/** The environment of a process. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Time for the bus itself, on top of what the user agent's node may wait: the answer must arrive in time. */
const BUS_MARGIN_MS = 200

/** What the command line of a role asks for. */
export type Request = { readonly kind: 'help' } | { readonly kind: 'options'; readonly options: Options }

/**
 * Reads the options: flags over environment over defaults. An empty variable counts as unset.
 * @param args what follows the command on the command line
 * @throws StartError on anything that is not right, in one line
 */
export function readOptions(args: readonly string[], environment: Environment): Request {
  const flags = readFlags(args)
  if (flags === 'help') return { kind: 'help' }
  const entries = Object.entries<Option<unknown>>(OPTIONS).map(([name, option]) => [
    name,
    readOption(name, option, flags, environment),
  ])
  const options: Options = Object.fromEntries(entries)
  check(options)
  return { kind: 'options', options }
}

const KNOWN_FLAGS: readonly string[] = Object.keys(OPTIONS).map(flagOf)

/** The flags given, by name with its dashes; of one given twice the last counts. */
function readFlags(args: readonly string[]): ReadonlyMap<string, string> | 'help' {
  const strings = KNOWN_FLAGS.map((flag) => [flag.slice(2), { type: 'string' }] as const)
  const { tokens } = parseArgs({
    args: [...args],
    options: { ...Object.fromEntries(strings), help: { type: 'boolean', short: 'h' } },
    allowPositionals: true,
    strict: false,
    tokens: true,
  })
  const flags = new Map<string, string>()
  for (const token of tokens) {
    // What was given is not shown: it may well be a key that lost its flag.
    if (token.kind !== 'option')
      throw new StartError(
        `argument ${token.index + 1} after the command belongs to no flag; flags are written --name value`,
      )
    if (token.name === 'help') return 'help'
    if (!KNOWN_FLAGS.includes(token.rawName)) throw unknownFlag(token.rawName)
    if (token.value === undefined) throw new StartError(`${token.rawName} needs a value`)
    flags.set(token.rawName, token.value)
  }
  return flags
}

function unknownFlag(flag: string): StartError {
  const near = nearest(flag, KNOWN_FLAGS)
  const advice = near === undefined ? '`pushgrid serve --help` lists all' : `did you mean ${near}?`
  return new StartError(`${quote(flag)} is no option; ${advice}`)
}

function readOption(
  name: string,
  option: Option<unknown>,
  flags: ReadonlyMap<string, string>,
  environment: Environment,
): unknown {
  const given = textOf(name, flags, environment)
  if (given === undefined) return option.initial
  const value = option.kind.parse(given.text)
  if (value === undefined) {
    const was = given.text === '' ? 'empty' : option.kind.describe(given.text)
    throw new StartError(`${given.source} is ${was}: must be ${option.kind.expected}`)
  }
  return value
}

/** The text of an option and where it came from. */
function textOf(
  name: string,
  flags: ReadonlyMap<string, string>,
  environment: Environment,
): { text: string; source: string } | undefined {
  const flag = flags.get(flagOf(name))
  if (flag !== undefined) return { text: flag.trim(), source: flagOf(name) }
  const text = environment[variableOf(name)]?.trim()
  return text ? { text, source: variableOf(name) } : undefined
}

/** What no option can know alone. */
function check(options: Options): void {
  const { ackGraceMs, putTimeoutMs, askTimeoutMs, wsPort, httpPort } = options
  const neededMs = ackGraceMs + putTimeoutMs + BUS_MARGIN_MS
  if (neededMs >= askTimeoutMs)
    throw new StartError(
      `PUSHGRID_ASK_TIMEOUT_MS is ${askTimeoutMs}: must be more than PUSHGRID_ACK_GRACE_MS + PUSHGRID_PUT_TIMEOUT_MS + ${BUS_MARGIN_MS} = ${neededMs}`,
    )
  if (wsPort !== 0 && wsPort === httpPort)
    throw new StartError(`PUSHGRID_HTTP_PORT is ${httpPort}: must differ from PUSHGRID_WS_PORT`)
}
