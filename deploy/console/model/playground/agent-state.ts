import type { Urgency } from '../../../../push/urgency.ts'
import type { Answer } from '../../../by-hand/answer.ts'
import type { Content } from '../../../by-hand/content.ts'
import type { Notification } from '../../../by-hand/server-frame.ts'
import type { PageChannel } from './channel.ts'
import { type Identity, NOBODY } from './identity.ts'

/** How things stand with the websocket. */
export type Link =
  /** `why` says how it ended; absent when it was never there. */
  | { readonly kind: 'closed'; readonly why?: string; readonly wasAsked?: boolean }
  | { readonly kind: 'opening' }
  /** Hello was said, and not answered yet. */
  | { readonly kind: 'greeting' }
  | { readonly kind: 'open'; readonly sinceMs: number }
  | { readonly kind: 'closing' }

/** What is answered to messages: what Firefox would, always the same code, or what somebody presses at each. */
export type Answering = 'firefox' | 100 | 101 | 102 | 301 | 302 | 303 | 'hand'

/** A message as it came; one that comes again is another one of these. */
export interface ReceivedMessage {
  /** Counts what has come. */
  readonly id: number
  readonly atMs: number
  readonly notification: Notification
  /** What its subscription is called; absent for one that is not known here. */
  readonly channel: string | undefined
  /** Absent until it is decrypted. */
  readonly content?: Content
  readonly isRepeated: boolean
  readonly answer: Answer
}

/** Something that was said to whoever looks on: in the panel, and to screen readers. */
export interface Notice {
  /** Counts them, so that the same words can be said twice. */
  readonly id: number
  readonly text: string
  readonly tone: 'plain' | 'good' | 'bad'
}

/** All that the page knows as a user agent. */
export interface AgentState {
  readonly link: Link
  readonly identity: Identity
  readonly answering: Answering
  /** The newest first. */
  readonly messages: readonly ReceivedMessage[]
  /** How many have come, repeats included. */
  readonly received: number
  /** Versions of the last ones. */
  readonly known: readonly string[]
  /** Why there is nothing to hear of some broadcasts. */
  readonly broadcastErrors: Readonly<Record<string, string>>
  /** The urgency that was asked for last and not confirmed yet. */
  readonly urgencyAsked: Urgency | undefined
  readonly pingSentAtMs: number | undefined
  readonly notice: Notice
}

/** What happens to a user agent: by whoever uses the page, by the websocket, or as decrypting ends. */
export type AgentEvent =
  /** Somebody wants to connect as this identity. */
  | { readonly kind: 'connect'; readonly identity: Identity }
  | { readonly kind: 'disconnect' }
  /** The browser did not even try. */
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'opened' }
  | { readonly kind: 'received'; readonly text: string; readonly atMs: number }
  | { readonly kind: 'closed'; readonly code: number; readonly reason: string }
  | { readonly kind: 'register'; readonly channel: PageChannel }
  | { readonly kind: 'unregister'; readonly channelID: string }
  /** An ended subscription is not to be shown any more. */
  | { readonly kind: 'forget'; readonly channelID: string }
  | { readonly kind: 'read'; readonly id: number; readonly content: Content }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: Answer }
  | { readonly kind: 'answering'; readonly answering: Answering }
  | { readonly kind: 'urgency'; readonly min: Urgency }
  | { readonly kind: 'subscribeBroadcast'; readonly broadcast: string; readonly version: string }
  | { readonly kind: 'ping'; readonly atMs: number }
  | { readonly kind: 'clearMessages' }

/** What follows from an event. */
export interface AgentStep {
  readonly state: AgentState
  /** Frames to send, in this order. */
  readonly send: readonly object[]
}

/** How many messages are shown at most; the oldest go. */
export const MESSAGES_MAX = 200

/** A user agent that has just come to be. */
export function newAgentState(identity: Identity = NOBODY): AgentState {
  return {
    link: { kind: 'closed' },
    identity,
    answering: 'firefox',
    messages: [],
    received: 0,
    known: [],
    broadcastErrors: {},
    urgencyAsked: undefined,
    pingSentAtMs: undefined,
    notice: { id: 0, text: '', tone: 'plain' },
  }
}

/** Says something. */
export function noting(state: AgentState, text: string, tone: Notice['tone'] = 'plain'): AgentState {
  return { ...state, notice: { id: state.notice.id + 1, text, tone } }
}

/** A step after which nothing is sent. */
export function still(state: AgentState): AgentStep {
  return { state, send: [] }
}
