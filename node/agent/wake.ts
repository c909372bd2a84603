import type { AgentEffect } from './effect.ts'
import type { AgentState } from './state.ts'

/**
 * Asks to be woken at `atMs` at the latest. An actor has one timer for all its waits; it may fire early, for a wait that is
 * over by then, and is set anew from what is left.
 */
export function wakeBy(state: AgentState, atMs: number, effects: AgentEffect[]): void {
  if (state.wakeAtMs !== 0 && state.wakeAtMs <= atMs) return
  state.wakeAtMs = atMs
  effects.push({ kind: 'wake', atMs })
}
