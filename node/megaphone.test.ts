import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { systemClock } from '../cluster/clock.ts'
import { SimulatedClock } from '../cluster/simulated-clock.ts'
import { askMegaphone, MEGAPHONE_BYTES_MAX, MEGAPHONE_TIMEOUT_MS } from './megaphone.ts'

const TOKEN = 'a-reader-of-broadcasts'

async function megaphone(t: Test, answer: RequestListener) {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/v1/broadcasts`, token: TOKEN }
}

const saying = (body: string, status = 200): RequestListener => {
  return (_request, response) => void response.writeHead(status).end(body)
}

t.test('asks with the token, and again only for what has changed', async (t) => {
  const seen: (string | undefined)[][] = []
  const place = await megaphone(t, (request, response) => {
    const { authorization, 'if-none-match': etag } = request.headers
    seen.push([request.method, request.url, authorization, etag])
    if (etag === '"one"') response.writeHead(304).end()
    else response.setHeader('etag', '"one"').end('{"code":200,"broadcasts":{"a/b":"1","c/d":"\\"2\\""}}')
  })
  const list = await askMegaphone(place, undefined, systemClock)
  t.same(
    [...(list?.values ?? [])],
    [
      ['a/b', '1'],
      ['c/d', '"2"'],
    ],
  )
  t.match(list, { unfit: 0, etag: '"one"' })
  t.equal(await askMegaphone(place, list?.etag, systemClock), undefined)
  t.same(seen, [
    ['GET', '/v1/broadcasts', `Bearer ${TOKEN}`, undefined],
    ['GET', '/v1/broadcasts', `Bearer ${TOKEN}`, '"one"'],
  ])
})

t.test('a server without tags, and one that wants no token', async (t) => {
  const { url } = await megaphone(t, (request, response) => {
    if (request.headers.authorization === undefined) response.end('{"broadcasts":{}}')
    else response.writeHead(400).end()
  })
  t.match(await askMegaphone({ url, token: undefined }, undefined, systemClock), {
    etag: undefined,
    unfit: 0,
  })
})

t.test('names and versions that are none are left out', async (t) => {
  const place = await megaphone(
    t,
    saying(
      JSON.stringify({ broadcasts: { 'a/b': '1', a: '1', 'c/d': 7, 'e/f': 'x'.repeat(500), 'g/h': '\n' } }),
    ),
  )
  const list = await askMegaphone(place, undefined, systemClock)
  t.same([...(list?.values ?? [])], [['a/b', '1']])
  t.equal(list?.unfit, 4)
})

t.test('whatever else is answered is an error that says what', async (t) => {
  const rows: [RequestListener, RegExp][] = [
    [saying('{}', 401), /answers 401/],
    [saying('{}', 500), /answers 500/],
    [saying('', 304), /answers 304/],
    [saying('<html>'), /no JSON/],
    [saying('null'), /no object "broadcasts"/],
    [saying('{"broadcasts":[]}'), /no object "broadcasts"/],
    [saying('{"broadcasts":"a/b"}'), /no object "broadcasts"/],
    [saying(`{"broadcasts":{}}${' '.repeat(MEGAPHONE_BYTES_MAX)}`), /longer than/],
    [(_request, response) => void response.destroy(), /./],
  ]
  for (const [answer, message] of rows) {
    const place = await megaphone(t, answer)
    await t.rejects(askMegaphone(place, undefined, systemClock), { message })
  }
  await t.rejects(askMegaphone({ url: 'http://127.0.0.1:9/', token: undefined }, undefined, systemClock))
})

t.test('a server that hangs, also in the middle of its answer, is given up', async (t) => {
  for (const begins of [false, true]) {
    const clock = new SimulatedClock()
    let asked = () => {}
    const arrival = new Promise<void>((resolve) => (asked = resolve))
    const place = await megaphone(t, (_request, response) => {
      if (begins) response.write('{"broadcasts":')
      asked()
    })
    const asking = askMegaphone(place, undefined, clock.process(0))
    const rejected = t.rejects(asking, { message: /no whole answer/ })
    await arrival
    clock.advance(MEGAPHONE_TIMEOUT_MS)
    await rejected
  }
})
