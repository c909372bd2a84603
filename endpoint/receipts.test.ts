import { once } from 'node:events'
import { type ClientHttp2Session, connect, constants, type IncomingHttpHeaders } from 'node:http2'
import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { systemClock } from '../cluster/clock.ts'
import { PushError } from '../push/errors.ts'
import type { MessageId } from '../push/ids.ts'
import type { ReceiptOutcome } from '../push/receipt.ts'
import { messageToken } from '../push/tokens.ts'
import { endpointTest, failed, post } from './fixtures/http-test.ts'
import { ORIGIN, startTestEndpoint, type TestEndpoint } from './fixtures/test-endpoint.ts'

const ASYNC = { ttl: '60', prefer: 'respond-async' }
const RELATION = 'urn:ietf:params:push:receipt'

/** Posts a message with a receipt; the URL of its receipts, where the endpoint really listens, and of the message. */
async function posted(endpoint: TestEndpoint, headers: Record<string, string> = {}) {
  const response = await post(endpoint, { ...ASYNC, ...headers })
  if (response.status !== 202) throw new Error(`${response.status}: ${await response.text()}`)
  const [, link = ''] = /^<(.*)>; rel="(.*)"$/.exec(response.headers.get('link') ?? '') ?? []
  const location = response.headers.get('location') ?? ''
  return { link, path: link.slice(ORIGIN.length), url: endpoint.url + link.slice(ORIGIN.length), location }
}

/** Ends the message that was received last. */
async function settle(endpoint: TestEndpoint, outcome: ReceiptOutcome): Promise<MessageId> {
  const message = endpoint.received.at(-1)
  if (message?.receipt === undefined) throw new Error('no message with a receipt came')
  await endpoint.store.settle({ ...message, receipt: message.receipt }, outcome)
  return message.id
}

interface ReceiptsBody {
  readonly receipts?: readonly { readonly id: string; readonly message: string; readonly status: number }[]
}

async function poll(url: string, headers: Record<string, string> = {}, wait = 0) {
  const response = await fetch(url, { headers: { prefer: `wait=${wait}`, ...headers } })
  const body: ReceiptsBody = response.status === 204 ? {} : Object(await response.json())
  return { status: response.status, body, headers: response.headers, list: body.receipts ?? [] }
}

endpointTest(
  'a message with a receipt is answered 202, with the link of its receipts',
  async (t, endpoint) => {
    const response = await post(endpoint, { ...ASYNC, origin: 'https://page.example' })
    t.equal(response.status, 202)
    t.equal(response.headers.get('ttl'), '60')
    t.match(response.headers.get('link'), new RegExp(`^<${ORIGIN}/r/[A-Za-z0-9_-]{43}>; rel="${RELATION}"$`))
    t.match(response.headers.get('access-control-expose-headers'), /Location.*Link/)
    const [message] = endpoint.received
    t.equal(
      response.headers.get('location'),
      message?.receipt && `${ORIGIN}/m/${messageToken(message.receipt.sealedChannel, message.id)}`,
      'its receipt will name the same URL',
    )
    const plain = await post(endpoint, { ttl: '60', prefer: 'wait=10' })
    t.equal(plain.status, 201)
    t.equal(plain.headers.get('link'), null)
    t.equal(endpoint.received[1]?.receipt, undefined)
    t.strictSame(endpoint.store.calls, [], 'nothing is written for that')
  },
)

endpointTest('a sender that names its receipt subscription gets it back', async (t, endpoint) => {
  const first = await posted(endpoint)
  for (const named of [first.link, first.path]) {
    const again = await posted(endpoint, { 'push-receipt': named })
    t.equal(again.link, first.link)
  }
  const other = await posted(endpoint)
  t.not(other.link, first.link)
  const subscriptions = endpoint.received.map(({ receipt }) => receipt?.subscription)
  t.equal(new Set(subscriptions).size, 2)
})

endpointTest('a receipt subscription that is none is refused', async (t, endpoint) => {
  const { link } = await posted(endpoint)
  const elsewhere = link.replace(ORIGIN, 'https://other.example')
  const message = `${ORIGIN}/m/${endpoint.tokens.sealChannel(endpoint.open)}`
  for (const named of [
    '',
    'x',
    elsewhere,
    `${link}A`,
    link.slice(0, -1),
    `<${link}>`,
    message,
    `${link}, ${link}`,
  ]) {
    const response = await post(endpoint, { ...ASYNC, 'push-receipt': named })
    await failed(t, response, 400, 117, 'Bad Request', /Push-Receipt/)
  }
  t.equal((await post(endpoint, { ttl: '60', 'push-receipt': 'x' })).status, 201, 'it asks for no receipt')
  t.equal(endpoint.received.length, 2)
})

endpointTest('receipts in JSON: those that wait, and then none', async (t, endpoint) => {
  const { url, link, location } = await posted(endpoint)
  t.strictSame((await poll(url)).status, 204)
  await settle(endpoint, 'acknowledged')
  const second = await posted(endpoint, { 'push-receipt': link })
  await settle(endpoint, 'notDelivered')
  await posted(endpoint, { 'push-receipt': link })
  await settle(endpoint, 'none')
  const { status, body, headers } = await poll(url, { origin: 'https://page.example' })
  t.equal(status, 200)
  t.match(headers.get('content-type'), /^application\/json/)
  t.equal(headers.get('access-control-allow-origin'), '*')
  t.match(body, {
    receipts: [
      { message: location, status: 204, id: /^\d+$/ },
      { message: second.location, status: 410, id: /^\d+$/ },
    ],
  })
  t.equal(body.receipts?.length, 2)
  t.equal((await poll(url)).status, 204, 'they are marked: the next request shows that they got there')
})

endpointTest('receipts in JSON: a request waits for one', async (t, endpoint) => {
  const { url, location } = await posted(endpoint)
  const polling = poll(url, {}, 30)
  await until(() => endpoint.store.calls.includes('receipts'))
  await settle(endpoint, 'acknowledged')
  t.match((await polling).body, { receipts: [{ message: location, status: 204 }] })
  const startedMs = systemClock.monotonicMs()
  t.equal((await poll(url, {}, 1)).status, 204)
  t.ok(systemClock.monotonicMs() - startedMs >= 900, 'it waited for the next one')
})

endpointTest('a sender that has lost receipts names the last one that it has', async (t, endpoint) => {
  const { url, link } = await posted(endpoint)
  await settle(endpoint, 'acknowledged')
  const first = await poll(url)
  // Ids are times: of two requests in one millisecond the receipts may have the same.
  await until(() => systemClock.nowMs() > Number(first.list[0]?.id))
  await posted(endpoint, { 'push-receipt': link })
  await settle(endpoint, 'notDelivered')
  const second = await poll(url)
  t.equal((await poll(url)).status, 204)
  const lost = await poll(url, { 'last-event-id': `${first.list[0]?.id}` })
  t.equal(lost.list.length, 1)
  t.equal(lost.list[0]?.message, second.list[0]?.message, 'what came after it comes again')
  const all = await poll(url, { 'last-event-id': '0' })
  t.equal(all.list.length, 2)
})

endpointTest('receipts as events: those that wait, then live ones', async (t, endpoint) => {
  const { url, link, location } = await posted(endpoint)
  await settle(endpoint, 'acknowledged')
  const abort = new AbortController()
  const response = await fetch(url, { headers: { accept: 'text/event-stream' }, signal: abort.signal })
  t.equal(response.status, 200)
  t.equal(response.headers.get('content-type'), 'text/event-stream')
  const events = eventsOf(response)
  const first = await events.next()
  t.match(first, { data: { message: location, status: 204 } })
  const second = await posted(endpoint, { 'push-receipt': link })
  await settle(endpoint, 'notDelivered')
  const live = await events.next()
  t.match(live, { data: { message: second.location, status: 410 } })
  t.ok(Number(live.id) > Number(first.id))
  abort.abort()
  await until(
    () => endpoint.store.calls.filter((call) => call === 'markFetched').length > 0,
    'a client that leaves in good order has them',
  )
})

endpointTest('without anything asked for, HTTP/1.1 gets events', async (t, endpoint) => {
  const { url } = await posted(endpoint)
  const abort = new AbortController()
  const response = await fetch(url, { signal: abort.signal })
  t.equal(response.headers.get('content-type'), 'text/event-stream')
  abort.abort()
})

endpointTest('receipts as server push', async (t, endpoint) => {
  const { path, link, location } = await posted(endpoint)
  await settle(endpoint, 'acknowledged')
  const session = connect(endpoint.url)
  t.teardown(() => session.destroy())
  const pushes = pushesOf(session)
  const request = session.request({ ':path': path })
  t.strictSame(await pushes.next(), [location, 204])
  const second = await posted(endpoint, { 'push-receipt': link })
  await settle(endpoint, 'notDelivered')
  t.strictSame(await pushes.next(), [second.location, 410])
  await until(() => endpoint.store.calls.filter((call) => call === 'markFetched').length === 2)
  t.equal((await poll(endpoint.url + path)).status, 204, 'the answer to a PING shows that they got there')
  request.close(constants.NGHTTP2_CANCEL)
})

endpointTest('HTTP/2 without push gets events, and whoever asks for them', async (t, endpoint) => {
  const { path, location } = await posted(endpoint)
  await settle(endpoint, 'acknowledged')
  for (const settings of [{ enablePush: false }, { enablePush: true }]) {
    const session = connect(endpoint.url, { settings })
    t.teardown(() => session.destroy())
    const accept = settings.enablePush ? { accept: 'text/event-stream' } : {}
    const request = session.request({ ':path': path, 'last-event-id': '0', ...accept })
    const [headers] = await once(request, 'response')
    t.match(headers, { ':status': 200, 'content-type': 'text/event-stream' })
    request.setEncoding('utf8')
    let text = ''
    for await (const chunk of request) {
      text += chunk
      if (text.includes('data:')) break
    }
    t.ok(text.includes(location))
    session.destroy()
  }
})

endpointTest('a receipt subscription is ended once, and its requests with it', async (t, endpoint) => {
  const { url, link, path } = await posted(endpoint)
  const abort = new AbortController()
  const events = await fetch(url, { signal: abort.signal })
  const polling = poll(url, {}, 30)
  const session = connect(endpoint.url)
  t.teardown(() => session.destroy())
  const pushed = once(session.request({ ':path': path }), 'response')
  await until(() => endpoint.store.calls.filter((call) => call === 'haveReceiptsEnded').length >= 3)
  t.equal((await fetch(url, { method: 'DELETE' })).status, 204)
  t.match(await events.text(), /^retry/, 'ends')
  t.match(await polling, { status: 404, body: { errno: 102 } })
  t.match(await pushed, [{ ':status': 404 }])
  t.equal(endpoint.stats.failures.all.get('404 102'), 2, 'both are counted')
  await failed(t, await fetch(url, { method: 'DELETE' }), 404, 102, 'Not Found')
  await failed(t, await fetch(url), 404, 102, 'Not Found')
  await failed(t, await post(endpoint, { ...ASYNC, 'push-receipt': link }), 404, 102, 'Not Found')
})

endpointTest('bad requests for receipts', async (t, endpoint) => {
  const { url } = await posted(endpoint)
  for (const token of [
    'x',
    'A'.repeat(43),
    'A'.repeat(400),
    '%00',
    endpoint.tokens.sealEndpoint(endpoint.open).token,
  ])
    for (const method of ['GET', 'DELETE'])
      await failed(t, await fetch(`${endpoint.url}/r/${token}`, { method }), 404, 102, 'Not Found')
  for (const prefer of ['wait=x', 'wait=-1', 'wait'])
    await failed(t, await fetch(url, { headers: { prefer } }), 400, 999, 'Bad Request', /wait/)
  for (const id of ['x', '-1', '1.5', '9'.repeat(15), '9'.repeat(16)])
    await failed(
      t,
      await fetch(url, { headers: { 'last-event-id': id } }),
      400,
      999,
      'Bad Request',
      /Last-Event-ID/,
    )
  for (const method of ['POST', 'PUT', 'PATCH'])
    await failed(t, await fetch(url, { method }), 405, 999, 'Method Not Allowed')
  t.equal((await fetch(url, { method: 'HEAD' })).status, 405)
  const options = await fetch(url, { method: 'OPTIONS', headers: { origin: 'https://page.example' } })
  t.equal(options.status, 204)
  t.match(options.headers.get('access-control-allow-methods'), /GET/)
})

endpointTest('a store that is down is said so; a feed under way goes on later', async (t, endpoint) => {
  const { url, link } = await posted(endpoint)
  const response = await fetch(url)
  const events = eventsOf(response)
  endpoint.store.gate = () => Promise.reject(new PushError('storeDown'))
  await failed(t, await fetch(url), 503, 201, 'Service Unavailable')
  await failed(t, await fetch(url, { method: 'DELETE' }), 503, 201, 'Service Unavailable')
  await failed(t, await post(endpoint, { ...ASYNC, 'push-receipt': link }), 503, 201, 'Service Unavailable')
  endpoint.store.gate = async () => {}
  await settle(endpoint, 'acknowledged')
  t.match(await events.next(), { data: { status: 204 } })
  await response.body?.cancel().catch(() => {})
})

endpointTest(
  'open requests are limited, and make room when they end',
  async (t, endpoint) => {
    const { url } = await posted(endpoint)
    const aborts = [new AbortController(), new AbortController()]
    for (const { signal } of aborts) t.equal((await fetch(url, { signal })).status, 200)
    const refused = await fetch(url)
    t.ok(Number(refused.headers.get('retry-after')) > 0)
    await failed(t, refused, 503, 201, 'Service Unavailable', /open/)
    aborts[0]?.abort()
    await until(async () => (await poll(url)).status === 204)
    aborts[1]?.abort()
  },
  { receiptReadersMax: 2 },
)

endpointTest(
  'TTL 0 that could not be delivered: the receipt says so before the answer',
  async (t, endpoint) => {
    endpoint.agent.outcome = () => 'full'
    const { url, location } = await posted(endpoint, { ttl: '0' })
    t.match((await poll(url)).body, { receipts: [{ message: location, status: 410 }] })
    endpoint.store.gate = () => Promise.reject(new PushError('storeDown'))
    t.equal((await post(endpoint, { ...ASYNC, ttl: '0' })).status, 503)
    t.equal((await post(endpoint, { ttl: '0' })).status, 201, 'without a receipt nothing is to be kept')
  },
)

endpointTest('a message that is deleted has no receipt', async (t, endpoint) => {
  endpoint.agent.outcome = () => 'full'
  const { url, location } = await posted(endpoint)
  endpoint.agent.outcome = () => 'unknown'
  t.equal((await fetch(endpoint.url + location.slice(ORIGIN.length), { method: 'DELETE' })).status, 204)
  t.equal((await poll(url)).status, 204)
})

t.test('an endpoint that stops ends its open requests', async (t) => {
  const endpoint = await startTestEndpoint()
  const { url, path } = await posted(endpoint)
  const events = await fetch(url)
  const polling = poll(url, {}, 60)
  const session = connect(endpoint.url)
  const pushed = once(session.request({ ':path': path }), 'response')
  await until(() => endpoint.store.calls.filter((call) => call === 'haveReceiptsEnded').length >= 3)
  await endpoint.close()
  t.match(await events.text(), /^retry/)
  t.equal((await polling).status, 204)
  t.match(await pushed, [{ ':status': 204 }])
  t.strictSame(endpoint.failures, [])
  session.destroy()
})

/** The events of a response, one after the other. */
function eventsOf(response: Response) {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  return {
    async next(): Promise<{ id: string; data: unknown }> {
      for (;;) {
        const [event, ...rest] = text.split('\n\n')
        if (rest.length > 0) text = rest.join('\n\n')
        const [, id = '', data] = /id: (.*)\ndata: (.*)/.exec(event ?? '') ?? []
        if (rest.length > 0 && data !== undefined) return { id, data: JSON.parse(data) }
        if (rest.length > 0) continue
        const read = await reader?.read()
        if (read === undefined || read.done) throw new Error('the events have ended')
        text += read.value
      }
    },
  }
}

/** What is pushed on a connection, one after the other: the URL and the status. */
function pushesOf(session: ClientHttp2Session) {
  const pushed: [string, number | undefined][] = []
  session.on('stream', (stream, { ':scheme': scheme, ':authority': authority, ':path': path }) => {
    stream.on('push', (headers: IncomingHttpHeaders & { ':status'?: number }) => {
      pushed.push([`${scheme}://${authority}${path}`, headers[':status']])
    })
    stream.resume()
  })
  return {
    async next() {
      await until(() => pushed.length > 0)
      return pushed.shift()
    },
  }
}

async function until(isSo: () => boolean | Promise<boolean>, what = 'it'): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + 60_000
  while (!(await isSo())) {
    if (systemClock.monotonicMs() > deadlineMs) throw new Error(`${what} did not happen`)
    await setImmediate()
  }
}
