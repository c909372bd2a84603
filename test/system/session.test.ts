import { randomUUID } from 'node:crypto'
import t from 'tap'
import webPush from 'web-push'
import { AgentClient } from '../support/agent-client.ts'
import { Sender } from '../support/sender.ts'
import { subscribed } from '../support/subscribed.ts'
import { startSystem } from '../support/system.ts'

// Long enough for all that say hello on a busy machine. The one that says nothing is waited for while the others are tested.
const system = await startSystem({ env: { PUSHGRID_HELLO_TIMEOUT_MS: '10000' } })
const { wsUrl } = system
const silent = await AgentClient.connect(wsUrl)
const sender = new Sender()
t.teardown(() => system.stop())
t.teardown(() => sender.close())

const dashed = (uaid: string) => uaid.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')

t.test('a hello without a UAID is issued a random one, in lower-case hexadecimal', async (t) => {
  const { client } = await AgentClient.hello(wsUrl)
  const [hello] = client.frames
  t.match(hello, { messageType: 'hello', status: 200, use_webpush: true, broadcasts: {} })
  t.match(hello, { uaid: /^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$/ })
  await client.close()
})

t.test('a known UAID is kept, in whatever form it comes', async (t) => {
  const { client, uaid } = await subscribed(wsUrl)
  await client.close()
  for (const form of [uaid, uaid.toUpperCase(), dashed(uaid), dashed(uaid).toUpperCase()]) {
    const again = await AgentClient.hello(wsUrl, form)
    t.equal(again.uaid, uaid, form)
    await again.client.close()
  }
})

t.test('an unknown or malformed UAID is answered with a new one', async (t) => {
  const unknown = randomUUID().replaceAll('-', '')
  for (const uaid of [unknown, dashed(unknown), '', 'x'.repeat(32), unknown.slice(1), `${unknown}0`]) {
    const answered = await AgentClient.hello(wsUrl, uaid)
    t.match(answered.uaid, /^[0-9a-f]{32}$/)
    t.not(answered.uaid, uaid)
    await answered.client.close()
  }
})

t.test('a UAID without a subscription is not kept', async (t) => {
  const first = await AgentClient.hello(wsUrl)
  await first.client.close()
  const again = await AgentClient.hello(wsUrl, first.uaid)
  t.not(again.uaid, first.uaid)
  await again.client.close()
})

t.test('anything before the hello, and a second hello, close the connection', async (t) => {
  const early = await AgentClient.connect(wsUrl)
  early.send({ messageType: 'register', channelID: randomUUID() })
  t.equal((await early.closed).code, 1008)
  const { client, uaid } = await AgentClient.hello(wsUrl)
  client.send({ messageType: 'hello', use_webpush: true, uaid })
  t.equal((await client.closed).code, 1008)
})

t.test('the sub-protocol is echoed when offered, and not needed', async (t) => {
  const offering = await AgentClient.connect(wsUrl, { protocols: ['push-notification'] })
  t.equal(offering.protocol, 'push-notification')
  t.equal((await offering.hello()).status, 200)
  await offering.close()
  const silent = await AgentClient.connect(wsUrl)
  t.equal(silent.protocol, '')
  t.equal((await silent.hello()).status, 200)
  await silent.close()
})

t.test('register takes a VAPID key in both alphabets, padded or not, and null for none', async (t) => {
  const { client } = await AgentClient.hello(wsUrl)
  const bytes = Buffer.from(webPush.generateVAPIDKeys().publicKey, 'base64url')
  const channelID = randomUUID()
  const endpoints = new Set<string>()
  const plain = bytes.toString('base64')
  for (const key of [bytes.toString('base64url'), plain, plain.replaceAll('+', '-').replaceAll('/', '_')]) {
    const answer = await client.register(channelID, key)
    t.match(answer, { channelID, status: 200, pushEndpoint: /^http:\/\/localhost:\d+\/wpush\/v2\/[\w-]+$/ })
    endpoints.add(answer.pushEndpoint)
  }
  t.equal(endpoints.size, 1, 'one subscription, one endpoint')
  for (const key of [null, undefined]) {
    const answer = await client.register(randomUUID(), key)
    t.match(answer, { status: 200, pushEndpoint: /\/wpush\/v1\/[\w-]+$/ })
  }
  await client.close()
})

t.test('a bad key is answered 400 and the connection stays', async (t) => {
  const { client } = await AgentClient.hello(wsUrl)
  const offCurve = Buffer.alloc(65, 1).fill(4, 0, 1).toString('base64url')
  for (const key of ['', 'AAAA', '*', offCurve])
    t.equal((await client.register(undefined, key)).status, 400, key)
  t.equal((await client.register()).status, 200)
  await client.close()
})

t.test('a channel id that is no lower-case dashed UUID closes the connection', async (t) => {
  const id = randomUUID()
  for (const channelID of [id.toUpperCase(), id.replaceAll('-', ''), '', 'x']) {
    const { client } = await AgentClient.hello(wsUrl)
    client.send({ messageType: 'register', channelID })
    t.equal((await client.closed).code, 1008, channelID)
  }
})

t.test('a ping is answered, in both its forms; a second one too soon closes', async (t) => {
  for (const ping of [{}, { messageType: 'ping' }]) {
    const { client } = await AgentClient.hello(wsUrl)
    client.send(ping)
    t.same(await client.next('ping'), { messageType: 'ping' })
    client.send(ping)
    t.equal((await client.closed).code, 1008)
  }
})

t.test('a broadcast that does not exist is said not to', async (t) => {
  const { client } = await AgentClient.hello(wsUrl)
  client.send({
    messageType: 'broadcast_subscribe',
    broadcasts: { 'remote-settings/monitor_changes': '"0"' },
  })
  t.same((await client.next('broadcast')).broadcasts, {
    errors: { 'remote-settings/monitor_changes': 'Broadcast not found' },
  })
  await client.close()
})

t.test('unregister is idempotent, and ends the endpoint for senders', async (t) => {
  const { client, channelID, endpoint } = await subscribed(wsUrl)
  const other = await client.register()
  for (const code of [200, 201, 202]) {
    t.match(await client.unregister(channelID, code), { channelID, status: 200 })
  }
  t.match(await client.unregister(randomUUID()), { status: 200 }, 'also of a channel that never was')
  const gone = await sender.post(endpoint)
  t.equal(gone.status, 410)
  t.match(JSON.parse(gone.body), { code: 410, errno: 106 })
  t.equal(gone.headers['cache-control'], 'max-age=86400')
  client.send({ messageType: 'unregister', channelID: other.channelID, code: 200 })
  await client.next('unregister')
  t.match(
    JSON.parse((await sender.post(other.pushEndpoint)).body),
    { errno: 103 },
    'the last one: nothing is left',
  )
  const again = await client.register(channelID)
  t.equal(again.pushEndpoint, endpoint, 'registered again, its endpoint works again')
  const posted = sender.post(endpoint)
  client.ack(await client.next('notification'))
  t.equal((await posted).status, 201)
  await client.close()
})

t.test('two sessions of one UAID: the older one is closed, and nothing is lost', async (t) => {
  const { client: older, uaid, endpoint } = await subscribed(wsUrl)
  const posted = sender.post(endpoint, { text: 'in flight' })
  const { version } = await older.next('notification')
  const { client: newer } = await AgentClient.hello(wsUrl, uaid)
  t.equal((await older.closed).code, 1000)
  t.equal((await posted).status, 201)
  const again = await newer.next('notification')
  t.equal(again.version, version, 'the newer one gets it, under its old id')
  newer.ack(again)
  const live = sender.post(endpoint)
  newer.ack(await newer.next('notification'))
  t.equal((await live).status, 201)
  await newer.close()
})

t.test('a connection that says no hello in time is closed', async (t) => {
  t.equal((await silent.closed).code, 1008)
  t.same(silent.frames, [])
})
