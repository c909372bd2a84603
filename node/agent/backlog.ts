import type { Instant } from '../../cluster/actor.ts'
import type { Message } from '../../push/message.ts'
import { isBelow } from '../../push/urgency.ts'
import type { Page, StoredMessage } from '../../store/store.ts'
import { enqueue } from './commands.ts'
import type { AgentEffect } from './effect.ts'
import { addFlight, forgetEnds, hasNewerOfTopic, rememberEnd, remove } from './flights.ts'
import type { AgentInput } from './input.ts'
import { type AgentState, inFlight } from './state.ts'
import { wakeBy } from './wake.ts'

/** Stored messages read at a time. */
const PAGE_MAX = 50

/**
 * Reads on where there is something to read and room for it. Called after every input, so that no other place has to
 * think of it. A pass starts at the first message, for one may have been put behind any cursor.
 */
export function readOn(state: AgentState, now: Instant, effects: AgentEffect[]): void {
  const { backlog, limits } = state
  if (state.phase !== 'open' || backlog.reading || !(backlog.dirty || backlog.inPass)) return
  if (state.congested || inFlight(state) > limits.inFlightMax / 2) return
  if (now.monotonicMs < backlog.retryAtMs) return wakeBy(state, backlog.retryAtMs, effects)
  if (!backlog.inPass) {
    backlog.dirty = false
    backlog.inPass = true
    backlog.cursor = undefined
  }
  backlog.reading = true
  const limit = Math.min(PAGE_MAX, limits.inFlightMax - inFlight(state))
  effects.push({ kind: 'list', wanted: { after: backlog.cursor, limit, minUrgency: state.minUrgency } })
}

/** A page has been read: send what is to be sent of it. */
export function page(
  state: AgentState,
  input: Extract<AgentInput, { kind: 'page' }>,
  now: Instant,
  effects: AgentEffect[],
): void {
  if (state.phase === 'open') takePage(state, input, now, effects)
  // Only now: until the page has been gone through, nothing that ended may be forgotten.
  state.backlog.reading = false
  forgetEnds(state, now.monotonicMs)
}

function takePage(
  state: AgentState,
  input: Extract<AgentInput, { kind: 'page' }>,
  now: Instant,
  effects: AgentEffect[],
): void {
  const { backlog } = state
  if (input.page === 'failed') {
    backlog.dirty = true
    backlog.inPass = false
    backlog.retryAtMs = now.monotonicMs + state.limits.readRetryMs
    return
  }
  backlog.retryAtMs = 0
  const finished = sendPage(state, input.page, now, effects)
  if (finished && input.page.next === undefined) backlog.inPass = false
  if (finished) backlog.cursor = input.page.next
}

/** Sends the messages of a page in order; false when there was no room for all of them. */
function sendPage(state: AgentState, { messages }: Page, now: Instant, effects: AgentEffect[]): boolean {
  for (const stored of messages) {
    if (state.congested || inFlight(state) >= state.limits.inFlightMax) return false
    sendStored(state, stored, now, effects)
    state.backlog.cursor = stored.message.id
  }
  return true
}

function sendStored(state: AgentState, stored: StoredMessage, now: Instant, effects: AgentEffect[]): void {
  const { message, sends } = stored
  const ttlSeconds = Math.ceil((message.expiresAtMs - now.wallMs) / 1000)
  // The page may have been asked for before less was wanted.
  if (isBelow(message.urgency, state.minUrgency)) return
  // What is left of one with TTL 0 is there for its receipt, and not over yet by a clock that is slow (simulation seed 186).
  if (message.ttlSeconds === 0) return
  if (ttlSeconds <= 0 || state.flights?.has(message.id) || state.parked?.has(message.id)) return
  const outcome = state.ended?.outcomeOf(message.id, message)
  if (outcome !== undefined) return remove(state, message.id, message, outcome, effects)
  if (sends >= state.limits.sendsMax) return giveUp(state, message, now, effects)
  if (!state.channels?.has(message.channelId)) return enqueue(state, { kind: 'reload' }, effects)
  // A newer one of its topic is on its way; if that fails, `unsaved` asks for another pass.
  if (hasNewerOfTopic(state, message.id, message)) return
  const flight = addFlight(state, message, { state: 'durable', ask: undefined, repeated: sends > 0 }, now)
  if (flight.awaited === undefined) {
    effects.push({ kind: 'notify', message, ttlSeconds })
  } else {
    // For a receipt it has to be known, whatever becomes of this process, that the user agent may have it.
    flight.counted = true
    effects.push({ kind: 'notify', message, ttlSeconds, isCounted: true })
  }
  wakeBy(state, now.monotonicMs + state.limits.ackTimeoutMs, effects)
}

/** A message that no session ever acknowledged is given up: the user agent can't take it. */
function giveUp(state: AgentState, message: Message, now: Instant, effects: AgentEffect[]): void {
  rememberEnd(state, message.id, undefined, 'notDelivered', now.monotonicMs)
  remove(state, message.id, { channelId: message.channelId }, 'notDelivered', effects)
  effects.push({ kind: 'count', what: 'given up' })
}
