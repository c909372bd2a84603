import type { Instant } from '../../cluster/actor.ts'
import type { ReceiptOutcome } from '../../push/receipt.ts'
import type { AckUpdate, ClientMessage } from '../client-message.ts'
import { channelDoubted } from './channels.ts'
import type { AgentEffect, AgentEvent } from './effect.ts'
import {
  answer,
  conclude,
  countSends,
  olderOfTopic,
  put,
  rememberEnd,
  removeFlight,
  settle,
} from './flights.ts'
import type { AgentInput } from './input.ts'
import type { AgentState, Flight } from './state.ts'
import { wakeBy } from './wake.ts'

/**
 * Deletes that failed and wait to be tried again: many more than the window, which goes on turning while the store is down. An end that is
 * forgotten lets an older message of its topic come back (simulation seed 1253).
 */
const UNREMOVED_MAX = 1000

/** The user agent has messages, or can't use them: either way they are done with. */
export function ack(
  state: AgentState,
  updates: readonly AckUpdate[],
  now: Instant,
  effects: AgentEffect[],
): void {
  for (const update of updates) {
    effects.push({ kind: 'count', what: ackEvent(update.code) })
    ackOne(state, update, now, effects)
  }
}

function ackOne(state: AgentState, update: AckUpdate, now: Instant, effects: AgentEffect[]): void {
  const parked = state.parked?.get(update.id)
  if (parked !== undefined) {
    state.parked?.delete(update.id)
    parked.outcome = outcomeOf(update, parked)
    rememberEnd(state, update.id, parked, parked.outcome, now.monotonicMs)
    return removeFlight(state, parked, effects)
  }
  const flight = state.flights?.get(update.id)
  if (flight === undefined || flight.ended || flight.channelId !== update.channelId) return
  for (const older of olderOfTopic(state, flight.id, flight)) supersede(older, effects)
  conclude(state, flight, outcomeOf(update, flight), now, effects)
  if (isRefused(update, flight)) channelDoubted(state, now, effects)
}

function outcomeOf(update: AckUpdate, flight: Flight): ReceiptOutcome {
  return update.code === 101 || isRefused(update, flight) ? 'notDelivered' : 'acknowledged'
}

/** A message that some socket has had before is known to the user agent: that is what it means by 102 then. */
function isRefused({ code }: AckUpdate, { repeated }: Flight): boolean {
  return code === 102 && !repeated
}

/** A newer one of its topic is acknowledged: it must not be stored any more; on its way there, it goes on arrival. */
function supersede(older: Flight, effects: AgentEffect[]): void {
  if (older.ended) return
  older.outcome = 'none'
  if (older.awaited === undefined || older.ask === undefined) answer(older, 'delivered', effects)
  else if (older.state !== 'putting') return settle(older, 'none', effects)
  if (older.state === 'putting') {
    older.ended = true
  } else {
    older.state = 'unstored'
    older.message = undefined
    older.awaited = undefined
  }
}

/** The user agent failed on a message: it stays stored for the next session and frees its place in the window. */
export function nack(
  state: AgentState,
  message: Extract<ClientMessage, { kind: 'nack' }>,
  effects: AgentEffect[],
): void {
  effects.push({ kind: 'count', what: nackEvent(message.code) })
  const flight = message.id === undefined ? undefined : state.flights?.get(message.id)
  if (flight === undefined || flight.ended) return
  // Not durable yet: it is parked as soon as its put has settled.
  flight.refused = true
  put(flight, effects)
  parkRefused(state, flight, effects)
}

/** Takes a refused message out of the window, once it is durable. */
export function parkRefused(state: AgentState, flight: Flight, effects: AgentEffect[]): void {
  if (flight.refused && (flight.state === 'durable' || flight.state === 'unstored'))
    park(state, flight, effects)
}

/** What nobody has acknowledged for too long leaves the window; with too many of them the connection is no use. */
export function ackOverdue(state: AgentState, now: Instant, effects: AgentEffect[]): void {
  for (const flight of state.flights?.values() ?? []) {
    if (now.monotonicMs - flight.sentAtMs < state.limits.ackTimeoutMs) break
    if (flight.ask === undefined && flight.state !== 'putting' && flight.state !== 'settling')
      park(state, flight, effects)
  }
}

function park(state: AgentState, flight: Flight, effects: AgentEffect[]): void {
  countSends([flight], effects)
  state.flights?.delete(flight.id)
  state.parked ??= new Map()
  state.parked.set(flight.id, flight)
  if (state.parked.size === state.limits.inFlightMax)
    effects.push({ kind: 'close', reason: 'tooManyUnacknowledged' })
}

/** A delete has been done: the store no longer has what ended. */
export function removed(state: AgentState, { id }: Extract<AgentInput, { kind: 'removed' }>): void {
  state.ended?.setRemoving(id, false)
}

/** A delete failed: its end stays remembered, and it is tried again a while later. */
export function removeFailed(
  state: AgentState,
  { removal }: Extract<AgentInput, { kind: 'removeFailed' }>,
  now: Instant,
  effects: AgentEffect[],
): void {
  state.unremoved ??= { removals: [], retryAtMs: now.monotonicMs + state.limits.readRetryMs }
  wakeBy(state, state.unremoved.retryAtMs, effects)
  if (state.unremoved.removals.length < UNREMOVED_MAX) state.unremoved.removals.push(removal)
  // With so many of them a copy may be sent again, in the end: that is allowed, to be without limit is not.
  else state.ended?.setRemoving(removal.id, false)
}

/** Tries the deletes again that have failed. */
export function removeAgain(state: AgentState, now: Instant, effects: AgentEffect[]): void {
  const { unremoved } = state
  if (unremoved === undefined || now.monotonicMs < unremoved.retryAtMs) return
  state.unremoved = undefined
  for (const removal of unremoved.removals) effects.push({ kind: 'remove', removal })
}

function ackEvent(code: number): AgentEvent {
  switch (code) {
    case 100:
      return 'ack 100'
    case 101:
      return 'ack 101'
    case 102:
      return 'ack 102'
    default:
      return 'ack other'
  }
}

function nackEvent(code: number): AgentEvent {
  switch (code) {
    case 301:
      return 'nack 301'
    case 302:
      return 'nack 302'
    case 303:
      return 'nack 303'
    default:
      return 'nack other'
  }
}
