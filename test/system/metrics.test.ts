import t, { type Test } from 'tap'
import { AgentClient } from '../support/agent-client.ts'
import { becomes } from '../support/becomes.ts'
import { ADMIN_TOKEN, BroadcastAdmin } from '../support/broadcast-admin.ts'
import { scrapeAll } from '../support/metrics.ts'
import { checkMetrics } from '../support/promtool-program.ts'
import { Sender } from '../support/sender.ts'
import { subscribed } from '../support/subscribed.ts'
import { startSystem } from '../support/system.ts'

const system = await startSystem({
  // A busy machine may be slow to acknowledge.
  env: { PUSHGRID_ADMIN_TOKEN: ADMIN_TOKEN, PUSHGRID_ACK_GRACE_MS: '5000' },
})
const { wsUrl, httpUrl, wsUrls, httpUrls } = system
const sender = new Sender()
t.teardown(() => system.stop())
t.teardown(() => sender.close())

/** What series of some processes stand at, all together. */
async function read(urls: readonly string[], names: readonly string[]): Promise<Record<string, number>> {
  const metrics = await scrapeAll(urls)
  return Object.fromEntries(names.map((name) => [name, metrics.value(name) ?? 0]))
}

/** Asserts that series stand at these values, or soon do. */
function stand(t: Test, urls: readonly string[], wanted: Readonly<Record<string, number>>): Promise<void> {
  return becomes(t, () => read(urls, Object.keys(wanted)), wanted)
}

/** Asserts that series grow by so much when something is done: at once, or soon after. */
async function grow(
  t: Test,
  urls: readonly string[],
  growth: Readonly<Record<string, number>>,
  work: () => Promise<unknown>,
): Promise<void> {
  const before = await read(urls, Object.keys(growth))
  await work()
  const sums = Object.entries(growth).map(([name, by]) => [name, (before[name] ?? 0) + by])
  await stand(t, urls, Object.fromEntries(sums))
}

t.test('a message that is acknowledged counts on both sides, with its durations', async (t) => {
  const { client, endpoint } = await subscribed(wsUrl, { onNotification: (one, agent) => agent.ack(one) })
  const post = () => sender.post(endpoint, { text: 'hello' })
  const atEndpoint = {
    'pushgrid_messages_total{outcome="delivered"}': 1,
    'pushgrid_asks_total{outcome="delivered"}': 1,
    pushgrid_post_to_ack_seconds_count: 1,
    pushgrid_post_to_2xx_seconds_count: 1,
  }
  await grow(t, httpUrls, atEndpoint, post)
  await grow(t, wsUrls, { pushgrid_notifications_total: 1, 'pushgrid_acks_total{code="100"}': 1 }, post)
  await client.close()
})

t.test('a message for a user agent that is away counts as stored, with the work of the store', async (t) => {
  const { client, endpoint } = await subscribed(wsUrl)
  await client.close()
  const growth = {
    'pushgrid_messages_total{outcome="stored"}': 1,
    pushgrid_post_to_2xx_seconds_count: 1,
    'pushgrid_store_seconds_count{operation="put"}': 1,
    'pushgrid_store_seconds_count{operation="channelStatus"}': 1,
  }
  await grow(t, httpUrls, growth, () => sender.post(endpoint, { text: 'later' }))
})

t.test('what is refused counts by status and errno', async (t) => {
  const growth = {
    'pushgrid_http_failures_total{status="404",errno="102"}': 2,
    'pushgrid_http_failures_total{status="400",errno="999"}': 0,
    'pushgrid_messages_total{outcome="tokenInvalid"}': 1,
  }
  await grow(t, httpUrls, growth, async () => {
    await sender.post(`${httpUrl}/wpush/v1/unknown`)
    await fetch(`${httpUrl}/nothing/here`)
  })
})

t.test('connections, what is in flight, codes and closes count at the node', async (t) => {
  const { client, channelID, endpoint } = await subscribed(wsUrl)
  const posted = sender.post(endpoint, { text: 'one', ttl: 60 })
  const notification = await client.next('notification')
  await stand(t, wsUrls, {
    pushgrid_connections: 1,
    pushgrid_notifications_in_flight: 1,
    'pushgrid_hellos{state="waiting"}': 0,
    pushgrid_upgrades_refused_total: 0,
  })
  client.send({ messageType: 'nack', version: notification.version, code: 301 })
  client.ack(notification, 102)
  await client.unregister(channelID, 201)
  await posted
  await stand(t, wsUrls, {
    pushgrid_notifications_in_flight: 0,
    'pushgrid_nacks_total{code="301"}': 1,
    'pushgrid_acks_total{code="102"}': 1,
    'pushgrid_unregisters_total{code="201"}': 1,
  })
  client.send({ messageType: 'nonsense' })
  await client.closed
  await stand(t, wsUrls, {
    'pushgrid_closes_total{reason="protocolViolated",code="1008"}': 1,
    pushgrid_connections: 0,
  })
})

t.test('receipts count when they are asked for, settled, and handed over; so do their readers', async (t) => {
  const { client, endpoint } = await subscribed(wsUrl, { onNotification: (one, agent) => agent.ack(one) })
  const asked = { headers: { prefer: 'respond-async' } }
  let receipts = ''
  const growth = { pushgrid_receipts_asked_total: 1, 'pushgrid_receipts_handed_total{way="poll"}': 1 }
  await grow(t, httpUrls, growth, async () => {
    const { headers } = await sender.post(endpoint, { text: 'one', ...asked })
    receipts = /<(.*)>/.exec(`${headers['link']}`)?.[1] ?? ''
    await sender.send('GET', receipts, undefined, { prefer: 'wait=60' })
  })
  await stand(t, wsUrls, { 'pushgrid_receipts_settled_total{status="204"}': 1 })

  // Another process may not know yet what one has just handed over.
  const poll = async () => (await sender.send('GET', receipts, undefined, { prefer: 'wait=0' })).status
  for (const _ of httpUrls) await becomes(t, poll, 204)
  const reading = await fetch(receipts)
  await stand(t, httpUrls, {
    'pushgrid_receipt_readers{way="events"}': 1,
    'pushgrid_receipt_readers{way="poll"}': 0,
  })
  await sender.post(endpoint, { text: 'two', headers: { ...asked.headers, 'push-receipt': receipts } })
  const reader = reading.body?.getReader()
  for (let text = ''; !text.includes('"status":204'); ) {
    const { value, done } = (await reader?.read()) ?? { done: true }
    if (done) throw new Error(`it ended after ${text}`)
    text += Buffer.from(value ?? []).toString()
  }
  await stand(t, httpUrls, { 'pushgrid_receipts_handed_total{way="events"}': 1 })
  await reader?.cancel()
  await client.close()
})

t.test('broadcasts count when they are changed and published; so do those who are subscribed', async (t) => {
  const admin = new BroadcastAdmin(httpUrl)
  const client = await AgentClient.connect(wsUrl)
  await client.hello(undefined, { 'test/metrics': '0' })
  await stand(t, wsUrls, { pushgrid_broadcast_subscribers: 1 })
  const changed = client.next('broadcast')
  t.equal(await admin.put('test/metrics', '1'), 201)
  t.equal(await admin.put('test/metrics', '\n'), 400)
  t.equal(await admin.drop('test/unknown'), 404)
  await changed
  await stand(t, httpUrls, {
    'pushgrid_broadcast_changes_total{outcome="created"}': 1,
    'pushgrid_broadcast_changes_total{outcome="broadcastInvalid"}': 1,
    'pushgrid_broadcast_changes_total{outcome="broadcastUnknown"}': 1,
  })
  await stand(t, wsUrls, {
    pushgrid_broadcasts_published_total: 1,
    pushgrid_broadcast_publish_seconds_count: 1,
  })
  await client.close()
  await stand(t, wsUrls, { pushgrid_broadcast_subscribers: 0 })
})

t.test('promtool finds nothing wrong; the process is measured, too; nothing secret is in it', async (t) => {
  for (const url of [...wsUrls, ...httpUrls]) {
    const { text, series } = await scrapeAll([url])
    t.equal(await checkMetrics(text), '', url)
    t.match(text, /\nnodejs_eventloop_lag_p99_seconds \d/)
    t.match(text, /\nprocess_resident_memory_bytes \d/)
    t.match(text, /\npushgrid_bus_ready 1\n/)
    t.notMatch(text, /[0-9a-f]{32}/)
    t.ok(series.length < 500, `${series.length} series`)
  }
})

t.test('health, heartbeats and version are answered on both ports', async (t) => {
  for (const url of [...wsUrls, ...httpUrls].map((each) => each.replace('ws:', 'http:'))) {
    for (const path of ['/health', '/__heartbeat__', '/__lbheartbeat__'])
      t.match(await (await fetch(new URL(path, url))).json(), { status: 'OK' }, `${url}${path}`)
    const version = await (await fetch(new URL('/__version__', url))).json()
    t.match(version, { name: 'pushgrid', version: /^\d+\.\d+\.\d+$/ })
  }
})
