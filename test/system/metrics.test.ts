import t from 'tap'
import { AgentClient } from '../support/agent-client.ts'
import { ADMIN_TOKEN, BroadcastAdmin } from '../support/broadcast-admin.ts'
import { scrapeAll } from '../support/metrics.ts'
import { checkMetrics } from '../support/promtool-program.ts'
import { Sender } from '../support/sender.ts'
import { subscribed } from '../support/subscribed.ts'
import { startSystem } from '../support/system.ts'

const system = await startSystem({ env: { PUSHGRID_ADMIN_TOKEN: ADMIN_TOKEN } })
const { wsUrl, httpUrl, wsUrls, httpUrls } = system
const sender = new Sender()
t.teardown(() => system.stop())
t.teardown(() => sender.close())

/** Gives the growth of series while something is done. */
async function growth(urls: readonly string[], names: readonly string[], work: () => Promise<unknown>) {
  const before = await scrapeAll(urls)
  await work()
  const after = await scrapeAll(urls)
  return Object.fromEntries(names.map((name) => [name, (after.value(name) ?? 0) - (before.value(name) ?? 0)]))
}

t.test('a message that is acknowledged counts on both sides, with its durations', async (t) => {
  const { client, endpoint } = await subscribed(wsUrl, { onNotification: (one, agent) => agent.ack(one) })
  const post = () => sender.post(endpoint, { text: 'hello' })
  const names = [
    'pushgrid_messages_total{outcome="delivered"}',
    'pushgrid_asks_total{outcome="delivered"}',
    'pushgrid_post_to_ack_seconds_count',
    'pushgrid_post_to_2xx_seconds_count',
  ]
  t.same(await growth(httpUrls, names, post), Object.fromEntries(names.map((name) => [name, 1])))
  const nodeNames = ['pushgrid_notifications_total', 'pushgrid_acks_total{code="100"}']
  t.same(await growth(wsUrls, nodeNames, post), Object.fromEntries(nodeNames.map((name) => [name, 1])))
  await client.close()
})

t.test('a message for a user agent that is away counts as stored, with the work of the store', async (t) => {
  const { client, endpoint } = await subscribed(wsUrl)
  await client.close()
  const names = [
    'pushgrid_messages_total{outcome="stored"}',
    'pushgrid_post_to_2xx_seconds_count',
    'pushgrid_store_seconds_count{operation="put"}',
    'pushgrid_store_seconds_count{operation="channelStatus"}',
  ]
  const grown = await growth(httpUrls, names, () => sender.post(endpoint, { text: 'later' }))
  t.same(grown, Object.fromEntries(names.map((name) => [name, 1])))
})

t.test('what is refused counts by status and errno', async (t) => {
  const names = [
    'pushgrid_http_failures_total{status="404",errno="102"}',
    'pushgrid_http_failures_total{status="400",errno="999"}',
    'pushgrid_messages_total{outcome="tokenInvalid"}',
  ]
  const grown = await growth(httpUrls, names, async () => {
    await sender.post(`${httpUrl}/wpush/v1/unknown`)
    await fetch(`${httpUrl}/nothing/here`)
  })
  t.same(grown, { [names[0] ?? '']: 2, [names[1] ?? '']: 0, [names[2] ?? '']: 1 })
})

t.test('connections, what is in flight, codes and closes count at the node', async (t) => {
  const { client, channelID, endpoint } = await subscribed(wsUrl)
  await sender.post(endpoint, { text: 'one', ttl: 60 })
  const notification = await client.next('notification')
  const busy = await scrapeAll(wsUrls)
  t.equal(busy.value('pushgrid_connections'), 1)
  t.equal(busy.value('pushgrid_notifications_in_flight'), 1)
  t.equal(busy.value('pushgrid_hellos{state="waiting"}'), 0)
  t.equal(busy.value('pushgrid_upgrades_refused_total'), 0)
  client.send({ messageType: 'nack', version: notification.version, code: 301 })
  client.ack(notification, 102)
  await client.unregister(channelID, 201)
  const done = await scrapeAll(wsUrls)
  t.equal(done.value('pushgrid_notifications_in_flight'), 0)
  t.equal(done.value('pushgrid_nacks_total{code="301"}'), 1)
  t.equal(done.value('pushgrid_acks_total{code="102"}'), 1)
  t.equal(done.value('pushgrid_unregisters_total{code="201"}'), 1)
  client.send({ messageType: 'nonsense' })
  await client.closed
  const closed = await scrapeAll(wsUrls)
  t.equal(closed.value('pushgrid_closes_total{reason="protocolViolated",code="1008"}'), 1)
  t.equal(closed.value('pushgrid_connections'), 0)
})

t.test('receipts count when they are asked for, settled, and handed over; so do their readers', async (t) => {
  const { client, endpoint } = await subscribed(wsUrl, { onNotification: (one, agent) => agent.ack(one) })
  const asked = { headers: { prefer: 'respond-async' } }
  const names = ['pushgrid_receipts_asked_total', 'pushgrid_receipts_handed_total{way="poll"}']
  let receipts = ''
  const grown = await growth(httpUrls, names, async () => {
    const { headers } = await sender.post(endpoint, { text: 'one', ...asked })
    receipts = /<(.*)>/.exec(`${headers['link']}`)?.[1] ?? ''
    await sender.send('GET', receipts, undefined, { prefer: 'wait=10' })
  })
  t.same(grown, Object.fromEntries(names.map((name) => [name, 1])))
  t.equal((await scrapeAll(wsUrls)).value('pushgrid_receipts_settled_total{status="204"}'), 1)

  const reading = await fetch(receipts)
  const open = await scrapeAll(httpUrls)
  t.equal(open.value('pushgrid_receipt_readers{way="events"}'), 1)
  t.equal(open.value('pushgrid_receipt_readers{way="poll"}'), 0)
  await sender.post(endpoint, { text: 'two', headers: { ...asked.headers, 'push-receipt': receipts } })
  const reader = reading.body?.getReader()
  for (let text = ''; !text.includes('"status":204'); ) {
    const { value, done } = (await reader?.read()) ?? { done: true }
    if (done) throw new Error(`it ended after ${text}`)
    text += Buffer.from(value ?? []).toString()
  }
  t.equal((await scrapeAll(httpUrls)).value('pushgrid_receipts_handed_total{way="events"}'), 1)
  await reader?.cancel()
  await client.close()
})

t.test('broadcasts count when they are changed and published; so do those who are subscribed', async (t) => {
  const admin = new BroadcastAdmin(httpUrl)
  const client = await AgentClient.connect(wsUrl)
  await client.hello(undefined, { 'test/metrics': '0' })
  t.equal((await scrapeAll(wsUrls)).value('pushgrid_broadcast_subscribers'), 1)
  const changed = client.next('broadcast')
  t.equal(await admin.put('test/metrics', '1'), 201)
  t.equal(await admin.put('test/metrics', '\n'), 400)
  t.equal(await admin.drop('test/unknown'), 404)
  await changed
  const changes = await scrapeAll(httpUrls)
  const count = (outcome: string) => changes.value(`pushgrid_broadcast_changes_total{outcome="${outcome}"}`)
  t.same(['created', 'broadcastInvalid', 'broadcastUnknown'].map(count), [1, 1, 1])
  const published = await scrapeAll(wsUrls)
  t.equal(published.value('pushgrid_broadcasts_published_total'), 1)
  t.equal(published.value('pushgrid_broadcast_publish_seconds_count'), 1)
  await client.close()
  t.equal((await scrapeAll(wsUrls)).value('pushgrid_broadcast_subscribers'), 0)
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
