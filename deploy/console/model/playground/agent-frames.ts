import {
  broadcastNews,
  type Notification,
  parseServerFrame,
  type ServerFrame,
} from '../../../by-hand/server-frame.ts'
import {
  type AgentState,
  type AgentStep,
  MESSAGES_MAX,
  noting,
  type ReceivedMessage,
  still,
} from './agent-state.ts'
import { registration } from './channel.ts'
import { type Identity, NOBODY, withChannel } from './identity.ts'

/** Versions of messages that are known again when they come once more. */
const KNOWN_MAX = 1000

type FrameOf<K extends ServerFrame['messageType']> = Extract<ServerFrame, { messageType: K }>

/** What a user agent does about a text frame of the service. What it does not know it passes over, as Firefox does. */
export function takeFrame(state: AgentState, text: string, atMs: number): AgentStep {
  const frame = parseServerFrame(text)
  switch (frame?.messageType) {
    case 'hello':
      return takeHello(state, frame, atMs)
    case 'register':
      return still(takeRegister(state, frame))
    case 'unregister':
      return still(takeUnregister(state, frame))
    case 'urgency':
      return still(takeUrgency(state, frame))
    case 'notification':
      return still(takeNotification(state, frame, atMs))
    case 'broadcast':
      return still(takeBroadcasts(state, frame.broadcasts))
    case 'ping':
      return still(takePong(state, atMs))
    case undefined:
      return still(state)
  }
}

function takeHello(
  state: AgentState,
  { uaid, status, broadcasts }: FrameOf<'hello'>,
  atMs: number,
): AgentStep {
  if (status !== 200) return still(noting(state, `The service answers hello with status ${status}.`, 'bad'))
  const former = state.identity
  const identity = former.uaid === uaid ? former : replaced(former, uaid)
  // Somebody may have asked for the end before the answer came.
  const link = state.link.kind === 'greeting' ? ({ kind: 'open', sinceMs: atMs } as const) : state.link
  const open: AgentState = { ...state, identity, link }
  const lost = former.channels.filter(({ isEnded }) => !isEnded).length
  const heard = takeBroadcasts(open, broadcasts)
  const isForgotten = former.uaid !== undefined && former.uaid !== uaid
  const said = isForgotten
    ? noting(
        heard,
        `Connected, but the service did not know the former UAID any more${lost > 0 ? ': its subscriptions have ended' : ''}.`,
        'bad',
      )
    : noting(heard, `Connected as ${uaid}.`, 'good')
  const unanswered = identity.channels.filter(({ endpoint, isEnded }) => endpoint === undefined && !isEnded)
  return { state: said, send: unanswered.map(registration) }
}

/** Another UAID: what the service had of the former one is gone. A subscription that it never answered can still be made. */
function replaced({ channels, broadcasts }: Identity, uaid: string): Identity {
  const ended = channels.map((channel) =>
    channel.endpoint === undefined ? channel : { ...channel, isEnded: true },
  )
  return { ...NOBODY, broadcasts, uaid, channels: ended }
}

function takeRegister(
  state: AgentState,
  { channelID, status, pushEndpoint }: FrameOf<'register'>,
): AgentState {
  const name = nameOf(state, channelID)
  if (status === 200 && pushEndpoint !== undefined) {
    const identity = withChannel(state.identity, channelID, (channel) => ({
      ...channel,
      endpoint: pushEndpoint,
    }))
    return noting({ ...state, identity }, `Registered ${name}.`, 'good')
  }
  // One that is there already keeps its endpoint, whatever somebody has typed into a frame.
  const identity = withChannel(state.identity, channelID, (channel) =>
    channel.endpoint === undefined ? undefined : channel,
  )
  const why =
    status === 400
      ? 'its VAPID key is none, or there are too many subscriptions already'
      : status === 500
        ? 'the service could not store it: try again later'
        : 'the service refuses'
  return noting({ ...state, identity }, `Could not register ${name} (status ${status}): ${why}.`, 'bad')
}

function takeUnregister(state: AgentState, { channelID, status }: FrameOf<'unregister'>): AgentState {
  const name = nameOf(state, channelID)
  if (status !== 200)
    return noting(state, `Could not end ${name} (status ${status}): try again later.`, 'bad')
  const identity = withChannel(state.identity, channelID, (channel) => ({ ...channel, isEnded: true }))
  return noting({ ...state, identity }, `Ended ${name}. A message to it is answered 410 now.`)
}

function takeUrgency(state: AgentState, { status }: FrameOf<'urgency'>): AgentState {
  const { urgencyAsked: minUrgency = state.identity.minUrgency } = state
  const settled = { ...state, urgencyAsked: undefined }
  if (status !== 200) return noting(settled, `The urgency could not be set (status ${status}).`, 'bad')
  return noting(
    { ...settled, identity: { ...state.identity, minUrgency } },
    minUrgency === NOBODY.minUrgency
      ? 'All messages are delivered at once.'
      : `Messages less urgent than ${minUrgency} wait at the service.`,
  )
}

/** It is there without its text first: decrypting takes its time. */
function takeNotification(state: AgentState, notification: Notification, atMs: number): AgentState {
  const { channelID, version } = notification
  const id = state.received + 1
  const message: ReceivedMessage = {
    id,
    atMs,
    notification,
    channel: channelOf(state, channelID)?.name,
    isRepeated: state.known.includes(version),
    answer: { kind: 'none' },
  }
  return {
    ...state,
    received: id,
    known: [version, ...state.known].slice(0, KNOWN_MAX),
    messages: [message, ...state.messages].slice(0, MESSAGES_MAX),
  }
}

function takeBroadcasts(
  state: AgentState,
  broadcasts: Readonly<Record<string, unknown>> | undefined,
): AgentState {
  const { versions, errors } = broadcastNews(broadcasts)
  if (versions.size === 0 && errors.size === 0) return state
  const broadcastErrors = { ...state.broadcastErrors, ...Object.fromEntries(errors) }
  for (const id of versions.keys()) delete broadcastErrors[id]
  const news = [...versions].map(([id, version]) => `Broadcast ${id} is ${version}.`)
  const bad = [...errors].map(([id, why]) => `Broadcast ${id}: ${why}.`)
  const identity = {
    ...state.identity,
    broadcasts: { ...state.identity.broadcasts, ...Object.fromEntries(versions) },
  }
  return noting(
    { ...state, identity, broadcastErrors },
    [...news, ...bad].join(' '),
    bad.length > 0 ? 'bad' : 'plain',
  )
}

function takePong(state: AgentState, atMs: number): AgentState {
  if (state.pingSentAtMs === undefined) return state
  const tookMs = atMs - state.pingSentAtMs
  return noting(
    { ...state, pingSentAtMs: undefined },
    `The service has answered the ping after ${tookMs} ms.`,
    'good',
  )
}

function channelOf({ identity }: AgentState, channelID: string) {
  return identity.channels.find((channel) => channel.channelID === channelID)
}

function nameOf(state: AgentState, channelID: string): string {
  return channelOf(state, channelID)?.name ?? `channel ${channelID}`
}
