import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { createSystemRandom, systemClock } from '../cluster/clock.ts'
import { FAILURES, PushError } from '../push/errors.ts'
import { MessageIds } from '../push/message-ids.ts'
import { messageToken } from '../push/tokens.ts'
import { createApp } from './app.ts'
import { Failures } from './failures.ts'
import { AES128GCM, BODY, endpointTest, failed, type Headers, post } from './fixtures/http-test.ts'
import { rawRequest } from './fixtures/raw-request.ts'
import { TEST_CONSOLE } from './fixtures/test-console.ts'
import type { TestEndpoint } from './fixtures/test-endpoint.ts'
import { HttpServer } from './http-server.ts'

/*
 * Every status and errno that an application server can meet, produced by a test of that name on a real endpoint. The last test
 * sees that none is missing.
 */
const produced = new Set<string>()

type Name = `${number}/${number}`
type Run = (t: Test, endpoint: TestEndpoint) => Promise<void>

function row(name: Name, what: string, run: Run, options?: Parameters<typeof endpointTest>[2]): void {
  produced.add(name)
  endpointTest(`${name}: ${what}`, run, options)
}

/** A row for a POST that is answered with the failure of its name. */
function posted(name: Name, what: string, headers: Headers, body?: Buffer): void {
  row(name, what, async (t, endpoint) => sees(t, name, await post(endpoint, headers, body)))
}

async function sees(t: Test, name: Name, response: Response): Promise<void> {
  const [code, errno] = name.split('/').map(Number)
  await failed(t, response, code ?? 0, errno ?? 0, response.statusText)
}

const AESGCM = { ttl: '60', 'content-encoding': 'aesgcm', encryption: 'salt=AAAAAAAAAAAAAAAAAAAAAA' }

posted('400/101', 'the key of an aesgcm message is missing', AESGCM, BODY)

row('400/108', 'a bridge to another push service is asked for', async (t, { url }) => {
  const response = await fetch(`${url}/v1/fcm/an-app/registration`, { method: 'POST', body: '{}' })
  await sees(t, '400/108', response)
})

posted('400/110', 'a body in an unknown encoding', { ttl: '60', 'content-encoding': 'gzip' }, BODY)
posted('400/111', 'no TTL', {})
posted('400/112', 'a TTL that is no number', { ttl: 'soon' })
posted('400/113', 'a topic with other characters', { ttl: '60', topic: 'a b' })
posted('400/114', 'a negative TTL', { ttl: '-1' })
posted('400/115', 'an unknown urgency', { ttl: '60', urgency: 'urgent' })
posted('400/117', 'a receipt for a subscription that is none of ours', {
  ttl: '60',
  prefer: 'respond-async',
  'push-receipt': 'https://push.example/r/AAAA',
})

row('400/999', 'what is no HTTP', async (t, { port }) => {
  t.match(await rawRequest(port, 'nonsense\r\n\r\n'), /^HTTP\/1\.1 400 .*"errno":999/s)
})

row('401/109', 'no VAPID on a restricted subscription', async (t, endpoint) => {
  const response = await post(endpoint, { ttl: '60' }, undefined, endpoint.restrictedPath)
  t.equal(response.headers.get('www-authenticate'), 'vapid')
  await sees(t, '401/109', response)
})

row(
  '403/999',
  'a web page of another site asks for the console',
  async (t, { url }) => {
    const headers = { 'sec-fetch-site': 'cross-site' }
    await sees(t, '403/999', await fetch(`${url}/console/settings`, { headers }))
  },
  { console: TEST_CONSOLE },
)

row('404/102', 'a token that nobody has sealed', async (t, endpoint) => {
  const token = randomBytes(48).toString('base64url')
  await sees(t, '404/102', await post(endpoint, { ttl: '60' }, undefined, `/wpush/v1/${token}`))
})

row('404/102', 'a version of the API that there is none of', async (t, endpoint) => {
  const path = endpoint.openPath.replace(/^\/wpush\/v\d+/, '/wpush/v9')
  await sees(t, '404/102', await post(endpoint, { ttl: '60' }, undefined, path))
})

row('405/999', 'a method that an endpoint does not have', async (t, { url, openPath }) => {
  const response = await fetch(url + openPath)
  t.equal(response.headers.get('allow'), 'POST')
  await sees(t, '405/999', response)
})

row(
  '409/999',
  'one broadcast more than there may be',
  async (t, { url }) => {
    const headers = { authorization: 'Bearer a-token-for-the-test' }
    const put = (id: string) => fetch(`${url}/v1/broadcasts/${id}`, { method: 'PUT', headers, body: '1' })
    t.equal((await put('a/b')).status, 201)
    await sees(t, '409/999', await put('c/d'))
  },
  { broadcastsMax: 1, adminToken: 'a-token-for-the-test' },
)

produced.add('408/999')
t.test('408/999: a request that does not arrive in whole', async (t) => {
  const http = new HttpServer({ requestTimeoutMs: 30_000 }, undefined, systemClock)
  const app = createApp(http, { info() {}, warn() {}, error() {} }, new Failures())
  await app.listen({ host: '127.0.0.1', port: 0 })
  // Node looks for such requests every 30 s, and then says it like this.
  app.server.on('connection', (socket) => {
    socket.once('data', () => app.server.emit('clientError', { code: 'ERR_HTTP_REQUEST_TIMEOUT' }, socket))
  })
  const { port } = app.server.address() as AddressInfo
  t.match(await rawRequest(port, 'POST / HT'), /^HTTP\/1\.1 408 .*"errno":999/s)
  await app.close()
})

row('410/103', 'the user agent is gone', async (t, endpoint) => {
  endpoint.agent.outcome = () => 'gone'
  endpoint.store.status = { outcome: 'agentGone' }
  const response = await post(endpoint, { ttl: '60' })
  t.equal(response.headers.get('cache-control'), 'max-age=86400')
  await sees(t, '410/103', response)
})

row('410/106', 'the subscription has ended', async (t, endpoint) => {
  endpoint.agent.outcome = () => 'gone'
  endpoint.store.status = { outcome: 'notSubscribed' }
  const response = await post(endpoint, { ttl: '60' })
  t.equal(response.headers.get('cache-control'), 'max-age=86400')
  await sees(t, '410/106', response)
})

posted('413/104', 'a body over the limit', AES128GCM, Buffer.alloc(5631))

for (const [whose, limit] of [
  ['one subscription', { channelPerSecond: 1 / 3600, channelBurst: 1 }],
  ['one user agent', { agentPerSecond: 1 / 3600, agentBurst: 1 }],
] as const) {
  row(
    '429/116',
    `too many messages to ${whose}`,
    async (t, endpoint) => {
      t.equal((await post(endpoint, { ttl: '60' })).status, 201)
      const response = await post(endpoint, { ttl: '60' })
      t.match(response.headers.get('retry-after'), /^\d+$/)
      await sees(t, '429/116', response)
    },
    limit,
  )
}

row('431/999', 'headers over the limit', async (t, { port, openPath }) => {
  const head = `POST ${openPath} HTTP/1.1\r\nHost: a\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`
  t.match(await rawRequest(port, head), /^HTTP\/1\.1 431 .*"errno":999/s)
})

row('500/999', 'a defect', async (t, endpoint) => {
  endpoint.agent.outcome = () => 'full'
  endpoint.store.gate = () => Promise.reject(new TypeError('made for the test'))
  await sees(t, '500/999', await post(endpoint, { ttl: '60' }))
  t.equal(endpoint.failures.splice(0).length, 1, 'it is logged')
})

row('503/201', 'the store is down', async (t, endpoint) => {
  endpoint.agent.outcome = () => 'full'
  endpoint.store.gate = () => Promise.reject(new PushError('storeDown'))
  const response = await post(endpoint, { ttl: '60' })
  t.match(response.headers.get('retry-after'), /^[1-9]\d*$/)
  await sees(t, '503/201', response)
})

row(
  '503/202',
  'a message can not be taken back while the node of its user agent is silent',
  async (t, { url, agent, tokens, open }) => {
    agent.outcome = () => new Promise(() => {})
    const id = new MessageIds(systemClock, createSystemRandom()).next()
    const response = await fetch(`${url}/m/${messageToken(tokens.sealChannel(open), id)}`, {
      method: 'DELETE',
    })
    t.equal(response.headers.get('retry-after'), '0')
    await sees(t, '503/202', response)
  },
  { ackGraceMs: 10, putTimeoutMs: 100, askTimeoutMs: 320 },
)

t.test('no failure is missing above', async (t) => {
  const all = new Set(Object.values(FAILURES).map(({ status, errno }) => `${status}/${errno}`))
  t.same([...produced].sort(), [...all].sort())
})
