import type { Instant } from '../../cluster/actor.ts'
import { enqueue, startNext } from './commands.ts'
import type { AgentEffect } from './effect.ts'
import { endFlights } from './flights.ts'
import type { AgentInput } from './input.ts'
import type { AgentState } from './state.ts'

/** A user agent that doubts a channel has them read again no more often. */
const DOUBT_MS = 60_000

/**
 * Another session has ended a channel, or the store may have done it after saying that it could not. Without this a session that had read the channel
 * would go on taking its messages.
 */
export function channelsChanged(
  state: AgentState,
  { from }: Extract<AgentInput, { kind: 'channels' }>,
  effects: AgentEffect[],
): void {
  if (from === state.sessionId) return
  if (state.phase === 'opening' || state.commands?.[0]?.kind === 'reload') state.outdated = true
  else if (state.phase === 'open') enqueue(state, { kind: 'reload' }, effects)
}

/**
 * The user agent takes no message of a channel that is known here: it may have ended, and the hint of that be lost. Not each time: one that gave up a channel
 * while it was offline, and never told, says so of every message.
 */
export function channelDoubted(state: AgentState, now: Instant, effects: AgentEffect[]): void {
  if (state.phase !== 'open' || now.monotonicMs < state.undoubtedUntilMs) return
  state.undoubtedUntilMs = now.monotonicMs + DOUBT_MS
  enqueue(state, { kind: 'reload' }, effects)
}

/** Reads the channels again if one has ended while they were read. */
export function readAgain(state: AgentState, effects: AgentEffect[]): void {
  if (state.outdated) enqueue(state, { kind: 'reload' }, effects)
  state.outdated = false
}

/** The channels have been read again, because a message named one that is not known here, or one has ended elsewhere. */
export function reloaded(
  state: AgentState,
  { agent }: Extract<AgentInput, { kind: 'reloaded' }>,
  effects: AgentEffect[],
): void {
  // After a failure the second hint comes here again, or the next page that has a message of an unknown channel.
  if (agent !== 'failed') {
    state.channels = new Map(agent?.channels)
    if (agent !== undefined) state.minUrgency = agent.minUrgency
    state.backlog.dirty = true
    endFlights(state, ({ channelId }) => !agent?.channels.has(channelId), effects)
  }
  startNext(state, effects)
  readAgain(state, effects)
}
