import { type ChannelId, idToBytes, type MessageId, type Uaid } from '../push/ids.ts'
import type { Urgency } from '../push/urgency.ts'

/** What is kept of a user agent, for an operator. */
export interface AgentReport {
  readonly lastConnectMs: number
  readonly minUrgency: Urgency
  readonly channels: readonly { readonly channelId: ChannelId; readonly isRestricted: boolean }[]
  /** Those that have expired but not been collected included. */
  readonly messages: number
  /** Of the records of its messages. */
  readonly bytes: number
  /** When the oldest of its messages was accepted; undefined without any. */
  readonly oldestMs: number | undefined
}

/** How much is in a store, for an operator. */
export interface StoreStats {
  readonly agents: number
  readonly channels: number
  readonly messages: number
  /** That messages take up. */
  readonly bytes: number
  /** When the oldest message was accepted; undefined without any. */
  readonly oldestMs: number | undefined
  /** Whether some of it is reckoned from a sample: what is looked at is bounded, however much there is. */
  readonly isEstimate: boolean
}

/** What an operator asks of a store. Nothing here is on the way of a message. */
export interface StoreInspector {
  /** What is kept of a user agent, if it is there. */
  inspectAgent(uaid: Uaid): Promise<AgentReport | undefined>
  /** How much is there. */
  stats(): Promise<StoreStats>
  /** Drops a user agent with its channels and messages. */
  dropAgent(uaid: Uaid): Promise<void>
}

/** Records looked at for an estimate. */
export const SAMPLE_MAX = 5000

/** When a message was accepted: its id is a UUIDv7, which begins with the time (RFC 9562 section 5.7). */
export function acceptedAtMs(id: MessageId): number {
  return idToBytes(id).readUIntBE(0, 6)
}

/** The earliest of some times; undefined of none. */
export function earliest(timesMs: readonly number[]): number | undefined {
  return timesMs.length === 0 ? undefined : timesMs.reduce((a, b) => Math.min(a, b))
}
