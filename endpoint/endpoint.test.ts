import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import webpush from 'web-push'
import { PushError } from '../push/errors.ts'
import { messageIdFromBytes } from '../push/ids.ts'
import { messageToken } from '../push/tokens.ts'
import { AES128GCM, accepted, endpointTest, failed, post } from './fixtures/http-test.ts'
import { SimulatedClock } from './fixtures/simulated-clock.ts'
import { ORIGIN, startTestEndpoint } from './fixtures/test-endpoint.ts'
import { VapidSigner } from './fixtures/vapid-signer.ts'

endpointTest('404/102 unknown token, path or API version', async (t, endpoint) => {
  const token = endpoint.openPath.split('/').at(-1)
  const message = messageToken(
    endpoint.tokens.sealChannel(endpoint.open),
    messageIdFromBytes(new Uint8Array(16)),
  )
  for (const path of [
    '/',
    '/wpush',
    '/wpush/v1',
    '/wpush/v1/',
    '/wpush/v1/x',
    `/wpush/v1/${token}x`,
    `/wpush/v1/${token}/`,
    `/wpush/v1//${token}`,
    `/wpush/v2/${token}`,
    `/wpush/v3/${token}`,
    `/wpush/${token}`,
    `/wpush/v1/${message}`,
    `/wpush/v1/${'a'.repeat(5000)}`,
    '/wpush/v1/%zz',
    '/%ff%fe',
    '/wpush/v1/..%2f..%2fx',
  ]) {
    await failed(t, await post(endpoint, { ttl: '0' }, undefined, path), 404, 102, 'Not Found')
  }
})

endpointTest('405 another method, with those that are allowed', async (t, endpoint) => {
  for (const [method, path, allow] of [
    ['GET', endpoint.openPath, 'POST'],
    ['PUT', endpoint.openPath, 'POST'],
    ['DELETE', endpoint.restrictedPath, 'POST'],
    ['GET', '/m/x', 'DELETE'],
    ['POST', '/health', 'GET, HEAD'],
  ] as const) {
    const response = await fetch(endpoint.url + path, { method, headers: { 'content-type': 'garbage' } })
    t.equal(response.headers.get('allow'), allow)
    await failed(t, response, 405, 999, 'Method Not Allowed')
  }
})

endpointTest('CORS: any origin may POST and DELETE, and read what it needs', async (t, endpoint) => {
  const preflight = await fetch(endpoint.url + endpoint.openPath, {
    method: 'OPTIONS',
    headers: { origin: 'https://page.example', 'access-control-request-method': 'POST' },
  })
  t.equal(preflight.status, 204)
  t.equal(preflight.headers.get('access-control-allow-origin'), '*')
  t.match(preflight.headers.get('access-control-allow-methods'), /POST, DELETE/)
  t.match(
    preflight.headers.get('access-control-allow-headers'),
    /Authorization.*Content-Encoding.*TTL.*Topic/,
  )
  for (const path of [endpoint.openPath, '/wpush/v1/x', '/nowhere']) {
    const { headers } = await post(endpoint, { ttl: '0', origin: 'https://page.example' }, undefined, path)
    t.equal(headers.get('access-control-allow-origin'), '*', path)
    t.equal(headers.get('access-control-expose-headers'), 'Location, TTL, Link, Retry-After', path)
  }
  const { headers } = await post(endpoint, { ttl: '0' })
  t.equal(headers.get('access-control-allow-origin'), null, 'nothing to say to who sends none')
})

endpointTest('operations: health checks the store, the others answer', async (t, endpoint) => {
  const get = async (path: string) => {
    const response = await fetch(endpoint.url + path)
    return { status: response.status, body: await response.json() }
  }
  for (const path of ['/health', '/__heartbeat__']) {
    t.match(await get(path), { status: 200, body: { status: 'OK', version: '1.2.3' } })
  }
  t.match(await get('/__lbheartbeat__'), { status: 200 })
  t.strictSame(await get('/__version__'), { status: 200, body: { name: 'pushgrid', version: '1.2.3' } })
  t.equal((await fetch(`${endpoint.url}/health`, { method: 'HEAD' })).status, 200)
  endpoint.store.gate = async () => {
    throw new PushError('storeDown')
  }
  t.match(await get('/health'), { status: 503, body: { status: 'ERROR' } })
  t.match(await get('/__lbheartbeat__'), { status: 200 })
})

endpointTest(
  'health does not wait for a store that hangs',
  async (t, endpoint) => {
    endpoint.store.gate = () => new Promise(() => {})
    t.equal((await fetch(`${endpoint.url}/health`)).status, 503)
  },
  { putTimeoutMs: 1 },
)

for (const contentEncoding of ['aes128gcm', 'aesgcm'] as const) {
  endpointTest(`what the web-push package sends as ${contentEncoding} is accepted`, async (t, endpoint) => {
    const keys = webpush.generateVAPIDKeys()
    const agentKeys = { p256dh: new VapidSigner().key, auth: Buffer.alloc(16, 1).toString('base64url') }
    const { method, headers, body } = webpush.generateRequestDetails(
      { endpoint: ORIGIN + endpoint.openPath, keys: agentKeys },
      'hello',
      { contentEncoding, topic: 'news', vapidDetails: { subject: 'mailto:a@example.com', ...keys } },
    )
    const sent = Object.entries(headers).map(([name, value]) => [name, String(value)])
    const response = await fetch(endpoint.url + endpoint.openPath, {
      method,
      headers: Object.fromEntries(sent),
      body,
    })
    await accepted(t, response, '2419200')
    const [message] = endpoint.received
    t.match(message, { topic: 'news', body: Buffer.from(body), headers: { encoding: contentEncoding } })
    if (contentEncoding === 'aesgcm') {
      t.match(message?.headers, { encryption: /^salt=[\w-]{22}$/, cryptoKey: /^dh=[\w-]{87}$/ })
    }
  })
}

endpointTest('a port in use is refused with the error of Node', async (t, endpoint) => {
  await t.rejects(startTestEndpoint({ port: endpoint.port }), { code: 'EADDRINUSE', port: endpoint.port })
})

endpointTest(
  'bodies in memory are bounded: beyond that 503/201, until others are answered',
  async (t, endpoint) => {
    let acknowledge: () => void = () => {}
    const asked = new Promise<void>((resolve) => {
      endpoint.agent.outcome = () => {
        resolve()
        return new Promise((done) => {
          acknowledge = () => done('delivered')
        })
      }
    })
    const waiting = post(endpoint, AES128GCM, Buffer.alloc(1000, 7))
    await asked
    await failed(t, await post(endpoint, AES128GCM, Buffer.alloc(501, 7)), 503, 201, 'Service Unavailable')
    t.equal(endpoint.stats.messages.get('unavailable'), 1)
    acknowledge()
    await accepted(t, await waiting, '60')
    endpoint.agent.outcome = () => 'delivered'
    await accepted(t, await post(endpoint, AES128GCM, Buffer.alloc(1500, 7)), '60')
    t.equal(endpoint.stats.bodies.bytes, 0)
  },
  { bodyBytesMax: 1500 },
  // However slow the machine is, the first one is not given up, and stored, meanwhile.
  { clock: new SimulatedClock() },
)

t.test('close: what was accepted is answered, and the connection ends', async (t) => {
  const endpoint = await startTestEndpoint()
  let acknowledge = () => {}
  const asked = new Promise<void>((resolve) => {
    endpoint.agent.outcome = () => {
      resolve()
      return new Promise((done) => {
        acknowledge = () => done('delivered')
      })
    }
  })
  const answer = post(endpoint, { ttl: '60' })
  await asked
  const closed = endpoint.close()
  await t.rejects(once(connect(endpoint.port, '127.0.0.1'), 'connect'), { code: 'ECONNREFUSED' })
  acknowledge()
  const response = await answer
  t.equal(response.headers.get('connection'), 'close')
  await accepted(t, response, '60')
  await closed
})

t.test('close: a connection on which nothing complete has come does not hold it up', async (t) => {
  const endpoint = await startTestEndpoint()
  const sockets: Socket[] = []
  for (const text of [
    '',
    'POST / HT',
    `POST ${endpoint.openPath} HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc`,
  ]) {
    const socket = connect(endpoint.port, '127.0.0.1')
    await once(socket, 'connect')
    socket.resume().on('error', () => {})
    socket.write(text)
    sockets.push(socket)
  }
  // One answered request after them: what was written before has arrived.
  await post(endpoint, { ttl: '0' })
  const ended = sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve)))
  await endpoint.close()
  t.equal((await Promise.all(ended)).length, 3)
})
