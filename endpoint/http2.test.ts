import { type EventEmitter, once } from 'node:events'
import {
  type ClientHttp2Session,
  connect,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2'
import { connect as connectTcp } from 'node:net'
import { text } from 'node:stream/consumers'
import { connect as connectTls } from 'node:tls'
import t, { type Test } from 'tap'
import { createSystemRandom } from '../cluster/clock.ts'
import { selfSignedCertificate } from '../push/fixtures/certificate.ts'
import { newReceiptSubscriptionId } from '../push/ids.ts'
import { AES128GCM, BODY } from './fixtures/http-test.ts'
import {
  FRAME_TYPES,
  frame,
  HTTP2_PREFACE,
  headersFrame,
  literalHeaders,
  settingsFrame,
} from './fixtures/http2-frames.ts'
import { SimulatedClock } from './fixtures/simulated-clock.ts'
import { ORIGIN, startTestEndpoint, type TestEndpoint } from './fixtures/test-endpoint.ts'

const certificate = selfSignedCertificate('endpoint')
const TRUSTING = { ca: certificate.certificate }

/** An answer on an HTTP/2 stream. */
interface Answer {
  readonly headers: IncomingHttpHeaders & { readonly ':status'?: number }
  readonly body: string
}

/** Sends a request on a session; a body goes after the headers. */
async function send(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body?: Uint8Array,
): Promise<Answer> {
  const stream = session.request({ ':method': 'POST', ...headers }, { endStream: body === undefined })
  const responded = once(stream, 'response')
  if (body !== undefined) stream.end(body)
  const [answered] = await responded
  return { headers: answered, body: await text(stream) }
}

/** Runs a test on HTTP/2 over TLS, and on HTTP/2 with prior knowledge. */
function http2Test(
  name: string,
  run: (t: Test, endpoint: TestEndpoint, session: ClientHttp2Session) => Promise<void>,
) {
  for (const options of [{ certificate }, {}]) {
    t.test(`${name}, ${'certificate' in options ? 'over TLS' : 'without TLS'}`, async (t) => {
      const endpoint = await startTestEndpoint(options)
      const session = connect(endpoint.url, TRUSTING)
      t.teardown(() => session.destroy())
      await run(t, endpoint, session)
      await endpoint.close()
      t.strictSame(endpoint.failures, [], 'no defect')
    })
  }
}

http2Test('a message with and without a body, and its deletion', async (t, endpoint, session) => {
  const { headers } = await send(session, { ':path': endpoint.openPath, ...AES128GCM }, BODY)
  t.match(headers, { ':status': 201, ttl: '60', location: new RegExp(`^${ORIGIN}/m/`) })
  t.equal(headers.connection, undefined)
  t.match(endpoint.received[0]?.body, BODY)
  const empty = await send(session, { ':path': endpoint.openPath, ttl: '0' })
  t.equal(empty.headers[':status'], 201)
  t.equal(endpoint.received[1]?.body.length, 0)
  const { pathname } = new URL(String(headers.location))
  const removed = await send(session, { ':method': 'DELETE', ':path': pathname })
  t.equal(removed.headers[':status'], 404, 'it was delivered')
})

http2Test('mistakes are answered in our own form', async (t, endpoint, session) => {
  const path = endpoint.openPath
  const rows: [OutgoingHttpHeaders, Uint8Array | undefined, number, number][] = [
    [{ ':path': path }, undefined, 400, 111],
    [{ ':path': path, ttl: '60' }, BODY, 400, 110],
    [{ ':path': path, ttl: ['1', '2'] }, undefined, 400, 112],
    [{ ':path': path, ...AES128GCM }, Buffer.alloc(5631), 413, 104],
    [{ ':path': path, ...AES128GCM }, Buffer.alloc(1024 * 1024), 413, 104],
    [{ ':path': '/nothing' }, undefined, 404, 102],
    [{ ':path': `/wpush/v1/${'x'.repeat(3000)}` }, undefined, 404, 102],
    [{ ':path': path, ':method': 'PUT' }, undefined, 405, 999],
    [{ ':path': '/', ':method': 'PROPFIND' }, undefined, 404, 102],
  ]
  for (const [headers, body, code, errno] of rows) {
    const answer = await send(session, headers, body)
    t.equal(answer.headers[':status'], code, JSON.stringify(headers).slice(0, 100))
    t.match(JSON.parse(answer.body), { code, errno })
  }
  const after = await send(session, { ':path': path, ...AES128GCM }, BODY)
  t.equal(after.headers[':status'], 201, 'the connection goes on')
})

t.test('one port: HTTP/1.1 and HTTP/2 over TLS as the client wishes', async (t) => {
  const endpoint = await startTestEndpoint({ certificate })
  t.teardown(endpoint.close)
  for (const [offered, chosen] of [
    [['h2', 'http/1.1'], 'h2'],
    [['http/1.1'], 'http/1.1'],
    [[], false],
  ] as const) {
    const socket = connectTls({
      ...TRUSTING,
      port: endpoint.port,
      host: '127.0.0.1',
      ALPNProtocols: [...offered],
    })
    await once(socket, 'secureConnect')
    t.equal(socket.alpnProtocol, chosen)
    if (chosen === 'h2') socket.destroy()
    else {
      socket.write('GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
      t.match(await text(socket), /^HTTP\/1\.1 200 OK\r\n/)
    }
  }
})

t.test('without TLS the first bytes tell, in whatever pieces they come', async (t) => {
  const endpoint = await startTestEndpoint()
  t.teardown(endpoint.close)
  for (const pieces of [
    ['P', 'R', 'O', 'PFIND /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
    ['POS', 'T / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
  ]) {
    const socket = connectTcp({ port: endpoint.port, host: '127.0.0.1', noDelay: true })
    const answer = text(socket)
    for (const piece of pieces) await new Promise((resolve) => socket.write(piece, resolve))
    t.match(await answer, /^HTTP\/1\.1 40[45] /)
  }
  const socket = connectTcp({ port: endpoint.port, host: '127.0.0.1', noDelay: true })
  for (const piece of ['P', 'RI', ' * HTT']) await new Promise((resolve) => socket.write(piece, resolve))
  socket.write('P/2.0\r\n\r\nSM\r\n\r\n')
  socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]))
  const [settings] = await once(socket, 'data')
  t.equal(settings[3], 4, 'a SETTINGS frame')
  socket.destroy()
})

http2Test('close: what was accepted is answered on a stream that is open', async (t, endpoint, session) => {
  let acknowledge = () => {}
  const asked = new Promise<void>((resolve) => {
    endpoint.agent.outcome = () => {
      resolve()
      return new Promise((done) => {
        acknowledge = () => done('delivered')
      })
    }
  })
  const away = once(session, 'goaway')
  const ended = once(session, 'close')
  const answer = send(session, { ':path': endpoint.openPath, ...AES128GCM }, BODY)
  await asked
  const closed = endpoint.close()
  await away
  acknowledge()
  t.equal((await answer).headers[':status'], 201)
  await closed
  await ended
})

http2Test(
  'close: what is incomplete, idle or not answered for does not hold it up',
  async (t, endpoint, session) => {
    const half = session.request(
      { ':method': 'POST', ':path': endpoint.openPath, ...AES128GCM },
      { endStream: false },
    )
    half.on('error', () => {})
    half.write('abc')
    const others = [connectTcp(endpoint.port, '127.0.0.1'), connect(endpoint.url, TRUSTING)]
    const ended = [half, ...others].map(closeOf)
    // One whose handshake is not done yet is cut.
    for (const other of others) other.on('error', () => {})
    // One answered request after them: what was sent before has arrived.
    const { headers } = await send(session, { ':path': endpoint.openPath, ttl: '0' })
    t.equal(headers[':status'], 201)
    await endpoint.close()
    await Promise.all(ended)
  },
)

t.test('another certificate is for new connections; one that is bad leaves the former', async (t) => {
  const endpoint = await startTestEndpoint({ certificate })
  t.teardown(endpoint.close)
  const session = connect(endpoint.url, TRUSTING)
  t.teardown(() => session.destroy())
  const status = async () =>
    (await send(session, { ':path': endpoint.openPath, ttl: '0' })).headers[':status']
  t.equal(await status(), 201)
  t.throws(() => endpoint.useCertificate({ ...certificate, key: selfSignedCertificate('x').key }), /mismatch/)
  t.equal(await shown(endpoint.port), 'endpoint')
  endpoint.useCertificate(selfSignedCertificate('newer'))
  t.equal(await shown(endpoint.port), 'newer')
  t.equal(await status(), 201, 'the open connection stays')
})

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
const SETTINGS = '\0\0\0\x04\0\0\0\0\0'
const GARBAGE = 'garbage that is no frame of HTTP/2'
const PING_ACK = frame(FRAME_TYPES.ping, { flags: 1, length: 8 })
/** Without its length: nghttp2 adds a reason. */
const GOAWAY = frame(FRAME_TYPES.goaway).subarray(3)

t.test('a connection that never comes to a request ends after 30 s, whatever it sends', async (t) => {
  const clock = new SimulatedClock()
  const endpoint = await startTestEndpoint({}, { clock })
  t.teardown(endpoint.close)
  for (const bytes of [
    'P',
    'PR',
    PREFACE,
    PREFACE + SETTINGS,
    PREFACE + SETTINGS + GARBAGE,
    // HEADERS without END_HEADERS, for which CONTINUATION never comes.
    `${PREFACE}${SETTINGS}\0\0\x01\x01\x04\0\0\0\x01\x82`,
  ]) {
    const socket = connectTcp(endpoint.port, '127.0.0.1')
    let isAnswered = false
    socket.on('error', () => {}).on('data', () => (isAnswered = true))
    let isClosed = false
    const closed = closeOf(socket).then(() => (isClosed = true))
    socket.write(Buffer.from(bytes, 'latin1'))
    // HTTP/2 is known by then, and has begun to count: its settings have come.
    const isCounted = () => clock.waiting > 0 && isAnswered === bytes.startsWith(PREFACE)
    while (!isCounted() && !isClosed) await clock.advance(0)
    await clock.advance(29_999)
    // Node 22 cuts at once what breaks the protocol, Node 20 does not.
    if (!bytes.endsWith(GARBAGE)) t.equal(isClosed, false)
    await clock.advance(1)
    await closed
    // Nothing is left behind, once the server has seen the end, too.
    while (clock.waiting > 0) await clock.advance(0)
  }
})

t.test('a connection ends 72 s after its last request', async (t) => {
  const clock = new SimulatedClock()
  const endpoint = await startTestEndpoint({}, { clock })
  t.teardown(endpoint.close)
  const session = connect(endpoint.url)
  const closed = once(session, 'close')
  t.equal((await send(session, { ':path': '/__version__', ':method': 'GET' })).headers[':status'], 200)
  while (clock.waiting !== 2) await clock.advance(0)
  for (let asked = 0; asked < 2; asked++) {
    const ping = once(session, 'ping')
    await clock.advance(30_000)
    await ping
    // The server has our answer once it has answered what came after it.
    await new Promise<void>((resolve) => session.ping(() => resolve()))
  }
  await clock.advance(11_999)
  t.equal(session.closed, false)
  await clock.advance(1)
  await closed
})

t.test('a client that does not answer a PING for 30 s is cut, whatever is under way', async (t) => {
  const clock = new SimulatedClock()
  const endpoint = await startTestEndpoint({}, { clock })
  t.teardown(endpoint.close)
  const receipts = endpoint.tokens.sealReceipts(newReceiptSubscriptionId(createSystemRandom()))
  const get = literalHeaders([
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', `/r/${receipts}`],
    [':authority', 'a'],
  ])
  const start = Buffer.concat([
    HTTP2_PREFACE,
    settingsFrame(),
    headersFrame(1, get, { endStream: true }),
    frame(FRAME_TYPES.ping, { payload: Buffer.alloc(8) }),
  ])
  // Longer than a frame may be, for which nghttp2 reads no more.
  const tooLong = frame(FRAME_TYPES.data, { stream: 1, length: 1_000_000 })
  // Some versions of Node cut the second one themselves, at once.
  for (const [more, answer, mayBeCut] of [
    [Buffer.alloc(0), PING_ACK, false],
    [tooLong, GOAWAY, true],
  ] as const) {
    const socket = connectTcp(endpoint.port, '127.0.0.1')
    const closed = closeOf(socket)
    let got = Buffer.alloc(0)
    socket.on('error', () => {}).on('data', (bytes) => (got = Buffer.concat([got, bytes])))
    socket.write(Buffer.concat([start, more]))
    while (!got.includes(answer) && !socket.destroyed) await clock.advance(0)
    await clock.advance(59_999)
    if (!mayBeCut) t.equal(socket.destroyed, false)
    await clock.advance(1)
    await closed
    while (clock.waiting > 0) await clock.advance(0)
  }
})

t.test('a body that does not come is answered 408 after 30 s; others go on', async (t) => {
  const clock = new SimulatedClock()
  const endpoint = await startTestEndpoint({}, { clock })
  t.teardown(endpoint.close)
  const session = connect(endpoint.url)
  t.teardown(() => session.destroy())
  const slow = session.request(
    { ':method': 'POST', ':path': endpoint.openPath, ...AES128GCM },
    { endStream: false },
  )
  slow.write('abc')
  let body = ''
  slow.setEncoding('utf8').on('data', (chunk) => (body += chunk))
  const ended = once(slow, 'close')
  const answered = once(slow, 'response')
  t.equal((await send(session, { ':path': endpoint.openPath, ttl: '0' })).headers[':status'], 201)
  await clock.advance(30_000)
  const [headers] = await answered
  t.equal(headers[':status'], 408)
  await ended
  t.match(JSON.parse(body), { code: 408, errno: 999 })
  t.equal(slow.rstCode, 0)
  t.equal((await send(session, { ':path': endpoint.openPath, ttl: '0' })).headers[':status'], 201)
})

t.test('headers over 16 KiB and a 101st stream are refused, and the connection goes on', async (t) => {
  const endpoint = await startTestEndpoint({ certificate })
  t.teardown(endpoint.close)
  const session = connect(endpoint.url, { ...TRUSTING, peerMaxConcurrentStreams: 1000 })
  t.teardown(() => session.destroy())
  await once(session, 'remoteSettings')
  const long = { ':path': endpoint.openPath, ttl: '0', x: 'x'.repeat(17_000) }
  await t.rejects(send(session, long), /ENHANCE_YOUR_CALM|REFUSED|PROTOCOL/)
  t.equal(session.remoteSettings.maxConcurrentStreams, 100)
  const status = async () =>
    (await send(session, { ':path': endpoint.openPath, ttl: '0' })).headers[':status']
  t.same(
    new Set(await Promise.all(Array.from({ length: 300 }, status))),
    new Set([201]),
    'the client queues them',
  )
})

/** Resolves when something is closed, be it by a reset. */
function closeOf(closing: EventEmitter): Promise<void> {
  return new Promise((resolve) => closing.once('close', () => resolve()))
}

/** The name on the certificate that a server shows. */
async function shown(port: number): Promise<string | undefined> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const { CN } = socket.getPeerCertificate().subject
  socket.destroy()
  return [CN].flat()[0]
}
