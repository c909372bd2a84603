import type { FailureCode } from '../push/errors.ts'

/** A part of a request that was looked at: what it says, or why the request is refused. */
export type Checked<Value> = { readonly ok: true; readonly value: Value } | Refused

/** Why a request is refused. `detail` is for the client to read, so it never repeats tokens or keys. */
export interface Refused {
  readonly ok: false
  readonly code: FailureCode
  readonly detail: string
  /** Overrides that of the failure. */
  readonly retryAfterSeconds?: number
}

/** Accepts a part of a request. */
export function accept<Value>(value: Value): Checked<Value> {
  return { ok: true, value }
}

/** Refuses a request. @param detail what was wrong and what would be right */
export function refuse(code: FailureCode, detail: string, retryAfterSeconds?: number): Refused {
  return { ok: false, code, detail, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) }
}
