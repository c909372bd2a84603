import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { systemClock } from '../cluster/clock.ts'
import { within } from '../cluster/within.ts'
import {
  dataFrame,
  FRAME_TYPES,
  frame,
  HTTP2_PREFACE,
  headersFrame,
  literalHeaders,
  settingsFrame,
} from '../endpoint/fixtures/http2-frames.ts'
import type { AgentClient, Notification } from './support/agent-client.ts'
import { scrape } from './support/metrics.ts'
import { Sender } from './support/sender.ts'
import { UPGRADE } from './support/silent-socket.ts'
import { startSingleSystem } from './support/single-system.ts'
import { subscribed } from './support/subscribed.ts'

/*
 * Clients that drip ("slowloris"): a byte now and then, so that no time-out of a silent connection ever ends them. Each has to be
 * ended when its time is over, while others are served.
 */

const TIMEOUT_MS = 2000
/** The neighbour has to say one, too, on a busy machine. */
const HELLO_TIMEOUT_MS = 4000
const CLIENTS = 100
const DRIP_MS = 100
/** Far beyond the limit, on a machine that has other things to do; uWebSockets.js has its own 10 s for the headers of an upgrade. */
const ENDED_MS = 60_000
/** What they may cost together, in bytes: the noise of garbage collection is a part of it. */
const GROWTH_MAX_BYTES = 64 * 1024 * 1024

const system = await startSingleSystem({
  env: { PUSHGRID_REQUEST_TIMEOUT_MS: `${TIMEOUT_MS}`, PUSHGRID_HELLO_TIMEOUT_MS: `${HELLO_TIMEOUT_MS}` },
})
t.teardown(() => system.stop())
const { wsUrl, httpUrl } = system
const sender = new Sender()
t.teardown(() => sender.close())
const neighbour = await subscribed(wsUrl, {
  onNotification: (notification: Notification, client: AgentClient) => client.ack(notification),
})
t.teardown(() => neighbour.client.terminate())
const { pathname } = new URL(neighbour.endpoint)

/** What is sent at once, what drips after that, over and over, and what has come back when the connection is over. */
interface Dripping {
  readonly url: string
  readonly start: Buffer
  readonly drop: Buffer
  /** Sent before the first drop, when something has been answered. */
  readonly afterAnswer?: Buffer
  readonly answered: RegExp
}

const HEAD = `POST ${pathname} HTTP/1.1\r\nHost: a\r\nTTL: 60\r\nContent-Encoding: aes128gcm\r\n`
const TIMED_OUT = /^HTTP\/1\.1 408 .*"errno":999/s
const STREAM = 1
const POST_HEADERS = literalHeaders([
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', pathname],
  [':authority', 'a'],
  ['ttl', '60'],
  ['content-encoding', 'aes128gcm'],
])
const BEGINNING = Buffer.concat([HTTP2_PREFACE, settingsFrame()])
/** The beginning of a field whose value has 15,000 bytes. */
const LONG_FIELD = literalHeaders([['x', 'x'.repeat(15_000)]]).subarray(0, 10)
/** A GOAWAY frame of 8 bytes (RFC 9113 section 6.8): which stream was the last, and why. */
const GOAWAY = new RegExp(frame(FRAME_TYPES.goaway, { length: 8 }).toString('latin1'))

const drippings: Record<string, Dripping> = {
  'HTTP/1.1 headers': {
    url: httpUrl,
    start: Buffer.from(`${HEAD}X: `),
    drop: Buffer.from('x'),
    answered: TIMED_OUT,
  },
  'an HTTP/1.1 body': {
    url: httpUrl,
    start: Buffer.from(`${HEAD}Content-Length: 5000\r\n\r\n`),
    drop: Buffer.from('x'),
    answered: TIMED_OUT,
  },
  'an HTTP/1.1 body in chunks': {
    url: httpUrl,
    start: Buffer.from(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`),
    drop: Buffer.from('1\r\nx\r\n'),
    answered: TIMED_OUT,
  },
  'HTTP/2 headers': {
    url: httpUrl,
    start: Buffer.concat([
      BEGINNING,
      headersFrame(STREAM, POST_HEADERS, { endHeaders: false }),
      frame(FRAME_TYPES.continuation, { stream: STREAM, payload: LONG_FIELD, length: 16_000 }),
    ]),
    drop: Buffer.from('x'),
    answered: GOAWAY,
  },
  'an HTTP/2 body': {
    url: httpUrl,
    start: Buffer.concat([BEGINNING, headersFrame(STREAM, POST_HEADERS)]),
    drop: dataFrame(STREAM, Buffer.from('x')),
    answered: /"code":408,"errno":999/,
  },
  'the preface of HTTP/2': {
    url: httpUrl,
    start: HTTP2_PREFACE.subarray(0, 1),
    drop: Buffer.alloc(0),
    answered: /^$/,
  },
  'the headers of an upgrade': {
    url: wsUrl,
    start: Buffer.from(UPGRADE.slice(0, -2)),
    drop: Buffer.from('x'),
    answered: /^$/,
  },
  'the first frame of a websocket': {
    url: wsUrl,
    start: Buffer.from(UPGRADE),
    // Of 5,000 bytes of text, masked with zeros (RFC 6455 section 5.2).
    afterAnswer: Buffer.from([0x81, 0xfe, 0x13, 0x88, 0, 0, 0, 0]),
    drop: Buffer.from('x'),
    answered: /^HTTP\/1\.1 101 /,
  },
}

for (const [what, dripping] of Object.entries(drippings)) {
  t.test(`${what}, a byte at a time: ended in time, and others notice nothing`, async (t) => {
    const before = await memory()
    const clients = Array.from({ length: CLIENTS }, () => drip(dripping))
    await noticesNothing(t)
    const growth = (await memory()) - before
    t.ok(growth < GROWTH_MAX_BYTES, `${Math.round(growth / 1024)} KiB more`)
    for (const answer of new Set(await Promise.all(clients))) t.match(answer, dripping.answered)
    await noticesNothing(t)
  })
}

/** Connects and drips until the server has had enough. @returns all that it answered */
function drip({ url, start, afterAnswer, drop }: Dripping): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  let answer = ''
  let isOver = false
  socket.on('error', () => {}).setEncoding('latin1')
  const over = new Promise<string>((resolve) => {
    const end = () => {
      isOver = true
      socket.destroy()
      resolve(answer)
    }
    socket.once('end', end).once('close', end)
    socket.on('data', (text: string) => {
      answer += text
      if (isStreamAnswered(text)) end()
    })
  })
  socket.write(start)
  const dripOn = () => void dripUntil(socket, drop, () => isOver)
  if (afterAnswer === undefined) dripOn()
  else socket.once('data', () => socket.write(afterAnswer, dripOn))
  return within(systemClock, ENDED_MS, over, () => {
    throw new Error(`still open ${ENDED_MS} ms after its beginning; answered: ${JSON.stringify(answer)}`)
  })
}

/** In HTTP/2 the answer ends the stream and not the connection. */
function isStreamAnswered(text: string): boolean {
  return text.includes('"code":408') && !text.startsWith('HTTP/1.1')
}

async function dripUntil(socket: Socket, drop: Buffer, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await new Promise<void>((resolve) => void systemClock.after(DRIP_MS, resolve))
    if (!isOver()) socket.write(drop)
  }
}

async function memory(): Promise<number> {
  return (await scrape(httpUrl)).value('process_resident_memory_bytes') ?? Number.NaN
}

async function noticesNothing(t: Test): Promise<void> {
  const { status } = await sender.post(neighbour.endpoint, { text: 'are you there?' })
  t.equal(status, 201)
  await neighbour.client.next('notification')
}
