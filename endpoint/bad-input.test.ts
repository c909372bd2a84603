import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { selfSignedCertificate } from '../push/fixtures/certificate.ts'
import { http1Client, http2Client, type TestClient } from './fixtures/http-clients.ts'
import { AES128GCM, BODY } from './fixtures/http-test.ts'
import { rawRequest } from './fixtures/raw-request.ts'
import { startTestEndpoint, type TestEndpoint } from './fixtures/test-endpoint.ts'

/** Volleys of each kind, and the requests of one, sent at once. */
const VOLLEYS = 110
const VOLLEY = 20
/** A failure is made smaller for no longer than this. */
const SHRINKING_MAX_MS = 200_000

type Send = (endpoint: TestEndpoint, client: TestClient) => Promise<void>

const certificate = selfSignedCertificate('endpoint')
/** How requests travel. */
const WAYS = [
  { way: 'HTTP/1.1', options: {}, connect: (url: string) => http1Client(url, VOLLEY) },
  {
    way: 'HTTP/2 over TLS',
    options: { certificate },
    connect: (url: string) => http2Client(url, certificate.certificate),
  },
] as const

/** Runs bad requests against an endpoint; beside them, good ones must be accepted and nothing must fail. */
async function hold(endpoint: TestEndpoint, client: TestClient, sends: fc.Arbitrary<Send>): Promise<void> {
  const good = { method: 'POST', path: endpoint.openPath, headers: AES128GCM, body: BODY }
  const checked = fc.assert(
    fc.asyncProperty(fc.array(sends, { minLength: VOLLEY, maxLength: VOLLEY }), async (volley) => {
      const answer = client.send(good)
      await Promise.all(volley.map((send) => send(endpoint, client)))
      assert.equal((await answer).status, 201)
      assert.deepEqual(endpoint.failures, [])
    }),
    { numRuns: VOLLEYS, interruptAfterTimeLimit: SHRINKING_MAX_MS, markInterruptAsFailure: true },
  )
  await checked.finally(() => client.close())
}

/** Text that HTTP can carry in a header. */
const latin1 = fc.string({
  unit: fc
    .integer({ min: 0x20, max: 0xff })
    .filter((code) => code !== 0x7f)
    .map((code) => String.fromCharCode(code)),
  maxLength: 60,
})

/** Mostly good values, and what is nearly good: cut, doubled, with one character changed. */
function near(...values: readonly string[]): fc.Arbitrary<string> {
  const value = fc.constantFrom(...values)
  const spoilt = fc
    .tuple(value, fc.constantFrom('cut', 'doubled', 'changed', 'other'), fc.nat(400), latin1)
    .map(([value, change, place, text]) => {
      const split = value.length === 0 ? 0 : place % value.length
      switch (change) {
        case 'cut':
          return value.slice(0, split)
        case 'doubled':
          return `${value}, ${value}`
        case 'changed':
          return value.slice(0, split) + text.slice(0, 1) + value.slice(split + 1)
        default:
          return text
      }
    })
  return fc.oneof({ weight: 5, arbitrary: value }, { weight: 1, arbitrary: spoilt })
}

function nearHeaders(endpoint: TestEndpoint): fc.Arbitrary<Record<string, string>> {
  const { signer } = endpoint
  const token = signer.token(endpoint.claims())
  return fc.record(
    {
      ttl: near('0', '60'),
      topic: near('news'),
      urgency: near('high'),
      'content-encoding': near('aes128gcm', 'aesgcm'),
      encryption: near('keyid=p256dh;salt="AAAAAAAAAAAAAAAAAAAAAA=="'),
      'crypto-key': near(`keyid=p256dh;dh="${signer.key}=",p256ecdsa=${signer.key}`, `dh=${signer.key}`),
      authorization: near(`vapid t=${token}, k=${signer.key}`, `WebPush ${token}`),
      'content-type': near('application/octet-stream', 'application/json'),
      origin: near('https://page.example'),
    },
    { requiredKeys: ['ttl'], noNullPrototype: true },
  )
}

for (const { way, options, connect } of WAYS)
  t.test(`near-valid requests by ${way} are accepted or refused, and nobody else notices`, async (t) => {
    const endpoint = await startTestEndpoint(options)
    t.teardown(endpoint.close)
    const statuses = new Map<number, number>()
    const path = near(endpoint.openPath, endpoint.openPath, endpoint.restrictedPath, '/m/x', '/health').map(
      (text) => encodeURI(`/${text.replace(/^\//, '')}`),
    )
    const method = fc.constantFrom('POST', 'POST', 'POST', 'POST', 'DELETE', 'GET', 'PUT', 'OPTIONS', 'PATCH')
    const body = fc.oneof(fc.constant(0), fc.nat(200), fc.integer({ min: 5600, max: 5700 }))
    const sends = fc.tuple(method, path, nearHeaders(endpoint), body).map(
      ([method, path, headers, bodyBytes]): Send =>
        async (_endpoint, client) => {
          const sent = method === 'GET' ? undefined : Buffer.alloc(bodyBytes, 7)
          const { status, text } = await client.send({ method, path, headers, body: sent })
          statuses.set(status, (statuses.get(status) ?? 0) + 1)
          assert([200, 201, 204, 400, 401, 404, 405, 413].includes(status), `${status} ${text}`)
          if (status >= 400) assert.equal(JSON.parse(text).code, status)
        },
    )
    await t.resolves(hold(endpoint, connect(endpoint.url), sends))
    for (const status of [201, 204, 400, 401, 404, 405])
      t.ok(statuses.has(status), `there were some with ${status}`)
    // Too large are so few of those drawn that there may be none.
    const client = connect(endpoint.url)
    const large = { method: 'POST', path: endpoint.openPath, headers: AES128GCM, body: Buffer.alloc(5700) }
    t.equal((await client.send(large)).status, 413)
    await client.close()
  })

/**
 * What credentials prove, whatever their spaces and cases. Bytes have more than one spelling: base64url has bits to spare in its last character, and
 * a key may come in the other alphabet. What is signed has one.
 */
function provenBy(authorization: string) {
  const [, , token = '', , key = ''] = authorization.split(/[ ,;=]+/)
  const [, signed, signature = ''] = /^(.*)\.(.*)$/.exec(token) ?? []
  return { signed, signature: Buffer.from(signature, 'base64url'), key: Buffer.from(key, 'base64url') }
}

for (const { way, options, connect } of WAYS)
  t.test(
    `near-valid credentials by ${way} on a restricted endpoint never pass unless they are valid`,
    async (t) => {
      const endpoint = await startTestEndpoint(options)
      t.teardown(endpoint.close)
      endpoint.store.status = { outcome: 'subscribed', keyDigest: endpoint.keyDigest }
      const good = endpoint.signer.authorization(endpoint.claims())
      const sends = near(good).map(
        (authorization): Send =>
          async ({ restrictedPath }, client) => {
            const headers = { ttl: '0', authorization }
            const { status } = await client.send({ method: 'POST', path: restrictedPath, headers })
            assert([201, 401].includes(status), `${status}`)
            if (status === 201) assert.deepEqual(provenBy(authorization), provenBy(good))
          },
      )
      await t.resolves(hold(endpoint, connect(endpoint.url), sends))
    },
  )

t.test('what is no HTTP, or nearly none, is refused or closed, and nobody else notices', async (t) => {
  const endpoint = await startTestEndpoint()
  t.teardown(endpoint.close)
  const head = `POST ${endpoint.openPath} HTTP/1.1\r\nHost: a\r\nTTL: 0\r\nContent-Encoding: aes128gcm\r\n`
  const good = `${head}Content-Length: 5\r\n\r\nhello`
  const parts = [
    'POST ',
    endpoint.openPath,
    ' HTTP/1.1',
    '\r\n',
    '\r\n\r\n',
    'Host: a',
    'TTL: 0',
    ':',
    ' ',
    '\0',
    '\n',
    'Content-Length: 5',
    'Transfer-Encoding: chunked',
    '5\r\nhello\r\n',
    '0\r\n\r\n',
    'Connection: upgrade',
    'Expect: 100-continue',
  ]
  const texts = fc.oneof(
    near(good, `${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`, good + good),
    fc.array(fc.constantFrom(...parts), { maxLength: 20 }).map((list) => list.join('')),
    fc.array(fc.constantFrom(...parts), { maxLength: 5 }).map((list) => head + list.join('')),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  )
  const sends = texts.map(
    (text): Send =>
      async (endpoint) => {
        const answer = await rawRequest(endpoint.port, Buffer.from(text, 'latin1'))
        for (const [, status] of answer.matchAll(/HTTP\/1\.1 (\d{3}) /g)) {
          assert(
            ['100', '201', '400', '401', '404', '405', '408', '413', '417', '431'].includes(status ?? ''),
            answer,
          )
        }
      },
  )
  await t.resolves(hold(endpoint, http1Client(endpoint.url, VOLLEY), sends))
})

t.test('known malformations have known answers', async (t) => {
  const endpoint = await startTestEndpoint()
  t.teardown(endpoint.close)
  const start = `POST ${endpoint.openPath} HTTP/1.1\r\nHost: a\r\nTTL: 0\r\n`
  for (const [text, status] of [
    ['GARBAGE\r\n\r\n', 400],
    [`${start}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`, 400],
    [`${start}Content-Length: x\r\n\r\n`, 400],
    [`${start}Content-Length: -1\r\n\r\n`, 400],
    [`${start}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    [`${start}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, 400],
    [`${start}X: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    [`POST /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 431],
    [`${start}Na me: x\r\n\r\n`, 400],
    ['PRX * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
  ] as const) {
    const answer = await rawRequest(endpoint.port, text)
    t.match(answer, new RegExp(`^HTTP/1.1 ${status} .*"code":${status},`, 's'), text.slice(0, 100))
    t.match(answer, /connection: close/i)
  }
  t.strictSame(endpoint.failures, [])
})
