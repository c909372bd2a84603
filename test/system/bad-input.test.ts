import fc from 'fast-check'
import t from 'tap'
import webPush from 'web-push'
import { systemClock } from '../../cluster/clock.ts'
import { within } from '../../cluster/within.ts'
import { AgentClient, type Notification } from '../support/agent-client.ts'
import { type BadSession, badSession, helloFrame } from '../support/bad-frames.ts'
import { malformedRequest, nearlyValidRequest, type Targets } from '../support/bad-requests.ts'
import { exchange, statusesIn } from '../support/raw-tcp.ts'
import { testSeed } from '../support/seed.ts'
import { Sender, textOf } from '../support/sender.ts'
import { subscribed } from '../support/subscribed.ts'
import { startSystem } from '../support/system.ts'

/** Properties of one kind that run side by side: one alone would leave the server idle most of the time. */
const LANES = 6
const SESSIONS = 1500
const PIPELINES = 1200
const MALFORMED = 1500
const CLOSE_TIMEOUT_MS = 60_000
const INPUTS_MIN = 10_000
/** Has the server close the connection, after it has answered everything before. */
const LAST_REQUEST = Buffer.from('GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')

const seed = testSeed()
t.comment(`seed ${seed}: PUSHGRID_TEST_SEED=${seed} draws the same input`)

// A busy machine may be slow to say hello; nothing here is ended for saying none.
const system = await startSystem({ env: { PUSHGRID_HELLO_TIMEOUT_MS: '60000' } })
const { wsUrl, httpUrl } = system
const sender = new Sender()
t.teardown(() => system.stop())
t.teardown(() => sender.close())

/** A user agent that has nothing to do with it all, and gets messages throughout. */
const neighbour = startNeighbour()
let inputs = 0

t.test('websocket frames: only their own connection ends, with the code of the protocol', async (t) => {
  await inLanes(SESSIONS, (parameters) => fc.assert(fc.asyncProperty(badSession, playSession), parameters))
  t.pass(`${SESSIONS} sessions`)
})

t.test('HTTP requests: each is answered, and none with a 5xx', async (t) => {
  const targets = await aims()
  const pipeline = fc.array(nearlyValidRequest(targets), { minLength: 1, maxLength: 10 })
  const seen = new Map<number, number>()
  const play = async (requests: Buffer[]) => {
    inputs += requests.length
    const answers = await exchange(portOf(httpUrl), Buffer.concat([...requests, LAST_REQUEST]))
    const statuses = statusesIn(answers).slice(0, -1)
    for (const status of statuses) seen.set(status, (seen.get(status) ?? 0) + 1)
    if (statuses.length !== requests.length || statuses.some(isOurs))
      throw new Error(`${requests.length} requests are answered ${statuses}`)
  }
  await inLanes(PIPELINES, (parameters) => fc.assert(fc.asyncProperty(pipeline, play), parameters))
  t.comment(`statuses: ${[...seen].sort().map(([status, count]) => `${status} x ${count}`)}`)
  for (const status of [201, 400, 401, 404, 413]) t.ok(seen.has(status), `some are answered ${status}`)
})

t.test('bytes that are no HTTP, on both ports: the connection ends, and never with a 5xx', async (t) => {
  const malformed = malformedRequest(await aims())
  const play = async (port: number, bytes: Buffer) => {
    inputs += 1
    const statuses = statusesIn(await exchange(port, bytes, 'halfClose'))
    if (statuses.some(isOurs)) throw new Error(`answered ${statuses}`)
  }
  const port = fc.constantFrom(portOf(httpUrl), portOf(wsUrl))
  await inLanes(MALFORMED, (parameters) => fc.assert(fc.asyncProperty(port, malformed, play), parameters))
  t.pass(`${MALFORMED} connections`)
})

t.test('nobody else noticed', async (t) => {
  const { sent, received, refused } = await neighbour.stop()
  t.comment(`${inputs} frames and requests; ${sent} messages to the neighbour`)
  t.ok(inputs >= INPUTS_MIN, `${inputs} frames and requests are ${INPUTS_MIN} or more`)
  t.same(refused, [], 'every message to the neighbour was accepted')
  t.same(
    received,
    Array.from({ length: sent }, (_, at) => `message ${at}`),
    'and arrived, once and in order',
  )
  t.ok(sent > 100, 'deliveries went on throughout')
  t.equal(system.exit, undefined, 'the server runs')
  t.notMatch(system.output, /"level":(50|60)/, 'and has seen no error of its own')
})

/** Sends a session's frames and waits for the end of its connection. */
async function playSession({ greets, waits, fine, last }: BadSession): Promise<void> {
  const client = await AgentClient.connect(wsUrl)
  if (greets) {
    if (waits) await client.hello()
    else client.send(helloFrame())
  }
  for (const frame of fine) client.send(frame)
  client.sendRaw(last.frame, last.binary)
  if (last.doubtful) client.sendRaw('', true)
  inputs += fine.length + 1
  const { code } = await within(systemClock, CLOSE_TIMEOUT_MS, client.closed, () => {
    throw new Error(`still open after ${CLOSE_TIMEOUT_MS} ms; received ${JSON.stringify(client.frames)}`)
  })
  const codes = greets || fine.length === 0 ? last.codes : [1008]
  if (!codes.includes(code)) throw new Error(`closed with ${code} instead of ${codes.join(' or ')}`)
}

/** Endpoints of a user agent that is there and of one that is not, with and without a key, and a message resource. */
async function aims(): Promise<Targets> {
  const ackAll = (notification: Notification, client: AgentClient) => client.ack(notification)
  const here = await subscribed(wsUrl, { onNotification: ackAll })
  t.teardown(() => here.client.terminate())
  const away = await subscribed(wsUrl)
  const vapid = webPush.generateVAPIDKeys()
  const restricted = await here.client.register(undefined, vapid.publicKey)
  await away.client.close()
  const { headers } = await sender.post(away.endpoint, { text: 'to be deleted' })
  const { origin } = new URL(away.endpoint)
  const signed = webPush.getVapidHeaders(
    origin,
    'mailto:a@example.org',
    vapid.publicKey,
    vapid.privateKey,
    'aes128gcm',
  )
  const urls = [
    here.endpoint,
    away.endpoint,
    restricted.pushEndpoint,
    `${origin}${new URL(String(headers.location)).pathname}`,
  ]
  return { paths: urls.map((url) => new URL(url).pathname), authorizations: [signed.Authorization] }
}

/** Runs a property in several lanes, each with a seed of its own; fails with the first counterexample. */
async function inLanes(
  runs: number,
  assert: (parameters: { seed: number; numRuns: number }) => Promise<void>,
): Promise<void> {
  const lanes = Array.from({ length: LANES }, (_, lane) =>
    assert({ seed: seed + lane, numRuns: Math.ceil(runs / LANES) }),
  )
  await Promise.all(lanes)
}

/** Starts to post to a user agent of its own, one message after the other, until it is stopped. */
function startNeighbour() {
  let stopped = false
  let sent = 0
  const refused: number[] = []
  const received: (string | undefined)[] = []
  const onNotification = (notification: Notification, client: AgentClient) => {
    received.push(textOf(notification))
    client.ack(notification)
  }
  const running = (async () => {
    const { client, endpoint } = await subscribed(wsUrl, { onNotification })
    while (!stopped) {
      const { status } = await sender.post(endpoint, { text: `message ${sent++}` })
      if (status !== 201) refused.push(status)
    }
    await client.close()
  })()
  return {
    async stop() {
      stopped = true
      await running
      return { sent, received, refused }
    },
  }
}

/** Whether a status says that it is the server's fault; 505 says that the HTTP version is none. */
function isOurs(status: number): boolean {
  return status >= 500 && status !== 505
}

function portOf(url: string): number {
  return Number(new URL(url).port)
}
