import { createHash } from 'node:crypto'
import type { Named } from './rendezvous.ts'

/**
 * One of several independent clusters of servers that carry a bus together, each its share of the addresses.
 * While a map changes, a cell that is `adding` is not in the old map, and one that is `removing` not in the new one.
 */
export interface Cell<Config> extends Named {
  readonly change: 'none' | 'adding' | 'removing'
  /** How it is reached. */
  readonly config: Config
}

/** All cells, with distinct names; at least one of the old map and one of the new. */
export type CellMap<Config> = readonly Cell<Config>[]

/** The cells as they were before a change. */
export function oldCells<C extends Pick<Cell<unknown>, 'change'>>(cells: readonly C[]): readonly C[] {
  return cells.filter(({ change }) => change !== 'adding')
}

/** The cells as they are after a change. */
export function newCells<C extends Pick<Cell<unknown>, 'change'>>(cells: readonly C[]): readonly C[] {
  return cells.filter(({ change }) => change !== 'removing')
}

/** What a map decides, in short: two processes whose digests are the same find each address in the same cell. */
export interface MapDigests {
  /** Of the names of the old map, 8 bytes in hexadecimal; the same as `to` when nothing changes. */
  readonly from: string
  readonly to: string
}

/** Digests a map. Only the names count, in any order: how a cell is reached may differ from place to place. */
export function digestsOf(map: readonly Pick<Cell<unknown>, 'name' | 'change'>[]): MapDigests {
  return { from: digestOf(oldCells(map)), to: digestOf(newCells(map)) }
}

function digestOf(cells: readonly Named[]): string {
  const names = cells.map(({ name }) => name).toSorted()
  return createHash('sha256').update(names.join('\n'), 'utf8').digest('hex').slice(0, 16)
}
