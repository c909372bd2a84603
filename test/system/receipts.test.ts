import { type ClientHttp2Session, connect } from 'node:http2'
import t from 'tap'
import { AgentClient } from '../support/agent-client.ts'
import { Sender } from '../support/sender.ts'
import { nextMillisecond, type Subscribed, subscribed } from '../support/subscribed.ts'
import { startSystem } from '../support/system.ts'

const system = await startSystem({
  env: { PUSHGRID_RECEIPT_SWEEP_MS: '200', PUSHGRID_RECEIPT_RECHECK_MS: '2000' },
})
const { wsUrl } = system
const sender = new Sender()
t.teardown(() => system.stop())
t.teardown(() => sender.close())

/** Posts a message with a receipt. */
async function post(endpoint: string, posting: { ttl?: number; topic?: string; receipts?: string } = {}) {
  const { receipts, ...rest } = posting
  nextMillisecond()
  const headers = { prefer: 'respond-async', ...(receipts !== undefined && { 'push-receipt': receipts }) }
  const answer = await sender.post(endpoint, { text: 'text', ...rest, headers })
  const [, url = ''] = /^<(.*)>;/.exec(`${answer.headers['link']}`) ?? []
  return { status: answer.status, location: answer.headers.location ?? '', receipts: url }
}

/** How long a receipt that will come is waited for, in seconds. */
const LONG_S = 60
const told = new Set<string>()

/** What waits at a receipt subscription, or comes while it is waited for: statuses by message. */
async function read(receipts: string, waitSeconds: number): Promise<Record<string, number>> {
  const answer = await sender.send('GET', receipts, undefined, { prefer: `wait=${waitSeconds}` })
  if (answer.status === 204) return {}
  const body: { receipts: { message: string; status: number }[] } = JSON.parse(answer.body)
  // Asked at once, another process may not know yet what one has just handed over.
  const news = body.receipts.filter(({ message }) => !told.has(message))
  for (const { message } of news) told.add(message)
  if (news.length === 0) return read(receipts, waitSeconds)
  return Object.fromEntries(news.map(({ message, status }) => [message, status]))
}

async function offline(): Promise<Subscribed> {
  const agent = await subscribed(wsUrl)
  await agent.client.close()
  return agent
}

/** The next session of a user agent, which acknowledges all it is sent: what it had before may come again. */
function acknowledging(uaid: string, code?: number) {
  return AgentClient.hello(wsUrl, uaid, { onNotification: (one, client) => client.ack(one, code) })
}

t.test('acknowledged at once, later, and by another session', async (t) => {
  const { client, uaid, endpoint } = await subscribed(wsUrl)
  const posting = post(endpoint)
  client.ack(await client.next('notification'))
  const first = await posting
  t.equal(first.status, 202)
  t.same(await read(first.receipts, LONG_S), { [first.location]: 204 })

  const { receipts } = first
  const slow = post(endpoint, { receipts })
  const notification = await client.next('notification')
  const second = await slow
  t.same(await read(receipts, 0), {}, 'not acknowledged yet')
  client.ack(notification)
  t.same(await read(receipts, LONG_S), { [second.location]: 204 })
  await client.close()

  const third = await post(endpoint, { receipts })
  const { client: later } = await acknowledging(uaid)
  t.same(await read(receipts, LONG_S), { [third.location]: 204 })
  await later.close()
})

t.test('what can not be decrypted, or never was wanted, is 410; what was sent before is 204', async (t) => {
  const { client, uaid, endpoint } = await subscribed(wsUrl)
  const posting = post(endpoint)
  client.ack(await client.next('notification'), 101)
  const undecryptable = await posting
  const { receipts } = undecryptable
  t.same(await read(receipts, LONG_S), { [undecryptable.location]: 410 })
  const unacknowledged = post(endpoint, { receipts })
  await client.next('notification')
  const again = await unacknowledged
  await client.close()
  const { client: later } = await acknowledging(uaid, 102)
  t.same(await read(receipts, LONG_S), { [again.location]: 204 }, 'it has it already')
  await later.close()
})

t.test('expired, unsubscribed, replaced, deleted', async (t) => {
  const { uaid, channelID, endpoint } = await offline()
  const expired = await post(endpoint, { ttl: 1 })
  const { receipts } = expired
  const replaced = await post(endpoint, { topic: 'topic', receipts })
  const replacing = await post(endpoint, { topic: 'topic', receipts })
  const deleted = await post(endpoint, { receipts })
  t.equal((await sender.delete(deleted.location)).status, 204)
  t.same(await read(receipts, LONG_S), { [expired.location]: 410 })
  const { client } = await AgentClient.hello(wsUrl, uaid)
  await client.next('notification')
  await client.unregister(channelID)
  t.same(await read(receipts, LONG_S), { [replacing.location]: 410 }, `${replaced.location} has none`)
  t.same(await read(receipts, 1), {})
  await client.close()
})

t.test('TTL 0: acknowledged, or not', async (t) => {
  const { client, endpoint } = await subscribed(wsUrl)
  const posting = post(endpoint, { ttl: 0 })
  client.ack(await client.next('notification'))
  const acknowledged = await posting
  const { receipts } = acknowledged
  t.same(await read(receipts, LONG_S), { [acknowledged.location]: 204 })
  const late = post(endpoint, { ttl: 0, receipts })
  const notification = await client.next('notification')
  const { location } = await late
  client.ack(notification)
  t.same(await read(receipts, LONG_S), { [location]: 204 }, 'late, but in time')
  const unacknowledged = post(endpoint, { ttl: 0, receipts })
  await client.next('notification')
  const lost = await unacknowledged
  t.same(await read(receipts, LONG_S), { [lost.location]: 410 })
  await client.close()
  const absent = await post(endpoint, { ttl: 0, receipts })
  t.same(await read(receipts, LONG_S), { [absent.location]: 410 })
})

t.test('receipts outlive SIGKILL, and come by server push', async (t) => {
  const { client, uaid, endpoint } = await subscribed(wsUrl)
  const posting = post(endpoint)
  client.ack(await client.next('notification'))
  const { location, receipts } = await posting
  await system.kill('SIGKILL')
  await system.restart()
  // An acknowledgement that came too late to be waited for may be lost: then the message comes again.
  const { client: later } = await acknowledging(uaid)
  const session = connect(new URL(receipts).origin)
  t.teardown(() => session.destroy())
  const pushed = firstPush(session)
  session.request({ ':path': new URL(receipts).pathname }).on('error', () => {})
  t.same(await pushed, { url: location, status: 204 })
  await later.close()
})

t.test('an ended receipt subscription', async (t) => {
  const { endpoint } = await offline()
  const { receipts } = await post(endpoint)
  t.equal((await sender.delete(receipts)).status, 204)
  t.equal((await sender.delete(receipts)).status, 404)
  t.equal((await sender.send('GET', receipts, undefined, {})).status, 404)
  t.equal((await post(endpoint, { receipts })).status, 404)
})

function firstPush(session: ClientHttp2Session): Promise<{ url: string; status: number | undefined }> {
  return new Promise((resolve, reject) => {
    session.on('error', reject)
    session.on('stream', (stream, headers) => {
      const url = `${headers[':scheme']}://${headers[':authority']}${headers[':path']}`
      stream.on('push', (answer: { ':status'?: number }) => resolve({ url, status: answer[':status'] }))
      stream.resume()
    })
  })
}
