import { parseArgs } from 'node:util'
import { nearest } from '../../cluster/nearest.ts'
import { UsageError } from './usage-error.ts'

/** A flag of the command line. */
export interface Flag {
  /** Stands for its value in help; none for a flag that is there or not. */
  readonly placeholder?: string
  readonly meaning: string
  readonly shownDefault?: string
  /** May be given more than once. */
  readonly isMultiple?: boolean
}

/** What a command line says: what stands alone, and the values of each flag. */
export interface Args {
  readonly words: readonly string[]
  readonly flags: ReadonlyMap<string, readonly string[]>
}

/** Takes a command line apart. @throws UsageError for a flag that is not known, has no value, or is given twice */
export function readArgs(args: readonly string[], known: Readonly<Record<string, Flag>>): Args {
  const options = Object.fromEntries(
    Object.entries(known).map(([name, { placeholder }]) => [
      name,
      { type: placeholder === undefined ? ('boolean' as const) : ('string' as const) },
    ]),
  )
  const { tokens } = parseArgs({
    args: [...args],
    options,
    strict: false,
    tokens: true,
    allowPositionals: true,
  })
  const words: string[] = []
  const flags = new Map<string, string[]>()
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value)
    if (token.kind !== 'option') continue
    const flag = known[token.name]
    if (flag === undefined) throw new UsageError(unknownFlag(token.rawName, Object.keys(known)))
    const value = flagValue(token, flag)
    const present = flags.get(token.name) ?? []
    if (present.length > 0 && flag.isMultiple !== true) throw new UsageError(`--${token.name} is given twice`)
    flags.set(token.name, [...present, value])
  }
  return { words, flags }
}

function flagValue(token: { name: string; value?: string | undefined }, { placeholder }: Flag): string {
  if (placeholder === undefined) {
    if (token.value !== undefined) throw new UsageError(`--${token.name} takes no value`)
    return ''
  }
  if (token.value === undefined)
    throw new UsageError(`--${token.name} needs a value: --${token.name} ${placeholder}`)
  return token.value
}

function unknownFlag(rawName: string, names: readonly string[]): string {
  const near = nearest(rawName.replace(/^-+/, ''), names)
  return `${rawName} is no option; ${near === undefined ? '`pushgrid bench --help` lists all' : `did you mean --${near}?`}`
}
