import type { Instant } from '../../cluster/actor.ts'
import type { ClientMessage } from '../client-message.ts'
import { ack, ackOverdue, nack, parkRefused, removeAgain, removed, removeFailed } from './ack.ts'
import { page, readOn } from './backlog.ts'
import { channelsChanged, reloaded } from './channels.ts'
import { commandDone, register, unregister, urgency } from './commands.ts'
import { cancel, deliver, dropped, graceOver, putSettled, settled, unsavedAfterMs } from './deliver.ts'
import type { AgentEffect } from './effect.ts'
import { forgetEnds } from './flights.ts'
import { connected, hello } from './hello.ts'
import type { AgentInput } from './input.ts'
import { announce, closed, displace, drain, finish } from './leave.ts'
import type { AgentState, Flight } from './state.ts'
import { wakeBy } from './wake.ts'

/** By then a process reads what had come before, also from thousands of sockets. */
const HELLO_READ_MS = 250

/**
 * The behaviour of a user agent's connection: the whole websocket protocol and the node's side of delivery, without a socket,
 * a store or a clock. The rules it follows, each with the interleaving it is for, are in docs/architecture.md.
 */
export function step(state: AgentState, input: AgentInput, now: Instant): readonly AgentEffect[] {
  const effects: AgentEffect[] = []
  handle(state, input, now, effects)
  readOn(state, now, effects)
  finish(state, now, effects)
  forgetLater(state, effects)
  return effects
}

function handle(state: AgentState, input: AgentInput, now: Instant, effects: AgentEffect[]): void {
  switch (input.kind) {
    case 'deliver':
      return deliver(state, input, now, effects)
    case 'frame':
      return frame(state, input.message, now, effects)
    case 'wake':
      return wake(state, now, effects)
    case 'putSettled':
      return stored(state, input, now, effects)
    case 'settled':
      return settled(state, input, now, effects)
    case 'page':
      return page(state, input, now, effects)
    case 'check':
      return check(state, input)
    case 'channels':
      return channelsChanged(state, input, effects)
    case 'opened':
      return wakeBy(state, state.startedAtMs + state.limits.helloTimeoutMs, effects)
    case 'connected':
      return welcomed(state, input, now, effects)
    case 'crowded':
      effects.push({ kind: 'close', reason: 'tooManyHellos' })
      return
    case 'commandDone':
      return commandDone(state, input, effects)
    case 'reloaded':
      return reloaded(state, input, effects)
    case 'removed':
      return removed(state, input)
    case 'removeFailed':
      return removeFailed(state, input, now, effects)
    case 'cancel':
      return cancel(state, input, now, effects)
    case 'displace':
      return displace(state, input, now, effects)
    case 'announce':
      return announce(state, now, effects)
    case 'drain':
      return drain(state, now, effects)
    case 'dropped':
      return dropped(state, input, effects)
    case 'congested':
      state.congested = true
      return
    case 'drained':
      return drained(state, effects)
    case 'broadcastMissed':
      state.missedBroadcast = true
      return
    case 'closed':
      return closed(state, effects)
  }
}

function drained(state: AgentState, effects: AgentEffect[]): void {
  state.congested = false
  if (state.missedBroadcast && state.phase === 'open') effects.push({ kind: 'tellBroadcasts' })
  state.missedBroadcast = false
}

/** One frame of the user agent, by where the connection stands: hello first and once, then the rest. */
function frame(state: AgentState, message: ClientMessage, now: Instant, effects: AgentEffect[]): void {
  if (message.kind === 'invalid') return violated(effects)
  switch (state.phase) {
    case 'greeting':
      return message.kind === 'hello' ? hello(state, message, effects) : violated(effects)
    case 'opening':
      return early(state, message, effects)
    case 'open':
      return command(state, message, now, effects)
    case 'leaving':
      if (message.kind === 'ack') ack(state, message.updates, now, effects)
      return
    case 'closed':
      return
  }
}

/** Nothing is answered before hello: what comes earlier waits for it. */
function early(state: AgentState, message: ClientMessage, effects: AgentEffect[]): void {
  state.early ??= []
  if (message.kind === 'hello' || state.early.length >= state.limits.commandsMax) return violated(effects)
  state.early.push(message)
}

function welcomed(
  state: AgentState,
  input: Extract<AgentInput, { kind: 'connected' }>,
  now: Instant,
  effects: AgentEffect[],
): void {
  connected(state, input, now, effects)
  if (state.phase !== 'open') return
  const waiting = state.early ?? []
  state.early = undefined
  for (const message of waiting) command(state, message, now, effects)
}

function command(state: AgentState, message: ClientMessage, now: Instant, effects: AgentEffect[]): void {
  switch (message.kind) {
    case 'ack':
      return ack(state, message.updates, now, effects)
    case 'register':
      return register(state, message, effects)
    case 'unregister':
      return unregister(state, message, effects)
    case 'broadcastSubscribe':
      effects.push({ kind: 'subscribe', broadcasts: message.broadcasts })
      return
    case 'nack':
      return nack(state, message, effects)
    case 'urgency':
      return urgency(state, message, effects)
    case 'ping':
      return ping(state, now, effects)
    case 'hello':
    case 'invalid':
      return violated(effects)
  }
}

function ping(state: AgentState, now: Instant, effects: AgentEffect[]): void {
  const { pingedAtMs, limits } = state
  if (pingedAtMs !== undefined && now.monotonicMs - pingedAtMs < limits.pingMinMs) return violated(effects)
  state.pingedAtMs = now.monotonicMs
  effects.push({ kind: 'send', frame: { kind: 'pong' } })
}

function violated(effects: AgentEffect[]): void {
  effects.push({ kind: 'close', reason: 'protocolViolated' })
}

/** A hint never queues; one's own needs no second look. */
function check(state: AgentState, { from }: Extract<AgentInput, { kind: 'check' }>): void {
  if (from !== state.sessionId) state.backlog.dirty = true
}

function stored(
  state: AgentState,
  input: Extract<AgentInput, { kind: 'putSettled' }>,
  now: Instant,
  effects: AgentEffect[],
): void {
  putSettled(state, input, now, effects)
  const flight = state.flights?.get(input.id)
  if (flight !== undefined) parkRefused(state, flight, effects)
}

/** Everything that is due by now; then the next wake is set from what is left. */
function wake(state: AgentState, now: Instant, effects: AgentEffect[]): void {
  const { wakeAtMs } = state
  state.wakeAtMs = 0
  if (state.phase === 'greeting') return helloOverdue(state, wakeAtMs, now, effects)
  graceOver(state, now, effects)
  ackOverdue(state, now, effects)
  removeAgain(state, now, effects)
  forgetEnds(state, now.monotonicMs)
  rest(state)
  const next = nextWakeAtMs(state)
  if (next !== undefined) wakeBy(state, next, effects)
}

/** Gives back what an idle actor does not need: a node holds hundreds of thousands of them. */
function rest(state: AgentState): void {
  if (state.flights?.size === 0) state.flights = undefined
  if (state.parked?.size === 0) state.parked = undefined
  if (state.ended?.isEmpty) state.ended = undefined
}

/** Wakes an actor that is idle otherwise. Not while a page is read: until it is there, nothing may be forgotten. */
function forgetLater(state: AgentState, effects: AgentEffect[]): void {
  const atMs = state.backlog.reading ? undefined : state.ended?.forgetAtMs
  if (atMs !== undefined) wakeBy(state, atMs, effects)
}

/**
 * The time for hello is over. It may have come in time and not been read yet, where thousands connect at once or the process stood
 * still: timers come before sockets then. So there is a second look, when everything that had come is read.
 */
function helloOverdue(state: AgentState, wakeAtMs: number, now: Instant, effects: AgentEffect[]): void {
  const isSecondLook = wakeAtMs > state.startedAtMs + state.limits.helloTimeoutMs
  if (isSecondLook) violated(effects)
  else wakeBy(state, now.monotonicMs + HELLO_READ_MS, effects)
}

function nextWakeAtMs(state: AgentState): number | undefined {
  let next = state.unremoved?.retryAtMs
  for (const flight of state.flights?.values() ?? []) {
    // What is under way sets the wake itself when it settles; a replaced one waits for its replacement.
    if (isSettling(flight)) continue
    const atMs = flight.sentAtMs + waitMs(state, flight)
    if (next === undefined || atMs < next) next = atMs
  }
  return next
}

function isSettling({ state }: Flight): boolean {
  return state === 'putting' || state === 'settling' || state === 'replaced'
}

function waitMs(state: AgentState, flight: Flight): number {
  if (flight.state === 'grace') return state.limits.ackGraceMs
  if (flight.state === 'doubtful' && flight.ask !== undefined) return unsavedAfterMs(state)
  return state.limits.ackTimeoutMs
}
