import type { Socket } from 'node:net'
import path from 'node:path'
import { connect as connectTls } from 'node:tls'
import fc from 'fast-check'
import t from 'tap'
import { systemClock } from '../cluster/clock.ts'
import { within } from '../cluster/within.ts'
import { http2Client } from '../endpoint/fixtures/http-clients.ts'
import {
  FRAME_TYPES,
  frame,
  HTTP2_PREFACE,
  headersFrame,
  literalHeaders,
  settingsFrame,
} from '../endpoint/fixtures/http2-frames.ts'
import { selfSignedCertificate } from '../push/fixtures/certificate.ts'
import { AgentClient, type Notification } from './support/agent-client.ts'
import { nearlyValid, type Request } from './support/bad-requests.ts'
import { testSeed } from './support/seed.ts'
import { Sender } from './support/sender.ts'
import { startSingleSystem } from './support/single-system.ts'

/*
 * HTTP/2 that is malformed, or well-formed and too much, over TLS: the process stays up, its memory bounded, and others are served.
 */

const TIMEOUT_MS = 2000
const CONNECTIONS = 240
/** Many: a connection on which nghttp2 reads no more is ended only after two time-outs. */
const LANES = 60
const REQUESTS = 600
const FLOOD_CONNECTIONS = 5
const FLOOD_FRAMES = 10_000
/** Far beyond the time that a connection without a request has. */
const ENDED_MS = 60_000
/** What all of it may cost, in bytes: the noise of garbage collection is a part of it. */
const GROWTH_MAX_BYTES = 96 * 1024 * 1024

const seed = testSeed()
t.comment(`seed ${seed}: PUSHGRID_TEST_SEED=${seed} draws the same input`)
const certificate = selfSignedCertificate('endpoint')
const folder = t.testdir({ certificate: certificate.certificate, key: certificate.key })
const system = await startSingleSystem({
  env: {
    PUSHGRID_TLS_CERT_FILE: path.join(folder, 'certificate'),
    PUSHGRID_TLS_KEY_FILE: path.join(folder, 'key'),
    PUSHGRID_REQUEST_TIMEOUT_MS: `${TIMEOUT_MS}`,
  },
})
t.teardown(() => system.stop())
const { wsUrl, httpUrl } = system
const sender = new Sender(8, certificate.certificate)
t.teardown(() => sender.close())
const { client } = await AgentClient.hello(wsUrl, undefined, {
  ca: certificate.certificate,
  onNotification: (notification: Notification, agent: AgentClient) => agent.ack(notification),
})
t.teardown(() => client.terminate())
const endpoint = new URL((await client.register()).pushEndpoint)
const target = `${httpUrl}${endpoint.pathname}`

/** The header block of a request; a stream's second one is too many. */
const POST = literalHeaders([
  [':method', 'POST'],
  [':scheme', 'https'],
  [':path', endpoint.pathname],
  [':authority', 'localhost'],
  ['ttl', '0'],
])

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((drawn) => Buffer.from(drawn))
const stream = fc.oneof(fc.nat(9), fc.nat(2 ** 31 - 1))
/** Frames of every type and some beyond, with flags, streams, payloads and lengths that may fit or not. */
const anyFrame = fc
  .record({
    type: fc.nat(12),
    flags: fc.nat(255),
    stream,
    payload: bytes(60),
    lengthError: fc.oneof(
      { weight: 8, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.nat(2 ** 24 - 1) },
    ),
  })
  .map(({ type, lengthError, ...fields }) =>
    frame(type, { ...fields, length: Math.min(fields.payload.length + lengthError, 2 ** 24 - 1) }),
  )
const request = fc
  .record({ stream: fc.integer({ min: 0, max: 20 }), endStream: fc.boolean(), endHeaders: fc.boolean() })
  .map(({ stream: id, ...flags }) => headersFrame(id, POST, flags))
const input = fc
  .tuple(
    fc.constantFrom(HTTP2_PREFACE, HTTP2_PREFACE, HTTP2_PREFACE, HTTP2_PREFACE.subarray(0, 20)),
    fc.array(fc.oneof(anyFrame, request, bytes(40), fc.constant(settingsFrame())), { maxLength: 12 }),
  )
  .map(([preface, frames]) => Buffer.concat([preface, settingsFrame(), ...frames]))

t.test('frames drawn at random: each connection ends, and others notice nothing', async (t) => {
  const before = await memory()
  const play = async (sent: Buffer) => {
    const socket = await opened()
    const over = ended(socket)
    socket.end(sent)
    await over
  }
  const lanes = Array.from({ length: LANES }, (_, lane) =>
    fc.assert(fc.asyncProperty(input, play), {
      seed: seed + lane,
      numRuns: CONNECTIONS / LANES,
      endOnFailure: true,
    }),
  )
  await Promise.all([...lanes, served(10)])
  t.ok((await memory()) - before < GROWTH_MAX_BYTES)
  t.equal(system.exit, undefined)
  t.notMatch(system.output, /"level":(50|60)/, 'no error of its own')
})

t.test('requests that are nearly right: each is answered, and none with a 5xx', async (t) => {
  const other = http2Client(httpUrl, certificate.certificate)
  t.teardown(() => other.close())
  const targets = { paths: [endpoint.pathname], authorizations: ['vapid t=a.b.c, k=BA'] }
  const large: Request = {
    method: 'POST',
    path: endpoint.pathname,
    headers: USUAL,
    body: new Uint8Array(5000),
  }
  const seen = new Set<number>()
  const play = async ({ headers, ...request }: Request) => {
    // A name that comes twice, which some may not, counts once.
    const { status } = await other.send({ ...request, headers: Object.fromEntries(headers) })
    seen.add(status)
    if (status >= 500) throw new Error(`answered ${status}`)
  }
  const lanes = Array.from({ length: LANES }, (_, lane) =>
    fc.assert(fc.asyncProperty(nearlyValid(targets), play), {
      seed: seed + lane,
      // Too large are so few of those drawn that there may be none.
      examples: lane === 0 ? [[large]] : [],
      numRuns: REQUESTS / LANES,
      endOnFailure: true,
    }),
  )
  await Promise.all([...lanes, served(10)])
  for (const status of [201, 400, 401, 404, 413]) t.ok(seen.has(status), `some are answered ${status}`)
})

/** What a good message has. */
const USUAL: Request['headers'] = [
  ['TTL', '0'],
  ['Content-Encoding', 'aes128gcm'],
]
const odd = (index: number) => 2 * index + 1
/** What a client sends too much of; each is well-formed. */
const floods: Record<string, (index: number) => Buffer> = {
  'requests that are reset at once': (index) =>
    Buffer.concat([
      headersFrame(odd(index), POST, { endStream: true }),
      frame(FRAME_TYPES.rstStream, { stream: odd(index), payload: Buffer.from([0, 0, 0, 8]) }),
    ]),
  settings: () => settingsFrame([[3, 100]]),
  pings: () => frame(FRAME_TYPES.ping, { payload: Buffer.alloc(8) }),
  continuations: (index) =>
    index === 0
      ? headersFrame(1, POST, { endHeaders: false })
      : frame(FRAME_TYPES.continuation, { stream: 1, payload: literalHeaders([['x', 'y'.repeat(100)]]) }),
  'empty data': (index) => (index === 0 ? headersFrame(1, POST) : frame(FRAME_TYPES.data, { stream: 1 })),
  'answers that it gives no window for': (index) =>
    index === 0
      ? settingsFrame([[4, 0]])
      : headersFrame(odd(index), literalHeaders(WITHOUT_TTL), { endStream: true }),
  'header blocks over the limit': (index) =>
    headersFrame(odd(index), literalHeaders([['x', 'y'.repeat(16_000)]]), { endStream: true }),
}
const WITHOUT_TTL: [string, string][] = [
  [':method', 'POST'],
  [':scheme', 'https'],
  [':path', endpoint.pathname],
  [':authority', 'localhost'],
]

for (const [what, frameOf] of Object.entries(floods)) {
  t.test(`a flood of ${what}: it is ended, and others notice nothing`, async (t) => {
    const before = await memory()
    const flooding = Array.from({ length: FLOOD_CONNECTIONS }, async () => flood(await opened(), frameOf))
    await Promise.all([...flooding, served(10)])
    const growth = (await memory()) - before
    t.ok(growth < GROWTH_MAX_BYTES, `${Math.round(growth / 1024)} KiB more`)
    t.equal(system.exit, undefined)
    t.notMatch(system.output, /"level":(50|60)/, 'no error of its own')
  })
}

function opened(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      port: Number(new URL(httpUrl).port),
      host: '127.0.0.1',
      ca: certificate.certificate,
      ALPNProtocols: ['h2'],
      checkServerIdentity: () => undefined,
    })
    socket.once('error', reject)
    socket.once('secureConnect', () => resolve(socket.off('error', reject).on('error', () => {})))
  })
}

/** Reads whatever comes, and resolves when the server has closed. @throws when it does not */
function ended(socket: Socket): Promise<void> {
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.resume()
  return within(systemClock, ENDED_MS, closed, () => {
    socket.destroy()
    throw new Error(`still open after ${ENDED_MS} ms`)
  })
}

/** Sends one frame after the other, as fast as they are read, and reads nothing but the end. */
async function flood(socket: Socket, frameOf: (index: number) => Buffer): Promise<void> {
  const over = ended(socket)
  socket.write(Buffer.concat([HTTP2_PREFACE, settingsFrame()]))
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  for (let index = 0; index < FLOOD_FRAMES && !socket.destroyed; index++) {
    if (socket.write(frameOf(index))) continue
    await Promise.race([new Promise<void>((resolve) => socket.once('drain', () => resolve())), closed])
  }
  await over
}

/** Lets a sender and a user agent that have nothing to do with it get along. */
async function served(messages: number): Promise<void> {
  for (let count = 0; count < messages; count++) {
    const { status } = await sender.post(target, { text: 'are you there?' })
    if (status !== 201) throw new Error(`a neighbour's message is answered ${status}`)
    await client.next('notification')
  }
}

async function memory(): Promise<number> {
  const { body } = await sender.send('GET', `${httpUrl}/metrics`, undefined, {})
  return Number(/^process_resident_memory_bytes(?:\{[^}]*\})? (\S+)$/m.exec(body)?.[1])
}
