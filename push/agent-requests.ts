import type { MapStatement } from '../cluster/cell-agreement.ts'
import type { KeyDigest, MessageId, ReceiptSubscriptionId, SessionId, Uaid } from './ids.ts'
import type { Message } from './message.ts'
import type { SpanContext } from './tracing.ts'

/**
 * What is sent to the address of a user agent.
 * `deliver` and `cancel` are asks; `check` (look into the store), `channels` (read them again) and `displace` (a newer session is here) are tells. So are
 * `broadcasts`, which goes to all nodes, and `cells` and `watch`, which go to all processes; `figures` go to one that watches.
 */
export type AgentRequest =
  /** `trace`: the span of the ask, where the message is traced. */
  | {
      readonly kind: 'deliver'
      readonly message: Message
      readonly keyDigest: KeyDigest
      readonly trace?: SpanContext
    }
  | { readonly kind: 'cancel'; readonly id: MessageId }
  /** `from`: the session that put something itself and needs no telling; absent when an endpoint did. */
  | { readonly kind: 'check'; readonly from?: SessionId }
  /** A channel has ended. `from`: the session that ended it and knows; absent when none can be sure of what came of it. */
  | { readonly kind: 'channels'; readonly from?: SessionId }
  /** `ageMs`: how long the sender is connected, on its own monotonic clock. The older session yields. */
  | { readonly kind: 'displace'; readonly sessionId: SessionId; readonly ageMs: number }
  /** To all nodes. changed: read the broadcasts again. polled: the Megaphone server that is followed was asked just now. */
  | { readonly kind: 'broadcasts'; readonly hint: BroadcastHint }
  /** The sender's map of cells. */
  | { readonly kind: 'cells'; readonly statement: MapStatement }
  /** Somebody looks at the console of a process: tell it the figures of yours, once. */
  | { readonly kind: 'watch'; readonly watcher: ProcessId }
  /** What the sender counts and measures, in JSON. */
  | { readonly kind: 'figures'; readonly json: string }

/** A process, new at each start: 8 random bytes in hexadecimal. */
export type ProcessId = string

/** What nodes are told of broadcasts; like all that is told it may be lost. */
export type BroadcastHint = 'changed' | 'polled'

/**
 * What a user agent's actor answers.
 * delivered: acknowledged (TTL 0: written to the socket). stored: durable. full: not taken, store it.
 * gone: the channel is not known here; a hint, only the store can tell. unsaved: neither acknowledged nor durable.
 * cancelled / unknown: the message of a `cancel` was in flight, or was not.
 */
export type AgentOutcome = 'delivered' | 'stored' | 'full' | 'gone' | 'unsaved' | 'cancelled' | 'unknown'

/** An answer on the bus. */
export interface AgentReply {
  readonly outcome: AgentOutcome
  /** Wall time of the answering process in milliseconds, so that clocks that drift apart are noticed. */
  readonly clockMs: number
}

/**
 * The bus address at which every node listens. A `check` told there is for all user agents: it stands for hints that were
 * too many to be kept.
 */
export const NODES_ADDRESS = 'push.nodes'

/** The bus address at which every process listens, for what the others say of their maps of cells, and for those that watch. */
export const PROCESSES_ADDRESS = 'push.processes'

const CONSOLES = 'push.console.'

/** The bus address of a process whose console somebody looks at; it listens there meanwhile. */
export function consoleAddress(watcher: ProcessId): string {
  return CONSOLES + watcher
}

/** Whether an address belongs to every cell: that of all nodes, of all processes, and of a console, which has to hear also of those who have lost a cell. */
export function isEverywhere(address: string): boolean {
  return address === NODES_ADDRESS || address === PROCESSES_ADDRESS || address.startsWith(CONSOLES)
}

/** The bus address of a receipt subscription: a `check` told there says that a receipt waits. Whoever reads its receipts listens. */
export function receiptsAddress(subscription: ReceiptSubscriptionId): string {
  return `push.receipts.${subscription}`
}

/** The bus address of a user agent. Listening on it *is* being connected. */
export function agentAddress(uaid: Uaid): string {
  return `push.ua.${uaid}`
}
