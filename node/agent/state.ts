import type { Respond } from '../../cluster/bus.ts'
import type { AgentReply } from '../../push/agent-requests.ts'
import type { CloseReason } from '../../push/errors.ts'
import type { ChannelId, KeyDigest, MessageId, SessionId, Uaid } from '../../push/ids.ts'
import type { Message, TopicOf } from '../../push/message.ts'
import type { AwaitedReceipt, ReceiptOutcome } from '../../push/receipt.ts'
import { NO_MIN_URGENCY, type Urgency } from '../../push/urgency.ts'
import type { ClientMessage, NamedBroadcasts } from '../client-message.ts'
import type { EndedMessages } from './ended-messages.ts'

/** Limits and waits of a user agent's actor. */
export interface AgentLimits {
  /** A connection that has not said hello by then is closed. */
  readonly helloTimeoutMs: number
  /** How long an ask waits for the acknowledgement before the message is stored. */
  readonly ackGraceMs: number
  /** When the asker gives up waiting: no answer later than this is heard. */
  readonly askTimeoutMs: number
  /** A message unacknowledged for so long leaves the window; it is durable by then. */
  readonly ackTimeoutMs: number
  /** Notifications unacknowledged at a time. */
  readonly inFlightMax: number
  /** Sessions that may send a stored message without an acknowledgement before it is given up. */
  readonly sendsMax: number
  /** Channels that one user agent may have. */
  readonly channelsMax: number
  /** Broadcasts that one user agent may be subscribed to. */
  readonly agentBroadcastsMax: number
  /** Commands of the user agent that may wait for the one before. */
  readonly commandsMax: number
  /** Shortest time between two pings of the user agent. */
  readonly pingMinMs: number
  /** Wait before a read that failed is tried again. */
  readonly readRetryMs: number
  /** How long a displaced session is kept open, silent, once its user agent has been found to flap. */
  readonly flapHoldMs: number
}

/** Whom to answer. */
export type Ask = Respond<AgentReply>

/**
 * Where a message in flight stands. grace: its asker waits for the acknowledgement. replaced: its asker waits for what becomes
 * of a newer message of its topic. putting: on its way into the store. durable: in the store. doubtful: the put failed, it
 * may be in the store all the same. unstored: never to be stored (TTL 0, or answered with its replacement). settling: it has ended, and
 * its outcome is on its way into the store, for its receipt.
 */
export type FlightState = 'grace' | 'replaced' | 'putting' | 'durable' | 'doubtful' | 'unstored' | 'settling'

/** A notification written to the socket and not acknowledged yet. */
export interface Flight extends TopicOf {
  readonly id: MessageId
  state: FlightState
  /** Kept only as long as it may have to be stored. */
  message: Message | undefined
  /** The asker still to be answered. */
  ask: Ask | undefined
  /** Its receipt, as long as it is up to this session to write what became of it. */
  awaited: AwaitedReceipt | undefined
  /** Whether a socket has had it before this one. */
  readonly repeated: boolean
  /** Its TTL is 0: nobody looks for it again. */
  readonly fleeting: boolean
  /** It was acknowledged or cancelled, and its put or its receipt has to settle first: to be deleted then. */
  ended: boolean
  /** How it has ended; until then how it ends if it is never heard of again. */
  outcome: ReceiptOutcome
  /** The user agent said it can't handle it: it leaves the window as soon as it is durable. */
  refused: boolean
  /** Whoever wants to cancel it and waits for its put. */
  canceller: Ask | undefined
  /** Whether this session's send of it is counted in the store. */
  counted: boolean
  readonly sentAtMs: number
}

/**
 * greeting: no hello yet. opening: hello is being looked up. open: serving. leaving: takes nothing new, makes durable what is
 * in flight, then closes. closed: the socket is gone, the last puts settle.
 */
export type AgentPhase = 'greeting' | 'opening' | 'open' | 'leaving' | 'closed'

/** A change of what is kept of the user agent, or the reading of it; done strictly one after the other. */
export type Command =
  | { readonly kind: 'register'; readonly channelId: ChannelId; readonly keyHash: Uint8Array | undefined }
  | { readonly kind: 'unregister'; readonly channelId: ChannelId }
  | { readonly kind: 'reload' }
  /** `asked`: the user agent waits for an answer. */
  | { readonly kind: 'urgency'; readonly min: Urgency; readonly asked: boolean }

/** What to delete from the store: messages by id, and with a topic all of its messages up to that id. */
export interface Removal {
  readonly id: MessageId
  readonly channelId: ChannelId
  readonly topic: string | undefined
  /** How the message of this id has ended. */
  readonly outcome: ReceiptOutcome
}

/** Reading of the stored messages, in passes from the first to the last; see delivery.md, "passes". */
export interface Backlog {
  /** Another pass is wanted. */
  dirty: boolean
  /** A page is being read; one at a time. */
  reading: boolean
  /** A pass is under way and goes on after `cursor`. A cursor never outlives its pass. */
  inPass: boolean
  cursor: MessageId | undefined
  /** Monotonic time before which a failed read is not tried again; 0 when none failed. */
  retryAtMs: number
}

/**
 * Everything one connection of a user agent is. Small while idle: what only a busy one needs is made when needed.
 * Times ending in AtMs are on the monotonic clock.
 */
export interface AgentState {
  readonly limits: AgentLimits
  readonly sessionId: SessionId
  /** Given to the user agent if it brings none that the store knows. */
  readonly newUaid: Uaid
  readonly startedAtMs: number
  phase: AgentPhase
  uaid: Uaid | undefined
  channels: Map<ChannelId, KeyDigest> | undefined
  /** What is being read of them may have changed already: they are to be read again. */
  outdated: boolean
  /** Until then a user agent that doubts a channel is not asked after. */
  undoubtedUntilMs: number
  /** The least urgency it wants to be sent for now. */
  minUrgency: Urgency
  readonly backlog: Backlog
  flights: Map<MessageId, Flight> | undefined
  /** Sent in this session and no longer waited for: durable, not to be sent again before the next session. */
  parked: Map<MessageId, Flight> | undefined
  /** Acknowledged or cancelled lately: found in the store, they are deleted, not sent. */
  ended: EndedMessages | undefined
  /** Deletes that failed, to be tried again. */
  unremoved: { readonly removals: Removal[]; readonly retryAtMs: number } | undefined
  /** The first one is being carried out. */
  commands: Command[] | undefined
  /** The broadcasts that hello named, until it is answered. */
  named: NamedBroadcasts | undefined
  /** What the user agent said while its hello was looked up. */
  early: ClientMessage[] | undefined
  /** The socket has more to send than it can; nothing new is sent until it has drained. */
  congested: boolean
  /** A broadcast was dropped: what it is subscribed to is told again once the socket has drained. */
  missedBroadcast: boolean
  pingedAtMs: number | undefined
  /** When hello was answered; 0 before. */
  welcomedAtMs: number
  /** When the actor's one timer fires; 0 when it is not set. */
  wakeAtMs: number
  leaving: Leaving | undefined
}

/** How a session ends by the service's will. */
export interface Leaving {
  readonly reason: CloseReason
  /** Not to be closed before. */
  readonly closeAtMs: number
  closing: boolean
}

/** The state of a connection that has just been opened. */
export function newAgentState(
  limits: AgentLimits,
  ids: { sessionId: SessionId; newUaid: Uaid },
  nowMs: number,
): AgentState {
  return {
    limits,
    sessionId: ids.sessionId,
    newUaid: ids.newUaid,
    startedAtMs: nowMs,
    phase: 'greeting',
    uaid: undefined,
    channels: undefined,
    outdated: false,
    undoubtedUntilMs: 0,
    minUrgency: NO_MIN_URGENCY,
    backlog: { dirty: false, reading: false, inPass: false, cursor: undefined, retryAtMs: 0 },
    flights: undefined,
    parked: undefined,
    ended: undefined,
    unremoved: undefined,
    commands: undefined,
    named: undefined,
    early: undefined,
    congested: false,
    missedBroadcast: false,
    pingedAtMs: undefined,
    welcomedAtMs: 0,
    wakeAtMs: 0,
    leaving: undefined,
  }
}

/** How many notifications are unacknowledged. */
export function inFlight(state: AgentState): number {
  return state.flights?.size ?? 0
}
