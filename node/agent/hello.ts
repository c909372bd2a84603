import type { Instant } from '../../cluster/actor.ts'
import type { ClientMessage } from '../client-message.ts'
import { readAgain } from './channels.ts'
import type { AgentEffect } from './effect.ts'
import type { AgentInput } from './input.ts'
import type { AgentState } from './state.ts'

/** The user agent says who it is. Nothing is answered before its address is listened to and its agent read. */
export function hello(
  state: AgentState,
  message: Extract<ClientMessage, { kind: 'hello' }>,
  effects: AgentEffect[],
): void {
  state.phase = 'opening'
  state.uaid = message.uaid ?? state.newUaid
  state.named = message.broadcasts
  effects.push({ kind: 'connect', uaid: state.uaid, read: message.uaid !== undefined })
}

/**
 * Its address is listened to and its agent read. Only a definite "not there" of the store gives the user agent a new id: Firefox
 * drops every subscription on it. When in doubt the connection is closed unanswered, and the user agent comes again.
 */
export function connected(
  state: AgentState,
  { agent }: Extract<AgentInput, { kind: 'connected' }>,
  now: Instant,
  effects: AgentEffect[],
): void {
  if (state.phase !== 'opening' || state.uaid === undefined) return
  if (agent === 'failed') {
    effects.push({ kind: 'close', reason: 'storeDown' })
    return
  }
  if (agent === undefined && state.uaid !== state.newUaid) return startAnew(state, effects)
  state.phase = 'open'
  state.welcomedAtMs = now.monotonicMs
  if (agent !== undefined) {
    state.channels = new Map(agent.channels)
    state.minUrgency = agent.minUrgency
    state.backlog.dirty = true
  }
  effects.push({ kind: 'welcome', uaid: state.uaid, broadcasts: state.named ?? [] })
  state.named = undefined
  effects.push({ kind: 'tellDisplace', ageMs: now.monotonicMs - state.startedAtMs })
  readAgain(state, effects)
}

function startAnew(state: AgentState, effects: AgentEffect[]): void {
  state.uaid = state.newUaid
  effects.push({ kind: 'unlisten' }, { kind: 'connect', uaid: state.newUaid, read: false })
}
