import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { AgentClient, type Notification } from './support/agent-client.ts'
import { Sender } from './support/sender.ts'
import { startSingleSystem } from './support/single-system.ts'
import { type Subscribed, subscribed } from './support/subscribed.ts'

/** Silent websockets of one address, and of all. */
const SILENT_MAX = 50
const ALL_SILENT_MAX = 1000
const REGISTERS = 100
/** User agents that say hello one after the other, for their time to be known, and while others flood. */
const WARM_UP = 400
const HONEST = 100
const AT_A_TIME = 5
const HELLOS_AT_A_TIME = 16
const ADDRESSES = 60
/** The upgrade of a websocket (RFC 6455 section 4.1). */
const UPGRADE =
  'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
const FLOOD = 300
/** Memory that no single misbehaviour of these may cost, in bytes: the noise of garbage collection is a part of it. */
const GROWTH_MAX_BYTES = 64 * 1024 * 1024

const system = await startSingleSystem({
  env: {
    PUSHGRID_TRUSTED_PROXIES: '127.0.0.1',
    PUSHGRID_ADDRESS_SILENT_MAX: `${SILENT_MAX}`,
    PUSHGRID_SILENT_MAX: `${ALL_SILENT_MAX}`,
    PUSHGRID_REGISTERS_PER_SECOND: '1',
    PUSHGRID_REGISTERS_BURST: `${REGISTERS}`,
    PUSHGRID_HELLOS_MAX: '8',
    PUSHGRID_HELLO_QUEUE_MS: '1000',
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
    await Promise.all(clients.slice(0, FLOOD - SILENT_MAX).map(({ closed }) => closed))
    t.equal(await metric('pushgrid_client_limits_total', 'limit="silent"'), FLOOD - SILENT_MAX)
    return clients.map((client) => ({ destroy: () => void client.terminate() }))
  })
})

t.test('websockets from many addresses that say nothing: no user agent is refused for them', async (t) => {
  await during(t, async () => {
    // How long a hello takes is known only when some have waited for others.
    await hellos(WARM_UP)
    const addresses = Array.from({ length: ADDRESSES }, (_, index) => `127.0.1.${index + 1}`)
    const silent = (await Promise.all(addresses.map((address) => silentFrom(address)))).flat()
    let isOver = false
    const flood = Promise.all(
      addresses.map(async (address) => {
        while (!isOver) silent.push(...(await silentFrom(address)))
      }),
    )
    await hellos(HONEST)
    isOver = true
    await flood
    t.ok((await metric('pushgrid_client_limits_total', 'limit="allSilent"')) >= silent.length / 2)
    t.ok((await metric('pushgrid_hellos', 'state="expected"')) <= ALL_SILENT_MAX)
    t.ok((await metric('process_open_fds')) < ALL_SILENT_MAX + 200, 'no descriptor is lost to them')
    t.equal(await metric('pushgrid_upgrades_refused_total'), 0)
    t.equal(await metric('pushgrid_closes_total', 'reason="tooManyHellos"'), 0)
    return silent
  })
})

/** Lets so many user agents say hello, a few at a time. @throws when one is refused */
async function hellos(count: number): Promise<void> {
  for (let done = 0; done < count; done += HELLOS_AT_A_TIME) {
    const some = Array.from({ length: HELLOS_AT_A_TIME }, () =>
      AgentClient.hello(wsUrl, undefined, from('203.0.113.1')),
    )
    await Promise.all((await Promise.all(some)).map(({ client }) => client.terminate()))
  }
}

/** Opens websockets that say nothing, from another address of this machine; those that are closed stay so. */
async function silentFrom(localAddress: string): Promise<Socket[]> {
  const port = Number(new URL(wsUrl).port)
  const sockets = Array.from({ length: AT_A_TIME }, async () => {
    const socket = connect({ port, host: '127.0.0.1', localAddress })
    socket.on('error', () => {})
    socket.write(UPGRADE)
    const [answer] = await once(socket, 'data')
    if (!String(answer).startsWith('HTTP/1.1 101 ')) throw new Error(`refused: ${answer}`)
    return socket.resume()
  })
  return Promise.all(sockets)
}

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
      for (const expected of [REGISTERS, 0]) {
        const client = await AgentClient.connect(wsUrl, from('198.51.100.2'))
        await client.hello()
        for (let count = 0; count < 2 * REGISTERS; count++)
          client.send({ messageType: 'register', channelID: randomUUID() })
        t.equal((await client.closed).code, 1008)
        t.ok(client.frames.filter(({ messageType }) => messageType === 'register').length <= expected + 5)
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
