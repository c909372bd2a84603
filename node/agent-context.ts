import type { ActorKind } from '../cluster/actor.ts'
import type { Bus } from '../cluster/bus.ts'
import type { Clock, Random } from '../cluster/clock.ts'
import type { AgentReply, AgentRequest } from '../push/agent-requests.ts'
import type { Checks } from '../push/checks.ts'
import type { Uaid } from '../push/ids.ts'
import type { Log } from '../push/log.ts'
import type { Tokens } from '../push/tokens.ts'
import type { Tracer } from '../push/tracing.ts'
import type { Store } from '../store/store.ts'
import type { Admission } from './admission.ts'
import type { AgentEffect, AgentEvent } from './agent/effect.ts'
import type { AgentInput } from './agent/input.ts'
import type { AgentLimits, AgentState } from './agent/state.ts'
import type { Broadcasts } from './broadcasts.ts'
import type { Rechecked, Rechecking } from './rechecks.ts'

/** What the user agents of a node have under way, kept up to date by them. */
export interface AgentsLoad {
  /** Notifications that are not acknowledged. */
  inFlight: number
  /** The most inputs that ever waited for one actor. */
  mailboxHighWater: number
}

/** A user agent of a node, as far as the node is concerned. */
export interface HostedAgent extends Rechecked {
  /** Lets it go: what is under way is settled first. */
  drain(): void
}

/** What all user agents of a node work with. */
export interface AgentContext {
  readonly kind: ActorKind<AgentState, AgentInput, AgentEffect>
  readonly limits: AgentLimits
  /** Origin of endpoint URLs, without a slash at its end. */
  readonly publicUrl: string
  /** How long any one operation of the store may take. */
  readonly putTimeoutMs: number
  readonly bus: Bus<AgentRequest, AgentReply>
  readonly store: Store
  readonly tokens: Tokens
  readonly broadcasts: Broadcasts
  readonly admission: Admission
  readonly checks: Checks
  /** Tells of channels that have ended. */
  readonly channelHints: Checks
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly load: AgentsLoad
  readonly tracer: Tracer | undefined
  /** Counts an event for the operator. */
  count(what: AgentEvent): void
  /** Notes that a session was displaced; true when this user agent's sessions displace each other over and over. */
  isFlapping(uaid: Uaid): boolean
  /** A failure of the store, told here so that it is logged without flooding the log. */
  storeFailed(error: unknown): void
  /** Looks after a user agent whose address is known, until told to stop. */
  recheck(agent: HostedAgent, uaid: Uaid): Rechecking
  /** Nothing is left of this connection. */
  left(agent: HostedAgent): void
}
