import t from 'tap'
import { PushError } from '../push/errors.ts'
import { AES128GCM, accepted, BODY, endpointTest, failed, type Headers, post } from './fixtures/http-test.ts'
import { rawRequest } from './fixtures/raw-request.ts'
import { ORIGIN, startTestEndpoint } from './fixtures/test-endpoint.ts'
import { VapidSigner } from './fixtures/vapid-signer.ts'

endpointTest('201: an empty message, with its resource and the TTL granted', async (t, endpoint) => {
  await accepted(t, await post(endpoint, { ttl: '99999999999' }), '2592000')
  const [message] = endpoint.received
  t.match(message, { urgency: 'normal', ttlSeconds: 2_592_000, body: Buffer.alloc(0) })
  t.notOk(message && ('headers' in message || 'topic' in message))
})

endpointTest(
  '201: an empty message needs no crypto headers, and wrong ones are ignored',
  async (t, endpoint) => {
    await accepted(t, await post(endpoint, { ttl: '0', 'content-encoding': 'gzip', encryption: '"' }), '0')
    t.notOk(Object.keys(endpoint.received[0] ?? {}).includes('headers'))
  },
)

endpointTest(
  '201: a message with a body, a topic and an urgency reaches the user agent as it came',
  async (t, endpoint) => {
    await accepted(t, await post(endpoint, { ...AES128GCM, topic: 'news', urgency: 'very-low' }, BODY), '60')
    t.match(endpoint.received, [
      { ttlSeconds: 60, topic: 'news', urgency: 'very-low', headers: { encoding: 'aes128gcm' }, body: BODY },
    ])
  },
)

endpointTest('201: a body in chunks, of any content type', async (t, endpoint) => {
  for (const type of [
    'application/json',
    'text/plain; charset=x',
    'garbage',
    'a/b/c;;;=',
    'multipart/form-data',
  ]) {
    const body = new ReadableStream({
      start(controller) {
        for (const part of [BODY.subarray(0, 10), BODY.subarray(10)]) controller.enqueue(part)
        controller.close()
      },
    })
    const response = await fetch(endpoint.url + endpoint.openPath, {
      method: 'POST',
      headers: { ...AES128GCM, 'content-type': type },
      body,
      duplex: 'half',
    })
    await accepted(t, response, '60')
    t.strictSame(endpoint.received.at(-1)?.body, BODY, type)
  }
})

endpointTest('201: what was stored, and what has TTL 0 and found nobody', async (t, endpoint) => {
  endpoint.agent.outcome = () => 'full'
  await accepted(t, await post(endpoint, { ttl: '60' }), '60')
  t.equal(endpoint.store.messages.size, 1)
  await accepted(t, await post(endpoint, { ttl: '0' }), '0')
  t.equal(endpoint.store.messages.size, 1)
})

endpointTest('400/111 TTL missing, 400/112 TTL invalid, 400/114 TTL negative', async (t, endpoint) => {
  await failed(t, await post(endpoint, {}), 400, 111, 'Bad Request', /TTL header is missing/)
  await failed(t, await post(endpoint, { ttl: 'soon' }), 400, 112, 'Bad Request', /whole number/)
  await failed(t, await post(endpoint, { ttl: '' }), 400, 112, 'Bad Request')
  await failed(t, await post(endpoint, { ttl: '-1' }), 400, 114, 'Bad Request', /negative/)
})

endpointTest('400/113 topic invalid', async (t, endpoint) => {
  for (const topic of ['a'.repeat(33), 'a b', 'a,b']) {
    await failed(t, await post(endpoint, { ttl: '0', topic }), 400, 113, 'Bad Request', /base64url/)
  }
})

endpointTest('400/110 crypto headers of a body missing or wrong', async (t, endpoint) => {
  for (const headers of [
    {},
    { 'content-encoding': 'gzip' },
    { 'content-encoding': 'aesgcm' },
    { 'content-encoding': 'aesgcm', encryption: 'salt=a', 'crypto-key': 'dh=!' },
    { 'content-encoding': 'aes128gcm', encryption: 'salt=a' },
  ]) {
    await failed(t, await post(endpoint, { ttl: '0', ...headers } as Headers, BODY), 400, 110, 'Bad Request')
  }
})

endpointTest('400/110 a message encrypted with the VAPID key', async (t, endpoint) => {
  const { signer } = endpoint
  const authorization = signer.authorization(endpoint.claims())
  const aes128gcm = Buffer.concat([Buffer.alloc(20), Buffer.from([65]), signer.point, BODY])
  const same = /key of its own/
  await failed(
    t,
    await post(endpoint, { ...AES128GCM, authorization }, aes128gcm),
    400,
    110,
    'Bad Request',
    same,
  )
  const aesgcm = {
    ttl: '0',
    'content-encoding': 'aesgcm',
    encryption: 'salt=a',
    'crypto-key': `dh="${signer.key}="`,
  }
  await failed(t, await post(endpoint, { ...aesgcm, authorization }, BODY), 400, 110, 'Bad Request', same)
})

endpointTest('401/109 a restricted endpoint without VAPID, or with another key', async (t, endpoint) => {
  const { restrictedPath: path } = endpoint
  endpoint.store.status = { outcome: 'subscribed', keyDigest: endpoint.keyDigest }
  const stranger = new VapidSigner().authorization(endpoint.claims())
  for (const headers of [{ ttl: '0' }, { ttl: '0', authorization: stranger }] as Headers[]) {
    const response = await post(endpoint, headers, undefined, path)
    t.equal(response.headers.get('www-authenticate'), 'vapid')
    await failed(t, response, 401, 109, 'Unauthorized')
  }
  const own = endpoint.signer.authorization(endpoint.claims())
  for (let times = 0; times < 2; times += 1) {
    await accepted(t, await post(endpoint, { ttl: '0', authorization: own }, undefined, path), '0')
  }
})

endpointTest('401/109 false VAPID on any endpoint, never 403', async (t, endpoint) => {
  const { signer } = endpoint
  const expired = signer.authorization({ ...endpoint.claims(), exp: 1 })
  const elsewhere = signer.authorization({ ...endpoint.claims(), aud: 'https://other.example' })
  for (const authorization of [
    expired,
    elsewhere,
    'Basic YTpi',
    'vapid',
    'WebPush a.b.c',
    'x'.repeat(5000),
  ]) {
    await failed(t, await post(endpoint, { ttl: '0', authorization }), 401, 109, 'Unauthorized')
  }
})

endpointTest('410/103 the user agent is gone, 410/106 not subscribed', async (t, endpoint) => {
  endpoint.agent.outcome = () => 'gone'
  for (const [outcome, errno] of [
    ['agentGone', 103],
    ['notSubscribed', 106],
  ] as const) {
    endpoint.store.status = { outcome }
    const response = await post(endpoint, { ttl: '60' })
    t.equal(response.headers.get('cache-control'), 'max-age=86400')
    await failed(t, response, 410, errno, 'Gone')
  }
})

endpointTest(
  '413/104 a body over the limit, announced or in chunks; the connection goes on',
  async (t, endpoint) => {
    const send = async (bytes: number, chunked: boolean) => {
      const body = Buffer.alloc(bytes)
      const stream = new ReadableStream({
        start(controller) {
          controller.enqueue(body)
          controller.close()
        },
      })
      return await fetch(endpoint.url + endpoint.openPath, {
        method: 'POST',
        headers: AES128GCM,
        body: chunked ? stream : body,
        duplex: 'half',
      })
    }
    for (const chunked of [false, true]) {
      await accepted(t, await send(5630, chunked), '60')
      const response = await send(5631, chunked)
      t.equal(response.headers.get('connection'), 'keep-alive')
      await failed(t, response, 413, 104, 'Payload Too Large', /5630 bytes/)
    }
  },
)

endpointTest(
  '413/104 far over the limit closes the connection instead of reading on',
  async (t, endpoint) => {
    const head = `POST ${endpoint.openPath} HTTP/1.1\r\nHost: a\r\nTTL: 0\r\nContent-Encoding: aes128gcm\r\n`
    t.match(
      await rawRequest(endpoint.port, `${head}Content-Length: 9999999999\r\n\r\nabc`),
      /^HTTP\/1.1 413 .*connection: close/is,
    )
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`
    t.match(
      await rawRequest(endpoint.port, `${head}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(6)}`),
      /^HTTP\/1.1 413 .*connection: close/is,
    )
  },
)

endpointTest('the order of the checks: token, authorization, headers, size', async (t, endpoint) => {
  const tooLarge = Buffer.alloc(6000)
  const wrong = { ttl: 'x', topic: '!', authorization: 'x' }
  await failed(t, await post(endpoint, wrong, tooLarge, '/wpush/v1/x'), 404, 102, 'Not Found')
  await failed(t, await post(endpoint, wrong, tooLarge), 401, 109, 'Unauthorized')
  await failed(t, await post(endpoint, { ttl: 'x', topic: '!' }, tooLarge), 400, 112, 'Bad Request')
  await failed(t, await post(endpoint, { ttl: '0', topic: '!' }, tooLarge), 400, 113, 'Bad Request')
  await failed(t, await post(endpoint, { ttl: '0' }, tooLarge), 400, 110, 'Bad Request')
  await failed(t, await post(endpoint, AES128GCM, tooLarge), 413, 104, 'Payload Too Large')
  t.strictSame(endpoint.received, [])
})

endpointTest('503/201 the store is down or full, with Retry-After', async (t, endpoint) => {
  endpoint.agent.outcome = () => 'full'
  for (const code of ['storeDown', 'storeFull'] as const) {
    endpoint.store.gate = async () => {
      throw new PushError(code)
    }
    const response = await post(endpoint, { ttl: '60' })
    t.match(response.headers.get('retry-after'), /^[1-9]\d*$/)
    await failed(t, response, 503, 201, 'Service Unavailable')
  }
})

t.test('500/999 a defect is logged, and tells the client nothing', async (t) => {
  const endpoint = await startTestEndpoint()
  endpoint.agent.outcome = () => 'full'
  endpoint.store.gate = async () => {
    throw new TypeError('some secret')
  }
  const response = await post(endpoint, { ttl: '60' })
  await failed(t, response, 500, 999, 'Internal Server Error', /^Internal error$/)
  t.match(endpoint.failures, [{ err: { message: 'some secret' } }])
  await endpoint.close()
})

endpointTest(
  'DELETE: 204 for a message that is there, 404/102 for one that is not, or a foreign token',
  async (t, endpoint) => {
    endpoint.agent.outcome = () => 'full'
    const { headers } = await post(endpoint, { ttl: '60' })
    const location = headers.get('location') ?? ''
    const remove = (path: string) => fetch(endpoint.url + path, { method: 'DELETE' })
    const path = location.slice(ORIGIN.length)
    const removed = await remove(path)
    t.equal(removed.status, 204)
    t.equal(await removed.text(), '')
    t.equal(endpoint.store.messages.size, 0)
    await failed(t, await remove(path), 404, 102, 'Not Found')
    await failed(t, await remove('/m/x'), 404, 102, 'Not Found')
    await failed(t, await remove(`/m/${endpoint.openPath.split('/').at(-1)}`), 404, 102, 'Not Found')
    endpoint.agent.outcome = () => 'cancelled'
    t.equal((await remove(path)).status, 204, 'in flight')
    endpoint.store.gate = async () => {
      throw new PushError('storeDown')
    }
    await failed(t, await remove(path), 503, 201, 'Service Unavailable')
  },
)
