import t from 'tap'
import { type AgentEvent, type AgentState, MESSAGES_MAX, newAgentState } from './agent-state.ts'
import { stepAgent } from './agent-step.ts'
import type { PageChannel } from './channel.ts'
import { type Identity, NOBODY, parseIdentity } from './identity.ts'

const CHANNEL_ID = '7b0f3a8e-3f5e-4d0e-9a53-2a1f2f6f3c11'
const CHANNEL: PageChannel = {
  name: 'news',
  channelID: CHANNEL_ID,
  privateKey: 'd',
  p256dh: 'p',
  auth: 'a',
  vapidKey: 'k',
}
const ENDPOINT = 'https://push.example/wpush/v2/token'
const REGISTERED: PageChannel = { ...CHANNEL, endpoint: ENDPOINT }
const HELLO = { messageType: 'hello', uaid: 'u1', status: 200, use_webpush: true, broadcasts: {} }
const TEXT = { kind: 'text', text: 'Hello', bytes: 5 } as const
const UNREADABLE = { kind: 'unreadable', why: 'no' } as const

/** Plays events one after the other, and collects the frames. */
function play(state: AgentState, ...events: AgentEvent[]) {
  const sent: object[] = []
  let now = state
  for (const event of events) {
    const step = stepAgent(now, event)
    now = step.state
    sent.push(...step.send)
  }
  return { state: now, sent }
}

function received(frame: object | string, atMs = 1000): AgentEvent {
  return { kind: 'received', text: typeof frame === 'string' ? frame : JSON.stringify(frame), atMs }
}

function notification(version: string): AgentEvent {
  return received({ messageType: 'notification', channelID: CHANNEL_ID, version, ttl: 60 })
}

/** A user agent that is connected. */
function connected(identity: Identity = NOBODY, uaid = identity.uaid ?? 'u1') {
  return play(
    newAgentState(),
    { kind: 'connect', identity },
    { kind: 'opened' },
    received({ ...HELLO, uaid }),
  )
}

const KNOWN: Identity = { ...NOBODY, uaid: 'u1', channels: [REGISTERED] }

t.test('it says hello with what it knows, and takes the UAID of the answer', (t) => {
  const first = connected()
  t.same(first.sent, [{ messageType: 'hello', use_webpush: true, broadcasts: {} }])
  t.match(first.state, { link: { kind: 'open', sinceMs: 1000 }, identity: { uaid: 'u1' } })
  const again = connected({ ...KNOWN, broadcasts: { 'a/b': 'v1' } })
  t.same(again.sent, [{ messageType: 'hello', use_webpush: true, uaid: 'u1', broadcasts: { 'a/b': 'v1' } }])
  t.same(again.state.identity.channels, [REGISTERED])
  t.end()
})

t.test('another UAID ends its subscriptions, and registers again what was never answered', (t) => {
  const { state, sent } = connected(
    { ...KNOWN, channels: [REGISTERED, { ...CHANNEL, channelID: 'c2' }] },
    'u2',
  )
  t.match(state.identity, { uaid: 'u2', channels: [{ isEnded: true }, { channelID: 'c2' }] })
  t.match(state.notice, { tone: 'bad', text: /did not know the former UAID.*have ended/ })
  t.same(sent.slice(1), [{ messageType: 'register', channelID: 'c2', key: 'k' }])
  t.end()
})

t.test('a hello that comes when somebody has disconnected meanwhile does not open it', (t) => {
  const { state } = play(
    newAgentState(),
    { kind: 'connect', identity: NOBODY },
    { kind: 'opened' },
    { kind: 'disconnect' },
    received(HELLO),
  )
  t.equal(state.link.kind, 'closing')
  t.match(stepAgent(newAgentState(), received({ ...HELLO, status: 503 })).state.notice, {
    tone: 'bad',
    text: /status 503/,
  })
  t.end()
})

t.test('a subscription is registered and ended', (t) => {
  const start = connected().state
  const asked = play(start, { kind: 'register', channel: CHANNEL })
  t.same(asked.sent, [{ messageType: 'register', channelID: CHANNEL_ID, key: 'k' }])
  const answer = { messageType: 'register', channelID: CHANNEL_ID, status: 200, pushEndpoint: ENDPOINT }
  const made = play(asked.state, received(answer))
  t.same(made.state.identity.channels, [REGISTERED])
  t.match(made.state.notice, { text: 'Registered news.', tone: 'good' })
  const ending = play(made.state, { kind: 'unregister', channelID: CHANNEL_ID })
  t.same(ending.sent, [{ messageType: 'unregister', channelID: CHANNEL_ID, code: 200 }])
  const failed = play(ending.state, received({ ...answer, messageType: 'unregister', status: 500 }))
  t.same(failed.state.identity.channels, [REGISTERED], 'it is there still when the service could not end it')
  const ended = play(ending.state, received({ ...answer, messageType: 'unregister' }))
  t.match(ended.state.identity.channels, [{ isEnded: true }])
  t.same(play(ended.state, { kind: 'forget', channelID: CHANNEL_ID }).state.identity.channels, [])
  t.end()
})

t.test('a refused registration says why, and costs no subscription that is there', (t) => {
  const { state } = play(connected().state, { kind: 'register', channel: CHANNEL })
  const refusal = (status: number) => received({ messageType: 'register', channelID: CHANNEL_ID, status })
  for (const [status, why] of [
    [400, /too many subscriptions/],
    [500, /try again later/],
    [409, /the service refuses/],
  ] as const) {
    const refused = play(state, refusal(status)).state
    t.same(refused.identity.channels, [])
    t.match(refused.notice, { tone: 'bad', text: why })
  }
  t.same(play(connected(KNOWN).state, refusal(500)).state.identity.channels, [REGISTERED])
  t.end()
})

t.test('a message is shown, and answered when it is read', (t) => {
  const { state } = connected(KNOWN)
  const come = play(state, notification('v1'))
  t.same(come.sent, [])
  t.match(come.state.messages, [{ id: 1, channel: 'news', isRepeated: false, answer: { kind: 'none' } }])
  const ack = (version: string, code: number) => ({
    messageType: 'ack',
    updates: [{ channelID: CHANNEL_ID, version, code }],
  })
  const read = play(come.state, { kind: 'read', id: 1, content: TEXT })
  t.same(read.sent, [ack('v1', 100)])
  t.match(read.state, {
    messages: [{ content: TEXT, answer: { kind: 'ack', code: 100 } }],
    notice: { text: 'Message on news: Hello' },
  })
  const broken = play(read.state, notification('v2'), { kind: 'read', id: 2, content: UNREADABLE })
  t.same(broken.sent, [ack('v2', 101)])
  const again = play(broken.state, notification('v1'), { kind: 'read', id: 3, content: TEXT })
  t.same(again.sent, [ack('v1', 102)], 'as Firefox answers what it has had')
  t.equal(again.state.messages[0]?.isRepeated, true)
  const cleared = play(again.state, { kind: 'clearMessages' }, notification('v2'))
  t.match(cleared.state.messages, [{ id: 4, isRepeated: true }], 'what was cleared is known still')
  t.end()
})

t.test('it is answered as its user wants', (t) => {
  const { state } = connected(KNOWN)
  for (const code of [100, 101, 102, 301, 302, 303] as const) {
    const { sent } = play(state, { kind: 'answering', answering: code }, notification('v1'), {
      kind: 'read',
      id: 1,
      content: TEXT,
    })
    t.match(
      sent,
      code < 300
        ? [{ messageType: 'ack', updates: [{ code }] }]
        : [{ messageType: 'nack', version: 'v1', code }],
    )
  }
  const byHand = play(state, { kind: 'answering', answering: 'hand' }, notification('v1'), {
    kind: 'read',
    id: 1,
    content: TEXT,
  })
  t.same(byHand.sent, [])
  const nack: AgentEvent = { kind: 'answer', id: 1, answer: { kind: 'nack', code: 302 } }
  t.same(play(byHand.state, nack).sent, [{ messageType: 'nack', version: 'v1', code: 302 }])
  const lost = play(byHand.state, { kind: 'closed', code: 1006, reason: '' }, nack)
  t.same(lost.sent, [])
  t.match(lost.state.messages, [{ answer: { kind: 'none' } }], 'what nobody hears is not called answered')
  t.end()
})

t.test('old messages make room', (t) => {
  const many = Array.from({ length: MESSAGES_MAX + 5 }, (_, at) => notification(`v${at}`))
  const { state } = play(connected(KNOWN).state, ...many)
  t.equal(state.messages.length, MESSAGES_MAX)
  t.match(state.messages[0], { id: MESSAGES_MAX + 5 })
  t.same(play(state, { kind: 'read', id: 1, content: TEXT }).sent, [], 'one that is gone is not answered')
  t.end()
})

t.test('urgency, broadcasts and pings', (t) => {
  const { state } = connected(KNOWN)
  const asked = play(state, { kind: 'urgency', min: 'high' })
  t.same(asked.sent, [{ messageType: 'urgency', min: 'high' }])
  t.equal(asked.state.identity.minUrgency, 'very-low', 'not before it is confirmed')
  const status = (code: number) => received({ messageType: 'urgency', status: code })
  t.match(play(asked.state, status(200)).state, { identity: { minUrgency: 'high' }, urgencyAsked: undefined })
  t.match(play(asked.state, status(500)).state, {
    identity: { minUrgency: 'very-low' },
    notice: { tone: 'bad' },
  })

  const heard = play(state, { kind: 'subscribeBroadcast', broadcast: 'a/b', version: '' })
  t.same(heard.sent, [{ messageType: 'broadcast_subscribe', broadcasts: { 'a/b': '' } }])
  const unknown = play(
    heard.state,
    received({ messageType: 'broadcast', broadcasts: { errors: { 'a/b': 'Broadcast not found' } } }),
  )
  t.match(unknown.state, { broadcastErrors: { 'a/b': 'Broadcast not found' }, notice: { tone: 'bad' } })
  const told = play(unknown.state, received({ messageType: 'broadcast', broadcasts: { 'a/b': 'v2' } }))
  t.same(told.state.broadcastErrors, {})
  t.same(told.state.identity.broadcasts, { 'a/b': 'v2' })

  const pinged = play(state, { kind: 'ping', atMs: 1000 })
  t.same(pinged.sent, [{}])
  t.match(play(pinged.state, received('{}', 1012)).state, {
    pingSentAtMs: undefined,
    notice: { text: /after 12 ms/ },
  })
  t.equal(play(state, received('{}')).state, state, 'an answer that nobody has asked for')
  t.end()
})

t.test('what it can not read it passes over', (t) => {
  const { state } = connected(KNOWN)
  for (const text of [
    '',
    'no JSON',
    '[]',
    '7',
    'null',
    '{"messageType":"future"}',
    '{"messageType":"hello"}',
  ])
    t.equal(play(state, received(text)).state, state, text)
  t.end()
})

t.test('it says in words why it is not connected', (t) => {
  const opening = play(newAgentState(), { kind: 'connect', identity: NOBODY }).state
  const why = (state: AgentState, code: number, reason: string) => {
    const { link } = stepAgent(state, { kind: 'closed', code, reason }).state
    return link.kind === 'closed' ? link.why : undefined
  }
  t.match(why(opening, 1006, ''), /could not be opened/)
  const { state } = connected(KNOWN)
  t.match(why(state, 1008, 'protocolViolated'), /Closed \(1008 protocolViolated\)\. .*did not understand/)
  t.match(why(state, 1000, 'displaced'), /newer connection with the same UAID/)
  t.match(why(state, 1006, ''), /connection was lost/)
  t.equal(why(state, 4000, 'toString'), 'Closed (4000 toString).')
  const asked = play(state, { kind: 'disconnect' }).state
  t.match(stepAgent(asked, { kind: 'closed', code: 1000, reason: '' }).state, {
    link: { kind: 'closed', wasAsked: true },
    notice: { tone: 'plain' },
  })
  t.match(stepAgent(opening, { kind: 'refused', why: 'wss only' }).state.link, {
    kind: 'closed',
    why: 'wss only',
  })
  t.end()
})

t.test('an identity outlives a reload, and what is none is nobody', (t) => {
  t.same(parseIdentity(JSON.stringify(KNOWN)), KNOWN)
  for (const kept of [null, '', '{', 'null', '{}', JSON.stringify({ ...KNOWN, channels: [{}] })])
    t.equal(parseIdentity(kept), NOBODY, String(kept))
  t.end()
})
