import type { Clock } from '../cluster/clock.ts'
import { within } from '../cluster/within.ts'
import { PushError } from '../push/errors.ts'

/** What an operation of the store may fail with. */
export type StoreFailure = 'storeDown' | 'storeFull'

/** The failure for an error of the store; what is no such error is a defect and goes on up. */
export function storeFailureOf(error: unknown): StoreFailure {
  if (error instanceof PushError && (error.code === 'storeDown' || error.code === 'storeFull'))
    return error.code
  throw error
}

/** Waits for an operation of the store, and no longer than `timeoutMs`: then it counts as down. */
export function boundedByStore<T>(clock: Clock, timeoutMs: number, work: Promise<T>): Promise<T> {
  return within(clock, timeoutMs, work, () => {
    throw new PushError('storeDown', `the store did not answer within ${timeoutMs} ms`)
  })
}
