import type { Instant } from '../../cluster/actor.ts'
import type { AgentOutcome } from '../../push/agent-requests.ts'
import type { MessageId } from '../../push/ids.ts'
import { type Message, sameTopic, type TopicOf } from '../../push/message.ts'
import { awaitedReceipt, type ReceiptOutcome } from '../../push/receipt.ts'
import type { AgentEffect } from './effect.ts'
import { EndedMessages } from './ended-messages.ts'
import type { AgentState, Ask, Flight } from './state.ts'

const NONE: readonly Flight[] = []
const EMPTY = new Uint8Array(0)

/** How a message starts its flight. */
type Start = Pick<Flight, 'state' | 'ask'> & Partial<Pick<Flight, 'repeated'>>

/** Answers whoever asked for this flight, once. */
export function answer(flight: Flight, outcome: AgentOutcome, effects: AgentEffect[]): void {
  if (flight.ask !== undefined) effects.push({ kind: 'reply', ask: flight.ask, outcome })
  flight.ask = undefined
}

/** Adds a message that goes out now. Only one in its grace may have to be stored: of others the body is let go. */
export function addFlight(state: AgentState, message: Message, start: Start, now: Instant): Flight {
  state.flights ??= new Map()
  const fleeting = message.ttlSeconds === 0
  const flight: Flight = {
    id: message.id,
    channelId: message.channelId,
    topic: message.topic,
    state: start.state,
    message: start.state === 'grace' ? (fleeting ? remnantOf(message) : message) : undefined,
    ask: start.ask,
    awaited: awaitedReceipt(message),
    repeated: start.repeated ?? false,
    fleeting,
    ended: false,
    outcome: 'notDelivered',
    refused: false,
    canceller: undefined,
    counted: false,
    sentAtMs: now.monotonicMs,
  }
  state.flights.set(message.id, flight)
  return flight
}

/**
 * What is stored of a message with TTL 0, for its receipt: it is over, so that nobody is ever sent it, but it can still be
 * acknowledged, and is swept if it is not. Without its topic, or it would replace an older message that is still to be delivered.
 */
function remnantOf({ topic, headers, ...message }: Message): Message {
  return { ...message, body: EMPTY }
}

/** Remembers the end of a message, so that a copy of it is not sent again. */
export function rememberEnd(
  state: AgentState,
  id: MessageId,
  topicOf: TopicOf | undefined,
  outcome: ReceiptOutcome,
  nowMs: number,
): void {
  state.ended ??= new EndedMessages()
  forgetEnds(state, nowMs)
  state.ended.add(id, topicOf, outcome, nowMs)
}

/** Forgets ends of messages that are long past. A page under way was read before and may hold any message that ended since. */
export function forgetEnds({ backlog, ended }: AgentState, nowMs: number): void {
  if (!backlog.reading) ended?.prune(nowMs, backlog.dirty || backlog.inPass)
}

/** Deletes a message that ended from the store, with what it replaces. */
export function remove(
  state: AgentState,
  id: MessageId,
  { channelId, topic }: TopicOf,
  outcome: ReceiptOutcome,
  effects: AgentEffect[],
): void {
  state.ended?.setRemoving(id, true)
  effects.push({ kind: 'remove', removal: { id, channelId, topic, outcome } })
}

/** Deletes a flight's message the same way. */
export function removeFlight(state: AgentState, flight: Flight, effects: AgentEffect[]): void {
  const { id, channelId, outcome } = flight
  // What is stored of one with TTL 0 has no topic to be found by.
  if (flight.fleeting && flight.counted && flight.topic !== undefined)
    remove(state, id, { channelId, topic: undefined }, outcome, effects)
  remove(state, id, flight, outcome, effects)
}

/** Starts to store a message whose asker still waits; this session has sent it. */
export function put(flight: Flight, effects: AgentEffect[]): void {
  if (flight.state !== 'grace' || flight.message === undefined) return
  effects.push({ kind: 'put', message: flight.message })
  flight.state = 'putting'
  flight.counted = true
}

/** The messages in flight of one topic that are older than this one. */
export function olderOfTopic(state: AgentState, id: MessageId, topicOf: TopicOf): readonly Flight[] {
  if (topicOf.topic === undefined) return NONE
  return [...(state.flights?.values() ?? [])].filter((other) => other.id < id && sameTopic(other, topicOf))
}

/** Tells whether a newer message of this topic is in flight; not one of TTL 0, which may be lost with nobody looking again. */
export function hasNewerOfTopic(state: AgentState, id: MessageId, topicOf: TopicOf): boolean {
  if (topicOf.topic === undefined || state.flights === undefined) return false
  for (const other of state.flights.values())
    if (other.id > id && other.state !== 'unstored' && !other.fleeting && sameTopic(other, topicOf))
      return true
  return false
}

/** Answers those whose message this one replaced: what became of it is what became of theirs. */
export function answerReplaced(
  state: AgentState,
  by: Flight,
  outcome: AgentOutcome,
  effects: AgentEffect[],
): void {
  for (const older of olderOfTopic(state, by.id, by)) {
    if (older.state !== 'replaced') continue
    if (outcome === 'stored' && older.awaited !== undefined) {
      settle(older, 'none', effects)
    } else {
      answer(older, outcome, effects)
      older.state = 'unstored'
      older.awaited = undefined
    }
  }
}

/** Writes how a message has ended; its asker hears of it when that is durable. */
export function settle(flight: Flight, outcome: ReceiptOutcome, effects: AgentEffect[]): void {
  if (flight.awaited === undefined) return
  flight.state = 'settling'
  flight.ended = true
  flight.outcome = outcome
  flight.message = undefined
  effects.push({ kind: 'settle', awaited: flight.awaited, outcome })
}

/**
 * A message in flight has ended this way. Its asker is answered and it is deleted at once; after its put where one runs; and with a receipt,
 * after the outcome is durable, which for a stored message is up to the store that deletes it.
 */
export function conclude(
  state: AgentState,
  flight: Flight,
  outcome: ReceiptOutcome,
  now: Instant,
  effects: AgentEffect[],
): void {
  flight.outcome = outcome
  const isPutting = flight.state === 'putting'
  // Over from now on, whatever has to settle first: nothing that it replaces is to be sent any more.
  if (flight.awaited !== undefined) rememberEnd(state, flight.id, flight, outcome, now.monotonicMs)
  if (flight.awaited !== undefined && !isPutting && flight.state !== 'durable')
    return settle(flight, outcome, effects)
  if (flight.awaited === undefined) answer(flight, 'delivered', effects)
  if (isPutting) flight.ended = true
  else end(state, flight, now, effects)
}

/** The flight of this id, if it waits for an acknowledgement. */
export function waitingFlight(state: AgentState, id: MessageId): Flight | undefined {
  const flight = state.flights?.get(id)
  return flight?.ended ? undefined : flight
}

/** Counts this session's sends of stored messages, each once. */
export function countSends(flights: Iterable<Flight>, effects: AgentEffect[]): void {
  const ids: MessageId[] = []
  for (const flight of flights) {
    if (flight.counted || (flight.state !== 'durable' && flight.state !== 'doubtful')) continue
    flight.counted = true
    ids.push(flight.id)
  }
  if (ids.length > 0) effects.push({ kind: 'countSends', ids })
}

/** Whom to answer, and how. */
export function reply(ask: Ask, outcome: AgentOutcome, effects: AgentEffect[]): void {
  effects.push({ kind: 'reply', ask, outcome })
}

/** A message in flight has ended, with all that it replaces. */
export function end(state: AgentState, flight: Flight, now: Instant, effects: AgentEffect[]): void {
  state.flights?.delete(flight.id)
  rememberEnd(state, flight.id, flight, flight.outcome, now.monotonicMs)
  // One that never was near the store and replaces nothing leaves no trace there.
  const untouched =
    flight.state === 'grace' ||
    flight.state === 'unstored' ||
    (flight.state === 'settling' && !flight.counted)
  if (!untouched || flight.topic !== undefined) removeFlight(state, flight, effects)
  if (flight.canceller !== undefined) reply(flight.canceller, 'cancelled', effects)
}

/** Ends what is in flight of channels that have ended. */
export function endFlights(
  state: AgentState,
  hasEnded: (flight: Flight) => boolean,
  effects: AgentEffect[],
): void {
  for (const flight of state.flights?.values() ?? []) {
    // The outcome of one that is settling is decided.
    if (!hasEnded(flight) || flight.state === 'settling') continue
    answer(flight, 'gone', effects)
    // One on its way into the store goes when it has arrived there, where it might outlive a new registration.
    if (flight.state === 'putting') flight.ended = true
    else state.flights?.delete(flight.id)
  }
}
