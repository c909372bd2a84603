import type { Instant } from '../../cluster/actor.ts'
import type { Message } from '../../push/message.ts'
import { isBelow } from '../../push/urgency.ts'
import type { AgentEffect } from './effect.ts'
import {
  addFlight,
  answer,
  answerReplaced,
  conclude,
  end,
  hasNewerOfTopic,
  olderOfTopic,
  put,
  rememberEnd,
  reply,
  settle,
  waitingFlight,
} from './flights.ts'
import type { AgentInput } from './input.ts'
import { type AgentState, type Flight, inFlight } from './state.ts'
import { wakeBy } from './wake.ts'

type Deliver = Extract<AgentInput, { kind: 'deliver' }>
type Cancel = Extract<AgentInput, { kind: 'cancel' }>

/** An endpoint's message: sent at once where the window allows; its asker hears what becomes of it. */
export function deliver(state: AgentState, input: Deliver, now: Instant, effects: AgentEffect[]): void {
  const { message, ask } = input
  const refusal = refusalOf(state, input, now)
  if (refusal === 'full') state.backlog.dirty = true
  if (refusal !== undefined) return reply(ask, refusal, effects)
  // Put by its asker, it waits there until the user agent wants it: the window is for what it wants now.
  if (isBelow(message.urgency, state.minUrgency)) return reply(ask, 'full', effects)
  effects.push({ kind: 'notify', message, ttlSeconds: message.ttlSeconds })
  // For a receipt somebody has to remember that it was sent.
  const kept = message.ttlSeconds > 0 || message.receipt !== undefined
  if (message.ttlSeconds > 0) replaceOlder(state, message)
  const start = kept ? ({ state: 'grace', ask } as const) : ({ state: 'unstored', ask: undefined } as const)
  addFlight(state, message, start, now)
  if (!kept) reply(ask, 'delivered', effects)
  wakeBy(state, now.monotonicMs + (kept ? state.limits.ackGraceMs : state.limits.ackTimeoutMs), effects)
}

/** Those in their grace wait for what becomes of this one, which will be safe before long: one of TTL 0 never is. */
function replaceOlder(state: AgentState, message: Message): void {
  for (const older of olderOfTopic(state, message.id, message)) {
    if (older.state !== 'grace') continue
    older.state = 'replaced'
    older.message = undefined
  }
}

/** Why a message can't be sent now, if so. */
function refusalOf(
  state: AgentState,
  { message, keyDigest }: Deliver,
  now: Instant,
): 'full' | 'gone' | undefined {
  // Before its channels are loaded an actor must not say `gone`.
  if (state.phase !== 'open') return 'full'
  if (state.channels?.get(message.channelId) !== keyDigest) return 'gone'
  // This process stood still for longer than the message lives; its asker has long given up.
  if (message.ttlSeconds > 0 && message.expiresAtMs <= now.wallMs) return 'full'
  if (state.congested || inFlight(state) >= windowForAsks(state)) return 'full'
  if (isKnown(state, message) || hasNewerOfTopic(state, message.id, message)) return 'full'
  return undefined
}

/** While stored messages wait, new ones get at most half of the window. */
function windowForAsks({ limits, backlog }: AgentState): number {
  const hasBacklog = backlog.dirty || backlog.reading || backlog.inPass
  return hasBacklog ? Math.floor(limits.inFlightMax / 2) : limits.inFlightMax
}

function isKnown(state: AgentState, message: Message): boolean {
  if (state.flights?.has(message.id) || state.parked?.has(message.id)) return true
  return state.ended?.outcomeOf(message.id, message) !== undefined
}

/** The grace of a message is over: store it, for the asker to hear that it is safe. */
export function graceOver(state: AgentState, now: Instant, effects: AgentEffect[]): void {
  for (const flight of state.flights?.values() ?? []) {
    const age = now.monotonicMs - flight.sentAtMs
    if (age >= state.limits.ackGraceMs) put(flight, effects)
    if (flight.state === 'doubtful' && age >= unsavedAfterMs(state)) unsaved(state, flight, effects)
  }
}

/** A put has settled. */
export function putSettled(
  state: AgentState,
  input: Extract<AgentInput, { kind: 'putSettled' }>,
  now: Instant,
  effects: AgentEffect[],
): void {
  const flight = state.flights?.get(input.id)
  if (flight === undefined) return
  // Another session may be reading the store, and not have seen it.
  effects.push({ kind: 'tellCheck' })
  if (flight.ended) return endAfterPut(state, flight, input.done, now, effects)
  flight.state = input.done ? 'durable' : 'doubtful'
  if (input.done) {
    flight.message = undefined
    answer(flight, 'stored', effects)
    answerReplaced(state, flight, 'stored', effects)
    wakeBy(state, flight.sentAtMs + state.limits.ackTimeoutMs, effects)
  } else if (state.phase === 'closed') {
    // Nobody is left to acknowledge it.
    unsaved(state, flight, effects)
  } else {
    wakeBy(state, flight.sentAtMs + unsavedAfterMs(state), effects)
  }
}

/** Deleting only now keeps the put from overtaking the delete. */
function endAfterPut(
  state: AgentState,
  flight: Flight,
  done: boolean,
  now: Instant,
  effects: AgentEffect[],
): void {
  // The store may not have it: then the outcome is not written by deleting it there.
  if (!done && flight.awaited !== undefined) return settle(flight, flight.outcome, effects)
  answer(flight, 'stored', effects)
  end(state, flight, now, effects)
}

/** The outcome of a message is written, or nobody knows: then its asker must not take it for accepted. */
export function settled(
  state: AgentState,
  { id, done }: Extract<AgentInput, { kind: 'settled' }>,
  now: Instant,
  effects: AgentEffect[],
): void {
  const flight = state.flights?.get(id)
  if (flight?.state !== 'settling') return
  flight.awaited = undefined
  answer(flight, done ? 'delivered' : 'unsaved', effects)
  end(state, flight, now, effects)
}

/** The last moment at which an answer still reaches the asker. */
export function unsavedAfterMs({ limits }: AgentState): number {
  return limits.askTimeoutMs - 200
}

/** Neither acknowledged nor stored: the asker must know in time to answer 503. */
function unsaved(state: AgentState, flight: Flight, effects: AgentEffect[]): void {
  flight.message = undefined
  if (flight.ask === undefined) return
  answer(flight, 'unsaved', effects)
  answerReplaced(state, flight, 'unsaved', effects)
  // An older message of its topic may have been passed over for its sake.
  if (flight.topic !== undefined) state.backlog.dirty = true
}

/** The socket took none of it: as if it had never been sent. */
export function dropped(
  state: AgentState,
  input: Extract<AgentInput, { kind: 'dropped' }>,
  effects: AgentEffect[],
): void {
  state.congested = true
  state.backlog.dirty = true
  const flight = state.flights?.get(input.id)
  if (flight === undefined) return
  state.flights?.delete(flight.id)
  answer(flight, 'full', effects)
  answerReplaced(state, flight, 'full', effects)
}

/** An endpoint takes a message back for its sender. */
export function cancel(state: AgentState, input: Cancel, now: Instant, effects: AgentEffect[]): void {
  const flight = waitingFlight(state, input.id)
  if (flight === undefined) {
    // A page under way may hold it: found there, it must not be sent any more.
    if (state.backlog.reading) rememberEnd(state, input.id, undefined, 'none', now.monotonicMs)
    return reply(input.ask, 'unknown', effects)
  }
  answerReplaced(state, flight, 'stored', effects)
  flight.canceller = input.ask
  conclude(state, flight, 'none', now, effects)
}
