import type { ActionName } from './actions.ts'

/** How arrivals are spread over time: as of many independent senders, or evenly. */
export type Arrivals = 'poisson' | 'constant'

/** What holds for the whole run. Every number is resolved; durations are in milliseconds. */
export interface Settings {
  /** User agents of all workers together. */
  readonly agents: number
  /** Channels that each registers as it connects. */
  readonly channels: number
  /** Arrivals a second of load phases that say none of their own. */
  readonly rate: number
  /** Of measured load phases that say none of their own. */
  readonly durationMs: number
  /** Of load phases that are not measured and say none of their own. */
  readonly warmUpMs: number
  readonly arrivals: Arrivals
  /** Senders of a closed loop, each of which waits for its answer before it goes on; 0 is an open one. */
  readonly closed: number
  readonly bodyBytes: number
  readonly ttlS: number
  /** Part of the subscriptions that are restricted to a VAPID key, and whose messages carry a token. */
  readonly vapidShare: number
  /** Application servers, each with a VAPID key of its own. */
  readonly applications: number
  /** Topics of a channel that messages with a topic take turns in. */
  readonly topics: number
  /** HTTP connections of a worker to an origin at most. */
  readonly connectionsMax: number
  /** Longest wait for the answer to a request. */
  readonly timeoutMs: number
  /** Longest wait at the end for what is still due. */
  readonly settleMs: number
}

interface PhaseBase {
  readonly name: string
  readonly measured: boolean
}

/** Arrivals for a time, each of which does one of the actions; without actions time just passes. */
export interface LoadPhase extends PhaseBase {
  readonly do: 'load'
  readonly durationMs: number
  readonly arrivals: Arrivals
  /** 0: open arrivals. */
  readonly closed: number
  /** Arrivals a second at the beginning and at the end; in between it changes evenly. */
  readonly rate: { readonly from: number; readonly to: number }
  /** Actions and their weights. */
  readonly actions: readonly (readonly [ActionName, number])[]
}

/** User agents that are not connected connect: so many a second, so many at a time, or all at once. */
export interface ConnectPhase extends PhaseBase {
  readonly do: 'connect'
  readonly share: number
  readonly pace:
    | { readonly kind: 'rate'; readonly perSecond: number; readonly arrivals: Arrivals }
    | { readonly kind: 'atATime'; readonly count: number }
    | { readonly kind: 'atOnce' }
  /** Then what does not succeed is given up, and counted. */
  readonly withinMs: number
}

/** A share of the connected user agents leaves. */
export interface DisconnectPhase extends PhaseBase {
  readonly do: 'disconnect'
  readonly share: number
  /** drop: TCP just ends; close: with a Close frame. */
  readonly how: 'drop' | 'close'
}

/** A share of the connected user agents ends all its subscriptions; what is left are endpoints that are gone. */
export interface UnregisterPhase extends PhaseBase {
  readonly do: 'unregister'
  readonly share: number
}

/** Waits until every message that was sent has its answer. */
export interface AnswersPhase extends PhaseBase {
  readonly do: 'answers'
  readonly withinMs: number
}

/** Waits until everything that is due has arrived. */
export interface DrainPhase extends PhaseBase {
  readonly do: 'drain'
  readonly withinMs: number
}

/** A part of a run. */
export type Phase = LoadPhase | ConnectPhase | DisconnectPhase | UnregisterPhase | AnswersPhase | DrainPhase

/** All that a generator needs to know to play a run: plain data, which goes to workers as JSON. */
export interface Plan {
  readonly name: string
  readonly summary: string
  readonly settings: Settings
  readonly phases: readonly Phase[]
  /** Settings of the command line that change nothing in it, by the names of their flags. */
  readonly unused: readonly string[]
}
