import { randomUUID } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { systemClock } from '../cluster/clock.ts'
import { AgentClient, type Notification } from './support/agent-client.ts'
import { becomes } from './support/becomes.ts'
import { Sender } from './support/sender.ts'
import { startSingleSystem } from './support/single-system.ts'
import { type Subscribed, subscribed } from './support/subscribed.ts'

const SILENT_MAX = 50
const REGISTERS = 100
const FLOOD = 300
/** Memory that no single misbehaviour of these may cost, in bytes: the noise of garbage collection is a part of it. */
const GROWTH_MAX_BYTES = 64 * 1024 * 1024

const system = await startSingleSystem({
  env: {
    PUSHGRID_TRUSTED_PROXIES: '127.0.0.1',
    // Only the limit ends them, on a busy machine, too.
    PUSHGRID_HELLO_TIMEOUT_MS: '60000',
    PUSHGRID_ADDRESS_SILENT_MAX: `${SILENT_MAX}`,
    PUSHGRID_REGISTERS_PER_SECOND: '1',
    PUSHGRID_REGISTERS_BURST: `${REGISTERS}`,
    PUSHGRID_BODY_BYTES_MAX: `${1024 * 1024}`,
  },
})
t.teardown(() => system.stop())
const { wsUrl, httpUrl } = system
const sender = new Sender()
t.teardown(() => sender.close())
/** Stands for those who do no harm: they come from another address. */
const neighbour = await subscribed(wsUrl, {
  onNotification: (notification: Notification, client: AgentClient) => client.ack(notification),
})
t.teardown(() => neighbour.client.terminate())

/** The value of a metric, summed over those of its labels that have this among them. */
async function metric(name: string, label = ''): Promise<number> {
  const { body } = await sender.send('GET', `${httpUrl}/metrics`, undefined, {})
  return Array.from(body.matchAll(/^(\w+)(\{[^}]*\})? (\S+)$/gm))
    .filter(([, one, labels = '']) => one === name && labels.includes(label))
    .reduce((sum, [, , , value]) => sum + Number(value), 0)
}

/** Runs what is bad for the service, and sees that others notice nothing of it while it lasts. */
async function during(t: Test, bad: () => Promise<readonly { destroy(): void }[]>): Promise<void> {
  const before = await metric('process_resident_memory_bytes')
  const sockets = await bad()
  await noticesNothing(t, neighbour)
  const newcomer = await subscribed(wsUrl, {
    onNotification: (notification: Notification, client: AgentClient) => client.ack(notification),
  })
  await noticesNothing(t, newcomer)
  await newcomer.client.close()
  const growth = (await metric('process_resident_memory_bytes')) - before
  t.ok(growth < GROWTH_MAX_BYTES, `${Math.round(growth / 1024)} KiB more`)
  for (const socket of sockets) socket.destroy()
}

async function noticesNothing(t: Test, { client, endpoint }: Subscribed): Promise<void> {
  const { status } = await sender.post(endpoint, { text: 'are you there?' })
  t.equal(status, 201)
  await client.next('notification')
}

/** Opens connections that send the beginning of something and then nothing. */
function beginnings(url: string, text: string, count = FLOOD): Promise<Socket[]> {
  const port = Number(new URL(url).port)
  const sockets = Array.from({ length: count }, async () => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {}).resume()
    await new Promise<void>((resolve) => socket.write(text, () => resolve()))
    return socket
  })
  return Promise.all(sockets)
}

const from = (address: string) => ({ headers: { 'x-forwarded-for': address } })

t.test('websockets that say nothing: one address has so many, others are let in', async (t) => {
  await during(t, async () => {
    const opened = await Promise.allSettled(
      Array.from({ length: FLOOD }, () => AgentClient.connect(wsUrl, from('198.51.100.1'))),
    )
    const clients = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    t.equal(clients.length, FLOOD)
    let closed = 0
    for (const client of clients) void client.closed.then(() => (closed += 1))
    await becomes(t, () => closed, FLOOD - SILENT_MAX)
    t.equal(await metric('pushgrid_client_limits_total', 'limit="silent"'), FLOOD - SILENT_MAX)
    return clients.map((client) => ({ destroy: () => void client.terminate() }))
  })
})

t.test('requests that are never complete, on both sides', async (t) => {
  const head = 'Host: a\r\nTTL: 60\r\nContent-Encoding: aes128gcm\r\n'
  const path = new URL(neighbour.endpoint).pathname
  for (const [url, text] of [
    [wsUrl, 'GET / HTTP/1.1\r\nUpgrade: webso'],
    [httpUrl, `POST ${path} HTTP/1.1\r\nHo`],
    [httpUrl, `POST ${path} HTTP/1.1\r\n${head}Content-Length: 5000\r\n\r\n${'x'.repeat(3000)}`],
    [httpUrl, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ] as const) {
    await during(t, () => beginnings(url, text))
  }
})

t.test(
  'a user agent that registers for ever is stopped, and comes no further when it comes again',
  async (t) => {
    await during(t, async () => {
      const startedMs = systemClock.monotonicMs()
      for (const expected of [REGISTERS, 0]) {
        const client = await AgentClient.connect(wsUrl, from('198.51.100.2'))
        await client.hello()
        for (let count = 0; count < 2 * REGISTERS; count++)
          client.send({ messageType: 'register', channelID: randomUUID() })
        t.equal((await client.closed).code, 1008)
        // One more each second, however long the machine takes.
        const more = Math.ceil((systemClock.monotonicMs() - startedMs) / 1000) + 1
        t.ok(client.frames.filter(({ messageType }) => messageType === 'register').length <= expected + more)
      }
      return []
    })
  },
)

t.test('a user agent that never reads: its messages are stored', async (t) => {
  const deaf = await subscribed(wsUrl, from('198.51.100.3'))
  await during(t, async () => {
    deaf.client.stopReading()
    const posts = Array.from({ length: 400 }, () => sender.post(deaf.endpoint, { text: 'x'.repeat(4000) }))
    const statuses = (await Promise.all(posts)).map(({ status }) => status)
    t.same(new Set(statuses), new Set([201]))
    return [{ destroy: () => void deaf.client.terminate() }]
  })
})
