import { type Kind, wholeNumber } from './option-kinds.ts'

/** Heading under which the help lists an option. */
export type OptionGroup =
  | 'Addresses'
  | 'Cluster'
  | 'Data'
  | 'Delivery'
  | 'Limits'
  | 'Broadcasts'
  | 'Connections'
  | 'Process'

/** One option of the service. Its name gives the flag and the environment variable. */
export interface Option<T> {
  readonly group: OptionGroup
  readonly kind: Kind<T & {}>
  readonly initial: T
  /** The default as the help shows it. */
  readonly shown: string
  /** What it decides, in one line. */
  readonly meaning: string
}

/** The flag of an option: `wsPort` is `--ws-port`. */
export function flagOf(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

/** The environment variable of an option: `wsPort` is `PUSHGRID_WS_PORT`. */
export function variableOf(name: string): string {
  return `PUSHGRID_${name.replaceAll(/[A-Z]/g, '_$&').toUpperCase()}`
}

/** An option whose default is shown as it is. */
export function option<T extends string>(
  group: OptionGroup,
  kind: Kind<T>,
  initial: NoInfer<T>,
  meaning: string,
): Option<T> {
  return { group, kind, initial, shown: initial, meaning }
}

/** An option that is a whole number within bounds. */
export function count(
  group: OptionGroup,
  initial: number,
  min: number,
  max: number,
  meaning: string,
): Option<number> {
  return { group, kind: wholeNumber(min, max), initial, shown: String(initial), meaning }
}

/** An option that is not set unless somebody sets it. @param shown what the help says instead of a default */
export function unset<T extends {}>(
  group: OptionGroup,
  kind: Kind<T>,
  shown: string,
  meaning: string,
): Option<T | undefined> {
  return { group, kind, initial: undefined, shown, meaning }
}
