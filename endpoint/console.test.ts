import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { connect as connectTcp } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { selfSignedCertificate } from '../push/fixtures/certificate.ts'
import type { Console } from './console.ts'
import { http1Client, http2Client, type TestClient } from './fixtures/http-clients.ts'
import { endpointTest, failed, post } from './fixtures/http-test.ts'
import { SimulatedClock } from './fixtures/simulated-clock.ts'
import { TEST_CONSOLE } from './fixtures/test-console.ts'
import { startTestEndpoint, type TestEndpoint } from './fixtures/test-endpoint.ts'

const TOKEN = 'a-token-for-the-test'
const AUTHORIZED = { authorization: `Bearer ${TOKEN}` }
const WITH_TOKEN: Console = { ...TEST_CONSOLE, token: TOKEN }
const certificate = selfSignedCertificate('console')

/** What a page of this server may do, and what others may do with it. */
const SECURITY = {
  'content-security-policy':
    /^default-src 'none'; script-src 'sha256-a='; style-src 'sha256-b='; img-src data:; connect-src 'self' http: https: ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/** A console whose figures come when the test says so. */
class Figures {
  readonly see = new Set<(figures: string) => void>()
  readonly console: Console = {
    ...TEST_CONSOLE,
    watch: (see) => {
      this.see.add(see)
      this.#changed()
      return () => {
        this.see.delete(see)
        this.#changed()
      }
    },
  }
  #changed: () => void = () => {}

  tell(figures: string): void {
    for (const see of this.see) see(figures)
  }

  /** Resolves when so many watch. */
  async watched(count: number): Promise<void> {
    while (this.see.size !== count)
      await new Promise<void>((resolve) => {
        this.#changed = resolve
      })
  }
}

/** Runs a test on each way to speak to an endpoint. */
function eachVersion(
  name: string,
  console: Console,
  run: (t: Test, client: TestClient, endpoint: TestEndpoint) => Promise<void>,
): void {
  for (const version of ['HTTP/1.1', 'HTTP/2', 'HTTP/2 over TLS']) {
    const secure = version.endsWith('TLS') ? { certificate } : {}
    endpointTest(
      `${name}, by ${version}`,
      async (t, endpoint) => {
        const isFirst = version === 'HTTP/1.1'
        const client = isFirst
          ? http1Client(endpoint.url, 4)
          : http2Client(endpoint.url, certificate.certificate)
        t.teardown(() => client.close())
        await run(t, client, endpoint)
      },
      { console, ...secure },
    )
  }
}

const get = (client: TestClient, path: string, headers: Record<string, string> = {}, method = 'GET') =>
  client.send({ method, path, headers })

eachVersion('the page is there for everybody, and asked for anew', WITH_TOKEN, async (t, client) => {
  const short = await get(client, '/console')
  t.match(short, { status: 308, headers: { location: '/console/', ...SECURITY } })
  const page = await get(client, '/console/')
  t.match(page, { status: 200, text: 'the page', headers: SECURITY })
  t.match(page.headers, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' })
  for (const known of ['"of the page"', 'W/"of the page"', '"other", W/"of the page"', '*']) {
    const again = await get(client, '/console/', { 'if-none-match': known })
    t.match(again, {
      status: 304,
      text: '',
      headers: { etag: '"of the page"', 'cache-control': 'no-cache' },
    })
  }
  t.equal((await get(client, '/console/', { 'if-none-match': '"other"' })).status, 200)
  const head = await get(client, '/console/', {}, 'HEAD')
  t.match(head, { status: 200, text: '', headers: { ...SECURITY, 'content-length': '8' } })
})

eachVersion('what is not there is 404, and other methods are 405', WITH_TOKEN, async (t, client) => {
  for (const path of ['x', 'index.html', '..%2Fhealth', 'settings/', 'settings%2Fx', '%00'])
    t.match(
      await get(client, `/console/${path}`),
      { status: 404, headers: { 'cache-control': 'no-store' } },
      path,
    )
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])
    for (const [path, allow] of [
      ['', 'GET, HEAD'],
      ['settings', 'GET, HEAD'],
      ['figures', 'GET'],
    ]) {
      const answer = await get(client, `/console/${path}`, AUTHORIZED, method)
      t.match(answer, { status: 405, headers: { allow, ...SECURITY } }, `${method} ${path}`)
    }
  t.equal((await get(client, '/console/figures', AUTHORIZED, 'HEAD')).status, 405)
})

eachVersion('what it tells is for who has the token', WITH_TOKEN, async (t, client, { url }) => {
  const away = { host: 'push.example', 'x-forwarded-for': '10.0.0.1' }
  for (const path of ['/console/settings', '/console/figures'])
    for (const authorization of [
      undefined,
      '',
      'Bearer',
      'Bearer wrong',
      `Basic ${TOKEN}`,
      `Bearer ${TOKEN}x`,
    ]) {
      const answer = await get(client, path, authorization === undefined ? {} : { authorization })
      t.match(
        answer,
        { status: 401, headers: { ...SECURITY, 'cache-control': 'no-store' } },
        `${authorization}`,
      )
      t.match(answer.headers['www-authenticate'], /^Bearer /)
    }
  const settings = await get(
    client,
    '/console/settings',
    url.startsWith('https') ? AUTHORIZED : { ...AUTHORIZED, ...away },
  )
  t.match(settings, { status: 200, text: TEST_CONSOLE.settings, headers: SECURITY })
  t.match(settings.headers, { 'content-type': /^application\/json/, 'cache-control': 'no-store' })
  t.match(await get(client, '/console/settings', AUTHORIZED, 'HEAD'), { status: 200, text: '' })
})

eachVersion('without a token it is for who is at this machine', TEST_CONSOLE, async (t, client, { port }) => {
  const own = `127.0.0.1:${port}`
  const ask = (headers: Record<string, string>) => get(client, '/console/settings', { host: own, ...headers })
  for (const host of [own, `localhost:${port}`, '[::1]:80', 'localhost'])
    t.match(await ask({ host }), { status: 200, headers: SECURITY }, host)
  for (const host of [
    'evil.example',
    `evil.example:${port}`,
    'localhost.evil.example',
    '10.0.0.1',
    '0.0.0.0',
  ])
    t.match(await ask({ host }), { status: 403, headers: SECURITY, text: /this machine only/ }, host)
  for (const proxied of [
    { 'x-forwarded-for': '127.0.0.1' },
    { forwarded: 'for=127.0.0.1' },
    { via: '1.1 x' },
  ])
    t.equal((await ask(proxied)).status, 403, JSON.stringify(proxied))
  t.equal((await get(client, '/console/figures', { host: 'evil.example' })).status, 403)
  t.equal(
    (await get(client, '/console/', { host: 'evil.example' })).status,
    200,
    'the page itself tells nothing',
  )
})

eachVersion('no page of another origin reads it', WITH_TOKEN, async (t, client, endpoint) => {
  const own = `127.0.0.1:${endpoint.port}`
  const ask = (headers: Record<string, string>) =>
    get(client, '/console/settings', { host: own, ...AUTHORIZED, ...headers })
  for (const headers of [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'https://evil.example' },
    { origin: `http://localhost:${endpoint.port}` },
    { origin: 'http://127.0.0.1:1' },
    { origin: 'null' },
  ]) {
    const answer = await ask(headers)
    t.match(answer, { status: 403, headers: SECURITY }, JSON.stringify(headers))
    t.equal(answer.headers['access-control-allow-origin'], undefined)
  }
  for (const headers of [
    { 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'none' },
    { origin: `http://${own}` },
  ]) {
    const answer = await ask(headers)
    t.equal(answer.status, 200, JSON.stringify(headers))
    t.equal(answer.headers['access-control-allow-origin'], undefined)
  }
  const origin = 'https://page.example'
  const preflight = {
    origin,
    'access-control-request-method': 'GET',
    'access-control-request-headers': 'authorization',
  }
  for (const path of ['', '/', '/settings', '/figures', '/%73ettings'])
    for (const [method, headers] of [
      ['OPTIONS', preflight],
      ['GET', { origin }],
    ] as const) {
      const answer = await get(client, `/console${path}`, headers, method)
      const allowed = Object.keys(answer.headers).filter((name) => name.startsWith('access-control-'))
      t.same(allowed, [], `${method} ${path}`)
    }
  const open = await get(client, endpoint.openPath, preflight, 'OPTIONS')
  t.equal(open.headers['access-control-allow-origin'], '*', 'messages may come from any page')
})

endpointTest('without a console all of it is unknown', async (t, { url }) => {
  for (const path of ['/console', '/console/', '/console/settings', '/console/figures'])
    await failed(t, await fetch(url + path, { redirect: 'manual' }), 404, 102, 'Not Found')
})

t.test('figures come as events, until the page leaves', async (t) => {
  const figures = new Figures()
  const endpoint = await startTestEndpoint({ console: figures.console })
  const leaving = new AbortController()
  const response = await fetch(`${endpoint.url}/console/figures`, { signal: leaving.signal })
  t.equal(response.status, 200)
  t.match(Object.fromEntries(response.headers), {
    ...SECURITY,
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  for (const told of ['{"atMs":1}', '{"atMs":2}']) {
    figures.tell(told)
    t.equal((await reader?.read())?.value, `data: ${told}\n\n`)
  }
  leaving.abort()
  await figures.watched(0)
  t.equal((await post(endpoint, { ttl: '60' })).status, 201)
  await endpoint.close()
  t.strictSame(endpoint.failures, [])
})

t.test('figures come as events by HTTP/2, too', async (t) => {
  const figures = new Figures()
  const endpoint = await startTestEndpoint({ console: figures.console, certificate })
  const session = connectHttp2(endpoint.url, { ca: certificate.certificate })
  const stream = session.request({ ':path': '/console/figures' })
  const [headers] = await once(stream, 'response')
  t.match(headers, { ':status': 200, 'content-type': 'text/event-stream', ...SECURITY })
  figures.tell('{}')
  t.equal(`${(await once(stream, 'data'))[0]}`, 'data: {}\n\n')
  stream.close()
  await figures.watched(0)
  session.destroy()
  await endpoint.close()
  t.strictSame(endpoint.failures, [])
})

t.test('pages that follow the figures are bounded in number', async (t) => {
  const figures = new Figures()
  const endpoint = await startTestEndpoint({ console: figures.console })
  const leaving = new AbortController()
  const follow = (signal: AbortSignal) => fetch(`${endpoint.url}/console/figures`, { signal })
  const others = await Promise.all(Array.from({ length: 15 }, () => follow(leaving.signal)))
  const last = new AbortController()
  t.equal((await follow(last.signal)).status, 200)
  t.same(
    others.map(({ status }) => status),
    Array(15).fill(200),
  )
  const refused = await follow(leaving.signal)
  t.match(refused.headers.get('retry-after'), /^\d+$/)
  await failed(t, refused, 503, 201, 'Service Unavailable', /close one/)
  last.abort()
  await figures.watched(15)
  t.equal((await follow(leaving.signal)).status, 200, 'there is room again')
  leaving.abort()
  await endpoint.close()
})

t.test('an endpoint that stops ends them, and does not wait for the pages', async (t) => {
  const figures = new Figures()
  const endpoint = await startTestEndpoint({ console: figures.console })
  const response = await fetch(`${endpoint.url}/console/figures`)
  const session = connectHttp2(endpoint.url)
  const stream = session.request({ ':path': '/console/figures' }).resume()
  await once(stream, 'response')
  await figures.watched(2)
  const ended = once(stream, 'end')
  const closed = endpoint.close()
  t.equal(await response.text(), '', 'ended in good order')
  await ended
  t.equal(figures.see.size, 0)
  await closed
  t.strictSame(endpoint.failures, [])
})

/** A page that has asked for figures, and reads nothing of them. */
async function slowPage(t: Test, port: number, figures: Figures) {
  const socket = connectTcp(port, '127.0.0.1').on('error', () => {})
  t.teardown(() => socket.destroy())
  socket.write('GET /console/figures HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await figures.watched(1)
  return socket.pause()
}

t.test('a page that reads slowly is not sent what it had no time for', async (t) => {
  const figures = new Figures()
  const endpoint = await startTestEndpoint({ console: figures.console })
  const socket = await slowPage(t, endpoint.port, figures)
  // The buffers of both ends of a connection hold some 10 MB.
  const large = 'x'.repeat(1 << 20)
  for (let times = 0; times < 200; times++) {
    figures.tell(large)
    await setImmediate()
  }
  let bytes = 0
  let end = ''
  socket.on('data', (chunk) => {
    bytes += chunk.length
    end = `${end.slice(-100)}${chunk.subarray(-100)}`
  })
  socket.resume()
  while (!end.includes('latest')) {
    figures.tell('latest')
    await setImmediate()
  }
  t.ok(bytes < 100 * large.length, `it was sent ${bytes} bytes`)
  socket.destroy()
  await figures.watched(0)
  await endpoint.close()
  t.strictSame(endpoint.failures, [])
})

t.test('a page that does not read at all is cut', async (t) => {
  const figures = new Figures()
  const clock = new SimulatedClock()
  const endpoint = await startTestEndpoint({ console: figures.console }, { clock })
  const socket = await slowPage(t, endpoint.port, figures)
  const large = 'x'.repeat(1 << 20)
  for (let times = 0; times < 200; times++) {
    figures.tell(large)
    await setImmediate()
  }
  await clock.advance(29_000)
  figures.tell(large)
  t.equal(figures.see.size, 1, 'it has some time')
  // What the kernel took late counts as read.
  while (figures.see.size > 0) {
    await clock.advance(2000)
    figures.tell(large)
  }
  socket.destroy()
  const closed = endpoint.close()
  await clock.advance(1000)
  await closed
  t.strictSame(endpoint.failures, [])
})
