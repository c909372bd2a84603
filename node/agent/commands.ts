import type { ChannelId } from '../../push/ids.ts'
import { keyDigestOf } from '../../push/subscription.ts'
import { isBelow, NO_MIN_URGENCY } from '../../push/urgency.ts'
import type { ClientMessage } from '../client-message.ts'
import type { AgentEffect } from './effect.ts'
import { endFlights } from './flights.ts'
import type { AgentInput } from './input.ts'
import type { AgentState, Command } from './state.ts'

type RegisterCommand = Extract<Command, { kind: 'register' }>

/** The user agent subscribes a channel. Repeating it is normal: Firefox does after a reconnect. */
export function register(
  state: AgentState,
  message: Extract<ClientMessage, { kind: 'register' }>,
  effects: AgentEffect[],
): void {
  const { channelId, keyHash } = message
  if (keyHash === 'invalid') return registerFailed(channelId, 400, effects)
  if (!hasRoom(state)) return registerFailed(channelId, 500, effects)
  enqueue(state, { kind: 'register', channelId, keyHash }, effects)
}

/** The user agent ends a channel. */
export function unregister(
  state: AgentState,
  message: Extract<ClientMessage, { kind: 'unregister' }>,
  effects: AgentEffect[],
): void {
  const { channelId, code } = message
  const known = code === 200 || code === 201 || code === 202
  effects.push({ kind: 'count', what: `unregister ${known ? code : 'other'}` })
  if (hasRoom(state)) enqueue(state, { kind: 'unregister', channelId }, effects)
  else unregistered(channelId, 500, effects)
}

/** The user agent says how urgent a message has to be to be sent to it for now. */
export function urgency(
  state: AgentState,
  { min }: Extract<ClientMessage, { kind: 'urgency' }>,
  effects: AgentEffect[],
): void {
  if (hasRoom(state)) enqueue(state, { kind: 'urgency', min, asked: true }, effects)
  else urgencyAnswered(500, effects)
}

/** Carries a command out, after those before it: changes of one channel must reach the store in order. */
export function enqueue(state: AgentState, command: Command, effects: AgentEffect[]): void {
  const waiting = state.commands
  if (waiting === undefined) {
    state.commands = [command]
    startFirst(state, effects)
  } else if (command.kind !== 'reload' || !waiting.some((other) => other.kind === 'reload')) {
    waiting.push(command)
  }
}

/** The store has written a command, or could not. */
export function commandDone(
  state: AgentState,
  { done }: Extract<AgentInput, { kind: 'commandDone' }>,
  effects: AgentEffect[],
): void {
  const command = state.commands?.[0]
  if (command?.kind === 'register') registered(state, command, done, effects)
  if (command?.kind === 'unregister') unregisterDone(state, command.channelId, done, effects)
  if (command?.kind === 'urgency') urgencyDone(state, command, done, effects)
  startNext(state, effects)
}

function hasRoom(state: AgentState): boolean {
  return (state.commands?.length ?? 0) < state.limits.commandsMax
}

/** Starts the first command, after refusing those before it that are one channel too many. Those in front have changed the channels by now. */
function startFirst(state: AgentState, effects: AgentEffect[]): void {
  for (let [first] = state.commands ?? []; first !== undefined; [first] = state.commands ?? []) {
    if (!isOneTooMany(state, first)) return start(first, effects)
    // Firefox takes every status but 200 alike: the page's subscribe() fails, once. This one says that time cures nothing.
    registerFailed(first.channelId, 400, effects)
    state.commands?.shift()
  }
  state.commands = undefined
}

/** Registering a channel again changes nothing in their number. */
function isOneTooMany(state: AgentState, command: Command): command is RegisterCommand {
  const { channels, limits } = state
  if (command.kind !== 'register' || channels === undefined) return false
  return channels.size >= limits.channelsMax && !channels.has(command.channelId)
}

function start(command: Command, effects: AgentEffect[]): void {
  switch (command.kind) {
    case 'register':
      effects.push({
        kind: 'register',
        channelId: command.channelId,
        keyDigest: keyDigestOf(command.keyHash),
      })
      break
    case 'unregister':
      effects.push({ kind: 'unregister', channelId: command.channelId })
      break
    case 'urgency':
      effects.push({ kind: 'setMinUrgency', min: command.min })
      break
    case 'reload':
      effects.push({ kind: 'reload' })
  }
}

/** Goes on after the command under way. */
export function startNext(state: AgentState, effects: AgentEffect[]): void {
  state.commands?.shift()
  startFirst(state, effects)
}

/** What is kept in memory changes only now: else a message could be refused by a channel the store still has. */
function registered(
  state: AgentState,
  command: RegisterCommand,
  done: boolean,
  effects: AgentEffect[],
): void {
  if (!done) return registerFailed(command.channelId, 500, effects)
  state.channels ??= new Map()
  state.channels.set(command.channelId, keyDigestOf(command.keyHash))
  effects.push({ kind: 'sendEndpoint', channelId: command.channelId, keyHash: command.keyHash })
  // The first channel made the user agent in the store, where nothing could be kept of it before.
  if (state.channels.size === 1 && state.minUrgency !== NO_MIN_URGENCY)
    enqueue(state, { kind: 'urgency', min: state.minUrgency, asked: false }, effects)
}

function unregisterDone(
  state: AgentState,
  channelId: ChannelId,
  done: boolean,
  effects: AgentEffect[],
): void {
  unregistered(channelId, done ? 200 : 500, effects)
  if (!done) return
  state.channels?.delete(channelId)
  endFlights(state, (flight) => flight.channelId === channelId, effects)
}

/** What waited may be wanted now. */
function urgencyDone(
  state: AgentState,
  { min, asked }: Extract<Command, { kind: 'urgency' }>,
  done: boolean,
  effects: AgentEffect[],
): void {
  if (!asked) return
  urgencyAnswered(done ? 200 : 500, effects)
  if (!done) return
  if (isBelow(min, state.minUrgency)) state.backlog.dirty = true
  state.minUrgency = min
}

function urgencyAnswered(status: 200 | 500, effects: AgentEffect[]): void {
  effects.push({ kind: 'send', frame: { kind: 'urgency', status } })
}

function registerFailed(channelId: ChannelId, status: 400 | 500, effects: AgentEffect[]): void {
  effects.push({ kind: 'send', frame: { kind: 'registerFailed', channelId, status } })
}

function unregistered(channelId: ChannelId, status: 200 | 500, effects: AgentEffect[]): void {
  effects.push({ kind: 'send', frame: { kind: 'unregister', channelId, status } })
}
