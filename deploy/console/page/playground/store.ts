import { useEffect, useState } from 'preact/hooks'

/** A value that changes, and whoever shows it. */
export class Store<T> {
  #value: T
  readonly #watchers = new Set<(value: T) => void>()

  constructor(value: T) {
    this.#value = value
  }

  get value(): T {
    return this.#value
  }

  set(value: T): void {
    this.#value = value
    for (const watcher of this.#watchers) watcher(value)
  }

  /** @returns what ends it */
  watch(watcher: (value: T) => void): () => void {
    this.#watchers.add(watcher)
    watcher(this.#value)
    return () => this.#watchers.delete(watcher)
  }
}

/** The value of a store, in a component that is drawn anew with each change. */
export function useStore<T>(store: Store<T>): T {
  const [value, setValue] = useState<T>(store.value)
  useEffect(() => store.watch((next) => setValue(() => next)), [store])
  return value
}
