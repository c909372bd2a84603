import { type Meter, secondsSince, startOfMeasurement } from '../cluster/meter.ts'
import { PushError } from '../push/errors.ts'
import type { Store } from './store.ts'

/** What an operation of a store failed with: one of the store's own errors, or a defect. */
export type StoreFailure = 'storeDown' | 'storeFull' | 'defect'

/** Told how a store fares. */
export interface StoreMeters {
  /** Takes the durations of an operation, in seconds, however it ends. Asked for once for each. */
  durationsOf(operation: string): Meter
  failed(operation: string, failure: StoreFailure): void
}

/** What is not an operation. */
const LEFT_ALONE: readonly string[] = ['constructor', 'settled', 'waiting', 'close']

/**
 * A store all of whose operations are measured, under the names of their methods. Made of the methods that the store has, and not
 * of a list, so that none is ever forgotten.
 */
export function measuredStore<S extends Store>(store: S, meters: StoreMeters): S {
  const methods = new Map<string, unknown>()
  for (const name of methodNames(store)) {
    const method: unknown = Reflect.get(store, name)
    if (typeof method !== 'function') continue
    const plain = method.bind(store) as Operation
    methods.set(name, LEFT_ALONE.includes(name) ? plain : measured(name, plain, meters))
  }
  // Each method has the signature of the store's own.
  return Object.fromEntries(methods) as unknown as S
}

type Operation = (...args: readonly unknown[]) => Promise<unknown>

function measured(name: string, operation: Operation, meters: StoreMeters): Operation {
  const durations = meters.durationsOf(name)
  return async (...args) => {
    const startedAt = startOfMeasurement()
    try {
      return await operation(...args)
    } catch (error) {
      meters.failed(name, failureOf(error))
      throw error
    } finally {
      durations.observe(secondsSince(startedAt))
    }
  }
}

function methodNames(store: Store): readonly string[] {
  return [...Object.getOwnPropertyNames(Object.getPrototypeOf(store)), ...Object.keys(store)].filter(
    (name) => name !== 'constructor',
  )
}

function failureOf(error: unknown): StoreFailure {
  const code = error instanceof PushError ? error.code : undefined
  return code === 'storeDown' || code === 'storeFull' ? code : 'defect'
}
