import { parseArgs } from 'node:util'
import { nearest } from '../../cluster/nearest.ts'
import { flagOf } from '../option.ts'
import { type Kind, quote } from '../option-kinds.ts'
import { WrongUse } from '../start-error.ts'

/** One flag of a command; its name in a table gives its spelling, as with options. */
export type Flag<T = unknown> = {
  /** What it decides, in one line. */
  readonly meaning: string
} & ({ readonly takes: 'nothing' } | { readonly takes: 'value' | 'values'; readonly kind: Kind<T & {}> })

/** The flags of a command. */
export type Flags = Readonly<Record<string, Flag>>

type ValueOf<F> = F extends { takes: 'nothing' }
  ? boolean
  : F extends { takes: 'values'; kind: Kind<infer T> }
    ? readonly T[]
    : F extends { kind: Kind<infer T> }
      ? T | undefined
      : never

/** What a command line says: a value for each flag, and what belongs to none. */
export type Arguments<F extends Flags> =
  | { readonly kind: 'help' }
  | {
      readonly kind: 'arguments'
      readonly flags: { readonly [Name in keyof F]: ValueOf<F[Name]> }
      readonly rest: readonly string[]
    }

/** A flag that says all by being there. */
export function flag(meaning: string) {
  return { takes: 'nothing', meaning } as const
}

/** A flag with a value; of one given twice the last counts. */
export function value<T extends {}>(kind: Kind<T>, meaning: string) {
  return { takes: 'value', kind, meaning } as const
}

/** A flag with a value that may be given several times. */
export function values<T extends {}>(kind: Kind<T>, meaning: string) {
  return { takes: 'values', kind, meaning } as const
}

/**
 * Reads a command line.
 * @param command its name, for advice
 * @throws WrongUse in one line
 */
export function readArguments<const F extends Flags>(
  command: string,
  table: F,
  args: readonly string[],
): Arguments<F> {
  const read = tokensOf(command, table, args)
  if (read === 'help') return { kind: 'help' }
  const entries = Object.entries(table).map(([name, flag]) => [name, parsedFlag(name, flag, read.given)])
  return { kind: 'arguments', flags: Object.fromEntries(entries), rest: read.rest }
}

type Given = ReadonlyMap<string, readonly string[]>

function tokensOf(command: string, table: Flags, args: readonly string[]) {
  const byFlag = new Map(Object.entries(table).map(([name, flag]) => [flagOf(name), flag]))
  const types = [...byFlag].map(
    ([name, { takes }]) => [name.slice(2), { type: takes === 'nothing' ? 'boolean' : 'string' }] as const,
  )
  const { tokens } = parseArgs({
    args: [...args],
    options: { ...Object.fromEntries(types), help: { type: 'boolean', short: 'h' } },
    allowPositionals: true,
    strict: false,
    tokens: true,
  })
  const given = new Map<string, string[]>()
  const rest: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') rest.push(token.value)
    if (token.kind !== 'option') continue
    const { rawName, value } = token
    if (token.name === 'help') return 'help'
    const flag = byFlag.get(rawName)
    if (flag === undefined) throw unknownFlag(command, rawName, [...byFlag.keys()])
    if (flag.takes === 'nothing' && value !== undefined) throw new WrongUse(`${rawName} takes no value`)
    if (flag.takes !== 'nothing' && value === undefined) throw new WrongUse(`${rawName} needs a value`)
    given.set(rawName, [...(given.get(rawName) ?? []), value ?? ''])
  }
  return { given, rest }
}

function parsedFlag(name: string, flag: Flag, given: Given): unknown {
  const texts = given.get(flagOf(name))
  if (flag.takes === 'nothing') return texts !== undefined
  const parsed = texts?.map((text) => {
    const value = flag.kind.parse(text)
    if (value !== undefined) return value
    const was = text === '' ? 'empty' : flag.kind.describe(text)
    throw new WrongUse(`${flagOf(name)} is ${was}: must be ${flag.kind.expected}`)
  })
  return flag.takes === 'values' ? (parsed ?? []) : parsed?.at(-1)
}

function unknownFlag(command: string, given: string, known: readonly string[]): WrongUse {
  const near = nearest(given, known)
  const advice = near === undefined ? `\`pushgrid ${command} --help\` lists all` : `did you mean ${near}?`
  return new WrongUse(`${quote(given)} is no option of pushgrid ${command}; ${advice}`)
}
