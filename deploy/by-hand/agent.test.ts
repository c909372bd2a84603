import t, { type Test } from 'tap'
import { seededRandom } from '../../cluster/seeded-random.ts'
import { SimulatedClock } from '../../cluster/simulated-clock.ts'
import { Agent, type AgentWishes } from './agent.ts'
import type { AgentEvent } from './agent-event.ts'
import type { KeptAgent } from './agent-file.ts'
import { ScriptedServer } from './fixtures/scripted-server.ts'
import { newChannel } from './subscription.ts'
import type { Channel } from './subscription-schema.ts'

const random = seededRandom(1)
const UAID = '0123456789abcdef0123456789abcdef'
const NEWS: Channel = { ...newChannel('news', undefined, random), endpoint: 'https://push.example/1' }
const NOTHING: AgentWishes = { channels: [], broadcasts: [], unregister: [] }

/** A user agent on a server that does what the test says. */
async function start(
  t: Test,
  { channels = [NEWS] }: Partial<KeptAgent> = {},
  wishes: Partial<AgentWishes> = {},
) {
  const server = await ScriptedServer.start()
  const clock = new SimulatedClock()
  const events: AgentEvent[] = []
  const saved: KeptAgent[] = []
  const watchers: (() => void)[] = []
  const agent = new Agent(
    { url: server.url, uaid: UAID, channels },
    { ...NOTHING, ...wishes },
    {
      clock,
      random,
      save: async (kept) => {
        saved.push(kept)
      },
      write: async () => undefined,
      show(event) {
        events.push(event)
        for (const watcher of watchers.splice(0)) watcher()
      },
    },
  )
  t.teardown(async () => {
    agent.stop()
    await server.stop()
  })
  /** The first event of a kind that is not seen yet, or the next to come. */
  async function event<K extends AgentEvent['event']>(kind: K): Promise<Extract<AgentEvent, { event: K }>> {
    for (;;) {
      const seen = events.splice(0, events.findIndex((one) => one.event === kind) + 1).at(-1)
      if (seen !== undefined) return seen as Extract<AgentEvent, { event: K }>
      await new Promise<void>((resolve) => watchers.push(resolve))
    }
  }
  return { server, clock, agent, event, saved, running: agent.run() }
}

t.test('after a lost connection it comes again, later each time until it is greeted', async (t) => {
  const { server, clock, event, running, agent } = await start(t)
  for (const retryMs of [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]) {
    const connection = await server.next()
    if (retryMs === 1000) {
      await connection.received()
      connection.send({ messageType: 'hello', uaid: UAID, status: 200 })
      await event('waiting')
    }
    connection.cut()
    t.match(await event('disconnected'), { reason: 'the connection was lost', retryMs })
    clock.advance(retryMs)
  }
  const connection = await server.greeted(UAID)
  await event('waiting')
  connection.close(1001, 'drained')
  t.match(await event('disconnected'), {
    reason: 'the server closed the connection (1001, drained)',
    retryMs: 1000,
  })
  agent.stop()
  await running
})

t.test('a server that is not there, or does not answer, is said at first', async (t) => {
  const { server, clock, running } = await start(t)
  const connection = await server.next()
  await connection.received()
  clock.advance(10_000)
  await t.rejects(running, {
    exitCode: 3,
    message: /^can't connect to ws:.*: the server does not answer within 10 s$/,
  })
})

t.test('it ends for good when the server says so, or another one has taken its place', async (t) => {
  for (const [code, reason, message] of [
    [4774, '', /asks not to be connected to again/],
    [1000, 'displaced', /is its file in use twice\?/],
  ] as const) {
    const { server, running, event } = await start(t)
    const connection = await server.greeted(UAID)
    await event('waiting')
    connection.close(code, reason)
    await t.rejects(running, { exitCode: 1, message })
  }
})

t.test('a new UAID: all subscriptions are made anew, with the same ids', async (t) => {
  const { server, event, saved } = await start(t)
  const connection = await server.greeted('f'.repeat(32))
  t.match(await event('connected'), { isNew: true })
  t.match(await event('replaced'), { uaid: 'f'.repeat(32), subscriptions: 1 })
  const { channelID } = NEWS
  t.same(await connection.received(), { messageType: 'register', channelID })
  connection.send({ messageType: 'register', channelID, status: 200, pushEndpoint: 'https://push.example/2' })
  t.match(await event('subscription'), {
    isNew: true,
    subscription: { endpoint: 'https://push.example/2', keys: { auth: NEWS.auth } },
  })
  t.match(saved.at(-1), { uaid: 'f'.repeat(32), channels: [{ ...NEWS, endpoint: 'https://push.example/2' }] })
})

t.test(
  'a registration that the server could not do is done after a reconnect, with the same id',
  async (t) => {
    const { server, clock, event } = await start(
      t,
      { channels: [] },
      { channels: ['weather'], vapidKey: 'key' },
    )
    const connection = await server.greeted(UAID)
    const asked = await connection.received()
    const { channelID } = asked as { channelID: string }
    t.match(asked, { messageType: 'register', key: 'key' })
    connection.send({ messageType: 'register', channelID, status: 500 })
    t.match(await event('disconnected'), { reason: /could not register weather \(status 500\)/ })
    clock.advance(1000)
    t.same(await (await server.greeted(UAID)).received(), asked)
  },
)

t.test('one that it refuses ends it; so does a subscription with another key', async (t) => {
  const { server, running } = await start(t, { channels: [] })
  const connection = await server.greeted(UAID)
  const { channelID } = (await connection.received()) as { channelID: string }
  connection.send({ messageType: 'register', channelID, status: 400 })
  await t.rejects(running, { exitCode: 1, message: 'the server refuses to register default (status 400)' })

  const other = await start(t, {}, { channels: ['news'], vapidKey: 'key' })
  await other.server.greeted(UAID)
  await t.rejects(other.running, { message: /news is registered without a VAPID key: end it with --unreg/ })
})

t.test('what comes is shown after the subscriptions, and answered as Firefox does', async (t) => {
  const { server, event } = await start(t)
  const connection = await server.next()
  await connection.received()
  const { channelID } = NEWS
  const notification = { messageType: 'notification', channelID, version: '1' }
  connection.send({ messageType: 'hello', uaid: UAID, status: 200 })
  connection.send(notification)
  connection.send(notification)
  connection.send({ ...notification, version: '2', data: 'AAAA', headers: { encoding: 'aes128gcm' } })
  connection.send({ ...notification, version: '3', channelID: 'unknown' })
  await event('waiting')
  for (const [version, code, shown] of [
    ['1', 100, { channel: 'news', isRepeated: false }],
    ['1', 102, { isRepeated: true }],
    ['2', 101, { content: { kind: 'unreadable' } }],
    ['3', 102, { channel: undefined }],
  ] as const) {
    t.match(await event('message'), { ...shown, answer: { kind: 'ack', code } })
    t.match(await connection.received(), { messageType: 'ack', updates: [{ version, code }] })
  }
})

t.test('nothing, or a refusal, where that is wanted; then it ends in good order', async (t) => {
  const { channelID } = NEWS
  for (const [wishes, answer] of [
    [{ ack: 'none' }, undefined],
    [{ nack: 302 }, { messageType: 'nack', version: '1', code: 302 }],
    [{ ack: 102 }, { messageType: 'ack', updates: [{ channelID, version: '1', code: 102 }] }],
  ] as const) {
    const { server, event, running } = await start(t, {}, { ...wishes, count: 1 })
    const connection = await server.greeted(UAID)
    t.match(await event('waiting'), { messages: 1 })
    connection.send({ messageType: 'notification', channelID, version: '1' })
    if (answer !== undefined) t.same(await connection.received(), answer)
    await running
    t.equal(await connection.closed, 1000)
  }
})

t.test('urgency: a server that has never known it is left; one that has is asked again', async (t) => {
  const wanted = async () => {
    const started = await start(t, {}, { minUrgency: 'high' })
    const connection = await started.server.greeted(UAID)
    t.same(await connection.received(), { messageType: 'urgency', min: 'high' })
    return { ...started, connection }
  }
  const unknowing = await wanted()
  unknowing.connection.close(1011, 'Json')
  const left = /may not know what --urgency asks for.*: leave it out \(the server closed .*1011, Json\)\)$/
  await t.rejects(unknowing.running, { exitCode: 1, message: left })
  const unwilling = await wanted()
  unwilling.connection.send({ messageType: 'urgency', status: 404 })
  await t.rejects(unwilling.running, { exitCode: 1, message: /leave it out \(it answers with status 404\)$/ })

  const { connection, clock, server, event } = await wanted()
  connection.send({ messageType: 'urgency', status: 500 })
  t.match(await event('disconnected'), { reason: /could not set the urgency \(status 500\)/ })
  clock.advance(1000)
  const second = await server.greeted(UAID)
  await second.received()
  second.send({ messageType: 'urgency', status: 200 })
  await event('waiting')
  second.cut()
  await event('disconnected')
  clock.advance(1000)
  const third = await server.greeted(UAID)
  await third.received()
  third.cut()
  t.match(await event('disconnected'), { reason: 'the connection was lost' })
})

t.test('broadcasts: it says the versions it has, also those it heard of before a reconnect', async (t) => {
  const { server, clock, event } = await start(t, {}, { broadcasts: [['a/b', 'v1']] })
  const connection = await server.next()
  t.match(await connection.received(), { messageType: 'hello', uaid: UAID, broadcasts: { 'a/b': 'v1' } })
  const broadcasts = { 'a/b': 'v2', errors: { 'c/d': 'Broadcast not found' } }
  connection.send({ messageType: 'hello', uaid: UAID, status: 200, broadcasts })
  t.match(await event('broadcast'), { id: 'a/b', version: 'v2' })
  t.match(await event('broadcastRefused'), { id: 'c/d', reason: 'Broadcast not found' })
  connection.send({ messageType: 'broadcast', broadcasts: { 'a/b': 'v3' } })
  t.match(await event('broadcast'), { id: 'a/b', version: 'v3' })
  connection.cut()
  await event('disconnected')
  clock.advance(1000)
  t.match(await (await server.next()).received(), { broadcasts: { 'a/b': 'v3' } })
})

t.test('it asks a silent server whether it is there, and leaves one that is not', async (t) => {
  const { server, clock, event } = await start(t)
  const connection = await server.greeted(UAID)
  await event('waiting')
  clock.advance(30 * 60_000 - 1)
  clock.advance(1)
  t.same(await connection.received(), {})
  connection.send({})
  await event('frame')
  for (let frame = await event('frame'); frame.direction === 'sent'; ) frame = await event('frame')
  clock.advance(30 * 60_000)
  t.same(await connection.received(), {})
  clock.advance(10_000)
  t.match(await event('disconnected'), { reason: 'the connection was lost' })
})
