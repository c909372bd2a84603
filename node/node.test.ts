import { once } from 'node:events'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import { createSystemRandom, systemClock } from '../cluster/clock.ts'
import { InProcessBus } from '../cluster/in-process-bus.ts'
import { NO_METER } from '../cluster/meter.ts'
import { type AgentReply, type AgentRequest, NODES_ADDRESS } from '../push/agent-requests.ts'
import { PushError } from '../push/errors.ts'
import { MONITORING } from '../push/fixtures/monitoring.ts'
import { Tokens } from '../push/tokens.ts'
import { NO_MIN_URGENCY } from '../push/urgency.ts'
import type { Store } from '../store/store.ts'
import { storeOf } from './fixtures/store-double.ts'
import { NODE_OPTIONS, type NodeOptions, startNode } from './node.ts'

async function start(t: Test, store: Partial<Store> = {}, overrides: Partial<NodeOptions> = {}) {
  const random = createSystemRandom()
  const clock = systemClock
  const logged: { fields: unknown; line: string }[] = []
  const log = (fields: unknown, line: string) => logged.push({ fields, line })
  const address = { host: '127.0.0.1', port: 0, publicUrl: 'https://push.example' }
  const options = { ...NODE_OPTIONS, ...address, ...overrides }
  const bus = new InProcessBus<AgentRequest, AgentReply>({
    clock,
    onListenerError: (error) => t.fail(String(error)),
  })
  const health = { isReady: true }
  const node = await startNode(options, {
    bus,
    busHealth: () => health,
    monitoring: MONITORING,
    meters: { published: NO_METER },
    store: storeOf(store),
    tokens: new Tokens([random.bytes(32)]),
    clock,
    random,
    log: { info: log, warn: log, error: log },
  })
  t.teardown(() => node.drain())
  return { node, bus, health, logged, address: `127.0.0.1:${node.port}` }
}

t.test(
  'a node serves user agents until it drains: then they are closed with 1001, and nobody gets in',
  async (t) => {
    const { node, logged, address } = await start(t)
    const socket = new WebSocket(`ws://${address}/`, 'push-notification')
    const closed = once(socket, 'close')
    await once(socket, 'open')
    t.equal(node.connections, 1)
    const answered = once(socket, 'message')
    socket.send('{"messageType":"hello","use_webpush":true}')
    const [hello] = await answered
    t.match(JSON.parse(String(hello)), {
      messageType: 'hello',
      status: 200,
      use_webpush: true,
      broadcasts: {},
    })
    socket.send('{}')
    const [pong] = await once(socket, 'message')
    t.equal(String(pong), '{}')
    const unregister = {
      messageType: 'unregister',
      channelID: 'c0ffee00-1234-4abc-8def-0123456789ab',
      code: 200,
    }
    socket.send(JSON.stringify(unregister))
    await once(socket, 'message')

    await node.drain()
    t.match(await closed, [1001])
    t.equal(node.connections, 0)
    // On a busy machine it may also have said that it stood still.
    const stopped = logged.filter(({ line }) => line === 'node stopped')
    t.same(stopped, [{ fields: { counts: { 'unregister 200': 1 } }, line: 'node stopped' }])
    await t.rejects(fetch(`http://${address}/health`))
  },
)

t.test('a node is healthy while its store can be written to', async (t) => {
  let isDown = false
  const { address } = await start(t, {
    ping: async () => {
      if (isDown) throw new PushError('storeDown')
    },
  })
  t.equal((await fetch(`http://${address}/health`)).status, 200)
  isDown = true
  t.equal((await fetch(`http://${address}/health`)).status, 503)
})

t.test('a node is healthy while its bus is, and says how both fare', async (t) => {
  const { health, address } = await start(t)
  health.isReady = false
  const answer = await fetch(`http://${address}/health`)
  t.equal(answer.status, 503)
  t.match(await answer.json(), {
    status: 'ERROR',
    version: '1.2.3',
    store: { status: 'OK' },
    bus: { status: 'ERROR' },
  })
})

t.test('a check for all nodes makes every user agent look into the store', async (t) => {
  let asked: (uaids: readonly string[]) => void = () => {}
  const looked = new Promise<readonly string[]>((resolve) => {
    asked = resolve
  })
  const { bus, address } = await start(
    t,
    {
      connect: async () => ({ channels: new Map(), minUrgency: NO_MIN_URGENCY }),
      pending: async (uaids) => {
        asked(uaids)
        return []
      },
    },
    // Within a slot of 100 ms when all are told, else not before the test is over.
    { recheckMs: 50_000, firstRecheckMs: [50_000, 50_000], recheckSoonMs: 0 },
  )
  const uaid = 'a'.repeat(32)
  const socket = new WebSocket(`ws://${address}/`)
  await once(socket, 'open')
  socket.send(JSON.stringify({ messageType: 'hello', use_webpush: true, uaid }))
  await once(socket, 'message')
  const askedAtMs = systemClock.monotonicMs()
  bus.tell(NODES_ADDRESS, { kind: 'check' })
  t.same(await looked, [uaid])
  t.ok(systemClock.monotonicMs() - askedAtMs < 25_000)
})

t.test('garbage closes with 1008; a neighbour notices nothing', async (t) => {
  const { address } = await start(t)
  const [neighbour, socket] = [new WebSocket(`ws://${address}/`), new WebSocket(`ws://${address}/`)]
  await Promise.all([once(neighbour, 'open'), once(socket, 'open')])
  const closed = once(socket, 'close')
  socket.send('garbage')
  t.match(await closed, [1008])
  const answered = once(neighbour, 'message')
  neighbour.send('{"messageType":"hello","use_webpush":true}')
  t.match(String(await answered), '"status":200')
})
