import { PushError } from '../push/errors.ts'

/** Turns any error met below a store into what its caller may meet. */
export function storeDown(error: unknown): PushError {
  return error instanceof PushError ? error : new PushError('storeDown', undefined, error)
}
