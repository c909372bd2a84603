import type { AgentRequest } from '../push/agent-requests.ts'
import type { MessageId } from '../push/ids.ts'
import type { AgentEffect } from './agent/effect.ts'
import type { AgentInput } from './agent/input.ts'
import type { Ask } from './agent/state.ts'
import type { ClientMessage } from './client-message.ts'

/** What a user agent says that registers more often than anybody has reason to. */
export const TOO_OFTEN: ClientMessage = { kind: 'invalid', why: 'subscriptions are registered too fast' }

/** An ask of the bus as an input. Field by field: a spread costs as much as all the rest of an ask. */
export function askInput(
  request: Extract<AgentRequest, { kind: 'deliver' | 'cancel' }>,
  ask: Ask,
): AgentInput {
  if (request.kind === 'cancel') return { kind: 'cancel', id: request.id, ask }
  return { kind: 'deliver', message: request.message, keyDigest: request.keyDigest, ask }
}

/** Effects that are performed on the bus. */
export type BusEffect = Extract<AgentEffect, { kind: 'connect' | 'unlisten' | 'tellDisplace' | 'tellCheck' }>
/** Effects that are performed on the store. */
export type StoreEffect = Extract<
  AgentEffect,
  {
    kind:
      | 'register'
      | 'unregister'
      | 'setMinUrgency'
      | 'reload'
      | 'put'
      | 'settle'
      | 'list'
      | 'remove'
      | 'countSends'
  }
>

/** Tells an actor whether what it wanted of the store for a message was done. */
export function doneInput(kind: 'putSettled' | 'settled', id: MessageId): (result: unknown) => AgentInput {
  return (result) => ({ kind, id, done: result !== 'failed' })
}
