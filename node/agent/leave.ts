import type { Instant } from '../../cluster/actor.ts'
import type { CloseReason } from '../../push/errors.ts'
import type { AgentEffect } from './effect.ts'
import { countSends, put } from './flights.ts'
import type { AgentInput } from './input.ts'
import type { AgentState, Flight } from './state.ts'
import { wakeBy } from './wake.ts'

/** Firefox is stuck for good when its connection ends together with the answer to its hello. */
const WELCOME_MS = 50

/**
 * Another session of this user agent is here. The older one yields. Ages are compared, not times of day: the clocks of two
 * machines differ. Whoever does not yield says so, in case the other has not heard of it.
 */
export function displace(
  state: AgentState,
  input: Extract<AgentInput, { kind: 'displace' }>,
  now: Instant,
  effects: AgentEffect[],
): void {
  if (input.sessionId === state.sessionId || (state.phase !== 'open' && state.phase !== 'opening')) return
  const ageMs = now.monotonicMs - state.startedAtMs
  const isOlder = ageMs > input.ageMs || (ageMs === input.ageMs && state.sessionId < input.sessionId)
  if (!isOlder) {
    effects.push({ kind: 'tellDisplace', ageMs })
    return
  }
  effects.push({ kind: 'count', what: 'displaced' })
  // Two browsers with one cloned profile would displace each other for ever: make each turn last.
  leave(state, 'displaced', now.monotonicMs + (input.flapping ? state.limits.flapHoldMs : 0), effects)
}

/** Another session of this user agent may be there, and neither has heard of the other: the bus was away, or new to one of them. */
export function announce(state: AgentState, now: Instant, effects: AgentEffect[]): void {
  if (state.phase === 'open')
    effects.push({ kind: 'tellDisplace', ageMs: now.monotonicMs - state.startedAtMs })
}

/** The node is about to stop. */
export function drain(state: AgentState, now: Instant, effects: AgentEffect[]): void {
  if (state.phase === 'greeting') effects.push({ kind: 'close', reason: 'drained' })
  else if (state.phase !== 'closed') leave(state, 'drained', now.monotonicMs, effects)
}

/** The socket is gone: what is in flight is made durable and its askers answered, then the actor ends. */
export function closed(state: AgentState, effects: AgentEffect[]): void {
  if (state.phase === 'open' || state.phase === 'opening') effects.push({ kind: 'unlisten' })
  state.phase = 'closed'
  settleFlights(state, effects)
  countSends(state.flights?.values() ?? [], effects)
}

/** Ends a session that is over as soon as nothing of it is open any more. Called after every input. */
export function finish(state: AgentState, now: Instant, effects: AgentEffect[]): void {
  if (state.phase === 'closed' && isSettled(state)) effects.push({ kind: 'end' })
  const { leaving } = state
  if (state.phase !== 'leaving' || leaving === undefined || leaving.closing || !isSettled(state)) return
  if (now.monotonicMs < leaving.closeAtMs) return wakeBy(state, leaving.closeAtMs, effects)
  leaving.closing = true
  effects.push({ kind: 'close', reason: leaving.reason })
}

/** Takes nothing new, stores what is unacknowledged, answers, and closes not before `closeAtMs`. */
function leave(state: AgentState, reason: CloseReason, closeAtMs: number, effects: AgentEffect[]): void {
  if (state.leaving?.closing) return
  if (state.phase !== 'leaving') effects.push({ kind: 'unlisten' }, { kind: 'unsubscribe' })
  state.phase = 'leaving'
  state.leaving = {
    reason,
    closeAtMs: Math.max(closeAtMs, state.welcomedAtMs + WELCOME_MS),
    closing: false,
  }
  settleFlights(state, effects)
}

function settleFlights(state: AgentState, effects: AgentEffect[]): void {
  for (const flight of state.flights?.values() ?? []) put(flight, effects)
}

function isSettled(state: AgentState): boolean {
  for (const flight of state.flights?.values() ?? []) if (isOpen(flight)) return false
  return true
}

/** Whether somebody still waits for what becomes of it. */
function isOpen(flight: Flight): boolean {
  return flight.ask !== undefined || flight.state === 'putting' || flight.state === 'settling'
}
