import { type Answer, answerFrame, codeFor } from '../../../by-hand/answer.ts'
import type { Content } from '../../../by-hand/content.ts'
import { takeFrame } from './agent-frames.ts'
import type { AgentEvent, AgentState, AgentStep, ReceivedMessage } from './agent-state.ts'
import { noting, still } from './agent-state.ts'
import { type PageChannel, registration } from './channel.ts'
import { closeWords, NOT_OPENED } from './close-words.ts'
import { withChannel } from './identity.ts'

/** Unregister code: the user asked for it. */
const BY_USER = 200
const NOTHING: Answer = { kind: 'none' }

/** What a user agent does about an event. Pure: what it wants sent is in the result. */
export function stepAgent(state: AgentState, event: AgentEvent): AgentStep {
  switch (event.kind) {
    case 'connect':
      return still(noting({ ...state, link: { kind: 'opening' }, identity: event.identity }, 'Connecting …'))
    case 'refused':
      return still(noting({ ...state, link: { kind: 'closed', why: event.why } }, event.why, 'bad'))
    case 'opened':
      return greet(state)
    case 'disconnect':
      return still({ ...state, link: { kind: 'closing' } })
    case 'closed':
      return still(closed(state, event.code, event.reason))
    case 'received':
      return takeFrame(state, event.text, event.atMs)
    case 'register':
      return register(state, event.channel)
    case 'unregister':
      return { state, send: [{ messageType: 'unregister', channelID: event.channelID, code: BY_USER }] }
    case 'forget':
      return still({ ...state, identity: withChannel(state.identity, event.channelID, () => undefined) })
    case 'read':
      return read(state, event.id, event.content)
    case 'answer':
      return answer(state, event.id, event.answer)
    case 'answering':
      return still({ ...state, answering: event.answering })
    case 'urgency':
      return {
        state: { ...state, urgencyAsked: event.min },
        send: [{ messageType: 'urgency', min: event.min }],
      }
    case 'subscribeBroadcast':
      return subscribeBroadcast(state, event.broadcast, event.version)
    case 'ping':
      return { state: { ...state, pingSentAtMs: event.atMs }, send: [{}] }
    case 'clearMessages':
      return still({ ...state, messages: [] })
  }
}

function greet(state: AgentState): AgentStep {
  const { uaid, broadcasts } = state.identity
  const hello = {
    messageType: 'hello',
    use_webpush: true,
    ...(uaid !== undefined && { uaid }),
    broadcasts,
  }
  return { state: { ...state, link: { kind: 'greeting' } }, send: [hello] }
}

function closed(state: AgentState, code: number, reason: string): AgentState {
  const { link } = state
  const wasAsked = link.kind === 'closing'
  const why =
    link.kind === 'opening' ? NOT_OPENED : wasAsked ? 'You have disconnected.' : closeWords(code, reason)
  const over: AgentState = {
    ...state,
    link: { kind: 'closed', why, wasAsked },
    urgencyAsked: undefined,
    pingSentAtMs: undefined,
  }
  return noting(over, why, wasAsked ? 'plain' : 'bad')
}

/** It is kept before the service knows of it: the same id is registered again when the answer does not come. */
function register(state: AgentState, channel: PageChannel): AgentStep {
  const identity = { ...state.identity, channels: [...state.identity.channels, channel] }
  return { state: { ...state, identity }, send: [registration(channel)] }
}

function subscribeBroadcast(state: AgentState, broadcast: string, version: string): AgentStep {
  const { [broadcast]: _, ...broadcastErrors } = state.broadcastErrors
  const broadcasts = { ...state.identity.broadcasts, [broadcast]: version }
  return {
    state: { ...state, broadcastErrors, identity: { ...state.identity, broadcasts } },
    send: [{ messageType: 'broadcast_subscribe', broadcasts: { [broadcast]: version } }],
  }
}

/** A message is decrypted: it is answered now, unless somebody does that by hand. */
function read(state: AgentState, id: number, content: Content): AgentStep {
  const message = state.messages.find((one) => one.id === id)
  if (message === undefined) return still(state)
  const seen = noting(withMessage(state, { ...message, content }), arrivalWords(message, content))
  return answer(seen, id, automaticAnswer(state, message, content))
}

function automaticAnswer({ answering }: AgentState, message: ReceivedMessage, content: Content): Answer {
  switch (answering) {
    case 'hand':
      return NOTHING
    case 'firefox':
      return { kind: 'ack', code: codeFor(content, message.channel !== undefined, message.isRepeated) }
    case 100:
    case 101:
    case 102:
      return { kind: 'ack', code: answering }
    case 301:
    case 302:
    case 303:
      return { kind: 'nack', code: answering }
  }
}

/** What is not connected any more can't be answered: the service sends it again. */
function answer(state: AgentState, id: number, given: Answer): AgentStep {
  const message = state.messages.find((one) => one.id === id)
  const frame = message && answerFrame(given, message.notification)
  if (message === undefined || frame === undefined || state.link.kind !== 'open') return still(state)
  return { state: withMessage(state, { ...message, answer: given }), send: [frame] }
}

function withMessage(state: AgentState, message: ReceivedMessage): AgentState {
  return { ...state, messages: state.messages.map((one) => (one.id === message.id ? message : one)) }
}

function arrivalWords(
  { channel = 'an unknown subscription', isRepeated }: ReceivedMessage,
  content: Content,
): string {
  const what = content.kind === 'text' ? content.text.slice(0, 100) : content.kind
  return `Message on ${channel}${isRepeated ? ', again' : ''}: ${what}`
}
