import type { Application } from './vapid.ts'

/** A subscription of a user agent, as its application server knows it. */
export interface Channel {
  readonly id: string
  /** Origin of its endpoint. */
  readonly origin: string
  /** Path of its endpoint. */
  readonly path: string
  /** Whose key it is restricted to; undefined when to none. */
  readonly application: Application | undefined
}

/** A message that is accepted, or may be, and has not arrived. */
export interface DueMessage {
  readonly channel: Channel
  readonly topic: string | undefined
  /** Microseconds of the monotonic clock. */
  readonly expiresUs: number
}
