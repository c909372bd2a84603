import type { Random } from '../../cluster/clock.ts'
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

/** A UUID of version 4 (RFC 9562 section 5.4), as clients make their channel ids. */
export function newChannelId(random: Random): string {
  const bytes = Buffer.from(random.bytes(16))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
