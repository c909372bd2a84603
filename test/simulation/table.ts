import { Binary } from 'mongodb'
import { keyOf, matcherOf, sortBy } from './document-query.ts'

/** Which documents are wanted of a table, and how many. */
export interface Selection {
  readonly sort?: object | undefined
  readonly limit?: number | undefined
}

/** The documents of one collection, with the indexes that keep reading them fast. */
export class Table<T extends { readonly _id: Binary }> {
  readonly #partition: string | undefined
  readonly #byKey = new Map<string, T>()
  readonly #partitions = new Map<string, Map<string, T>>()

  /** @param partition a field of binary ids by which documents are found together */
  constructor(partition?: keyof T & string) {
    this.#partition = partition
  }

  /** A document by its key. */
  get(key: string): T | undefined {
    return this.#byKey.get(key)
  }

  /** Puts a document in the place of what is there, or takes it away. */
  set(key: string, document: T | undefined): void {
    const before = this.#byKey.get(key)
    if (document === undefined) this.#byKey.delete(key)
    else this.#byKey.set(key, document)
    const partition = this.#partitionOf(document ?? before)
    if (partition === undefined) return
    const same = this.#partitions.get(partition) ?? new Map<string, T>()
    if (document === undefined) same.delete(key)
    else same.set(key, document)
    if (same.size === 0) this.#partitions.delete(partition)
    else this.#partitions.set(partition, same)
  }

  /** All that is found together with this key of the partition. */
  partition(key: string): ReadonlyMap<string, T> | undefined {
    return this.#partitions.get(key)
  }

  /** The documents that match; in no order that could be relied upon unless one is asked for. */
  find(filter: object, { sort, limit }: Selection = {}): T[] {
    const matching = this.#candidates(filter).filter(matcherOf(filter))
    const found = sort === undefined ? matching : sortBy(matching, sort)
    return limit === undefined ? found : found.slice(0, limit)
  }

  #candidates(filter: object): T[] {
    if (this.#partition !== undefined) {
      const partitions = keysIn(Reflect.get(filter, this.#partition))
      if (partitions !== undefined)
        return partitions.flatMap((key) => [...(this.#partitions.get(key)?.values() ?? [])])
    }
    const keys = keysIn(Reflect.get(filter, '_id'))
    if (keys !== undefined) return keys.flatMap((key) => this.#byKey.get(key) ?? [])
    return [...this.#byKey.values()]
  }

  #partitionOf(document: T | undefined): string | undefined {
    if (this.#partition === undefined || document === undefined) return undefined
    const id: unknown = Reflect.get(document, this.#partition)
    return id instanceof Binary ? keyOf(id) : undefined
  }
}

/** The keys that a condition names one by one, if it does. */
function keysIn(condition: unknown): string[] | undefined {
  if (typeof condition !== 'object' || condition === null) return undefined
  if (condition instanceof Binary) return [keyOf(condition)]
  const all: unknown = Reflect.get(condition, '$in')
  return Array.isArray(all) ? [...new Set(all.map(keyOf))] : undefined
}
