import { setImmediate } from 'node:timers/promises'
import type { Test } from 'tap'
import { PushError } from '../push/errors.ts'
import { endpointTest, failed } from './fixtures/http-test.ts'
import type { TestEndpoint } from './fixtures/test-endpoint.ts'

const TOKEN = 'correct.horse-battery_staple'
const OPTIONS = { adminToken: TOKEN, checkAgainMs: 20 }
const ID = 'remote-settings/monitor_changes'
const BEARER = `Bearer ${TOKEN}`

function call(
  { url }: TestEndpoint,
  method: string,
  path: string,
  { authorization = BEARER, body, ...headers }: Record<string, string | Buffer | undefined> = {},
): Promise<Response> {
  return fetch(`${url}/v1/broadcasts${path}`, {
    method,
    headers: { ...(authorization !== '' && { authorization: String(authorization) }), ...headers } as never,
    ...(body !== undefined && { body }),
  })
}

async function listed(t: Test, endpoint: TestEndpoint): Promise<unknown> {
  const response = await call(endpoint, 'GET', '')
  t.equal(response.status, 200)
  t.match(response.headers.get('content-type'), /^application\/json/)
  return await response.json()
}

endpointTest(
  'a broadcast is set, listed and deleted, in the form of Megaphone',
  async (t, endpoint) => {
    t.same(await listed(t, endpoint), { code: 200, broadcasts: {} })
    for (const [path, version, code] of [
      [`/${ID}`, '"1"', 201],
      [`/${ID}`, '"2"', 200],
      [`/${ID}`, '"2"', 200],
      ['/a/b', 'zwölf 🦊', 201],
    ] as const) {
      const response = await call(endpoint, 'PUT', path, { body: version })
      t.equal(response.status, code)
      t.same(await response.json(), { code })
    }
    t.same(await listed(t, endpoint), { code: 200, broadcasts: { 'a/b': 'zwölf 🦊', [ID]: '"2"' } })
    const text = await (await call(endpoint, 'GET', '')).text()
    t.ok(text.indexOf('a/b') < text.indexOf(ID), 'in the order of their names')
    const gone = await call(endpoint, 'DELETE', '/a/b')
    t.equal(gone.status, 204)
    t.same(await listed(t, endpoint), { code: 200, broadcasts: { [ID]: '"2"' } })
    await failed(t, await call(endpoint, 'DELETE', '/a/b'), 404, 102, 'Not Found', /no such broadcast/)
  },
  OPTIONS,
)

endpointTest(
  'who has the list already is told so',
  async (t, endpoint) => {
    const etag = String((await call(endpoint, 'GET', '')).headers.get('etag'))
    t.match(etag, /^"[\w-]+"$/)
    const again = await call(endpoint, 'GET', '', { 'if-none-match': etag })
    t.equal(again.status, 304)
    t.equal(await again.text(), '')
    await call(endpoint, 'PUT', '/a/b', { body: '1' })
    t.equal((await call(endpoint, 'GET', '', { 'if-none-match': etag })).status, 200)
    t.equal((await call(endpoint, 'HEAD', '')).status, 200)
  },
  OPTIONS,
)

endpointTest(
  'nodes are told of each change, twice, also when the outcome is unknown',
  async (t, endpoint) => {
    const changed = { kind: 'broadcasts', hint: 'changed' }
    const told = async (times: number) => {
      while (endpoint.told.length < times) await setImmediate()
      t.same(endpoint.told.splice(0), new Array(times).fill(changed))
    }
    await call(endpoint, 'PUT', '/a/b', { body: '1' })
    await told(2)
    await call(endpoint, 'DELETE', '/a/b')
    await told(2)
    endpoint.store.gate = () => Promise.reject(new PushError('storeDown'))
    const down = await call(endpoint, 'PUT', '/a/b', { body: '1' })
    t.match(down.headers.get('retry-after'), /^\d+$/)
    await failed(t, down, 503, 201, 'Service Unavailable')
    await told(2)
    await failed(t, await call(endpoint, 'GET', ''), 503, 201, 'Service Unavailable')
  },
  OPTIONS,
)

endpointTest(
  'without the token nothing is done, read or told',
  async (t, endpoint) => {
    const wrong = ['', 'Bearer', `Bearer ${TOKEN}x`, `Bearer ${TOKEN.slice(1)}`, `Basic ${TOKEN}`, TOKEN]
    const calls = [
      ['PUT', '/a/b'],
      ['DELETE', '/a/b'],
      ['GET', ''],
      ['PUT', '/no name/b'],
    ] as const
    for (const authorization of wrong)
      for (const [method, path] of calls) {
        const body = method === 'PUT' ? '1' : undefined
        const response = await call(endpoint, method, path, { authorization, body })
        t.match(response.headers.get('www-authenticate'), /^Bearer /)
        await failed(t, response, 401, 109, 'Unauthorized', /admin token/)
      }
    t.same(endpoint.store.calls, [])
    t.same(endpoint.told, [])
    const loose = await call(endpoint, 'GET', '', { authorization: `bearer  ${TOKEN} ` })
    t.equal(loose.status, 200, 'the scheme in any case')
  },
  OPTIONS,
)

endpointTest('without the option there is no admin API', async (t, endpoint) => {
  for (const [method, path] of [
    ['PUT', '/a/b'],
    ['DELETE', '/a/b'],
    ['GET', ''],
  ] as const)
    await failed(t, await call(endpoint, method, path), 404, 102, 'Not Found')
})

endpointTest(
  'names and versions that are none are refused, and say what would be right',
  async (t, endpoint) => {
    for (const name of ['a%20b/c', 'a/%2F', 'a/b%0A', `${'a'.repeat(65)}/b`, `a/${'b'.repeat(129)}`, 'ä/b'])
      for (const method of ['PUT', 'DELETE']) {
        const body = method === 'PUT' ? '1' : undefined
        const response = await call(endpoint, method, `/${name}`, { body })
        await failed(t, response, 400, 999, 'Bad Request', /BROADCASTER\/CHANNEL/)
      }
    for (const body of ['', 'a\n', 'a\0', Buffer.of(0xff, 0xfe), '\u2028'])
      await failed(
        t,
        await call(endpoint, 'PUT', '/a/b', { body }),
        400,
        999,
        'Bad Request',
        /body is the version/,
      )
    await failed(t, await call(endpoint, 'PUT', '/a/b'), 400, 999, 'Bad Request', /body is the version/)
    for (const length of [201, 10_000])
      await failed(
        t,
        await call(endpoint, 'PUT', '/a/b', { body: 'x'.repeat(length) }),
        413,
        104,
        'Payload Too Large',
        /200 bytes/,
      )
    await failed(t, await call(endpoint, 'PUT', '/a', { body: '1' }), 404, 102, 'Not Found')
    t.same(endpoint.store.calls, [])
    t.equal((await call(endpoint, 'PUT', '/a/b', { body: 'é'.repeat(100) })).status, 201)
  },
  OPTIONS,
)

endpointTest(
  'other methods are refused with those there are',
  async (t, endpoint) => {
    for (const [method, path, allow] of [
      ['POST', '', 'GET, HEAD'],
      ['PUT', '', 'GET, HEAD'],
      ['GET', '/a/b', 'PUT, DELETE'],
      ['POST', '/a/b', 'PUT, DELETE'],
    ] as const) {
      const response = await call(endpoint, method, path)
      t.equal(response.headers.get('allow'), allow)
      await failed(t, response, 405, 999, 'Method Not Allowed')
    }
  },
  OPTIONS,
)
