import t from 'tap'
import { AgentClient } from '../support/agent-client.ts'
import { Sender, textOf } from '../support/sender.ts'
import { nextMillisecond, nothingStored, readStored, subscribed } from '../support/subscribed.ts'
import { startSystem } from '../support/system.ts'

const IN_FLIGHT_MAX = 10
const system = await startSystem({
  // Long enough for all that say hello on a busy machine.
  env: { PUSHGRID_IN_FLIGHT_MAX: String(IN_FLIGHT_MAX), PUSHGRID_HELLO_TIMEOUT_MS: '10000' },
})
const { wsUrl } = system
const sender = new Sender(32)
t.teardown(() => system.stop())
t.teardown(() => sender.close())

const away = await subscribed(wsUrl)
await away.client.close()
const short = await sender.post(away.endpoint, { ttl: 1, text: 'short' })
const long = await sender.post(away.endpoint, { ttl: 10 ** 12, text: 'long' })
// No event marks the end of a TTL; the server's own clock shows it by closing who says nothing for longer. Meanwhile there is other work.
const silent = await AgentClient.connect(wsUrl)

t.test('acknowledged in time: 201, and nothing is stored', async (t) => {
  const agent = await subscribed(wsUrl)
  const { client, endpoint, channelID } = agent
  const posted = sender.post(endpoint, { text: 'now', ttl: 60 })
  const notification = await client.next('notification')
  client.ack(notification)
  const answer = await posted
  t.equal(answer.status, 201)
  t.equal(answer.headers['ttl'], '60')
  t.match(answer.headers['location'], /^http:\/\/localhost:\d+\/m\/[\w-]+$/)
  t.equal(answer.body, '')
  t.match(notification, { channelID, ttl: 60, headers: { encoding: 'aes128gcm' } })
  t.equal(textOf(notification), 'now')
  await client.close()
  await nothingStored(t, wsUrl, agent, sender)
})

t.test('an empty message has neither data nor headers', async (t) => {
  const { client, endpoint } = await subscribed(wsUrl)
  const posted = sender.post(endpoint)
  const notification = await client.next('notification')
  client.ack(notification)
  t.equal((await posted).status, 201)
  t.notOk('data' in notification || 'headers' in notification)
  await client.close()
})

t.test(
  'not acknowledged: 201, and the next session gets it under the same id, the last one nothing',
  async (t) => {
    const agent = await subscribed(wsUrl)
    const { client, endpoint } = agent
    const posted = sender.post(endpoint, { text: 'again' })
    const { version } = await client.next('notification')
    t.equal((await posted).status, 201)
    await client.terminate()
    const { client: later, stored } = await readStored(wsUrl, agent, sender)
    t.same(
      stored.map((each) => [each.version, textOf(each)]),
      [[version, 'again']],
    )
    await later.close()
    await nothingStored(t, wsUrl, agent, sender)
  },
)

t.test('offline: stored messages come in the order of acceptance, each once', async (t) => {
  const agent = await subscribed(wsUrl)
  await agent.client.close()
  const texts = Array.from({ length: 25 }, (_, at) => `message ${at}`)
  for (const text of texts) {
    nextMillisecond()
    t.equal((await sender.post(agent.endpoint, { text })).status, 201)
  }
  const { client, stored } = await readStored(wsUrl, agent, sender)
  t.same(stored.map(textOf), texts)
  await client.close()
})

t.test('DELETE takes back a message that waits, and one in flight', async (t) => {
  const agent = await subscribed(wsUrl)
  const { client, endpoint } = agent
  const inFlight = sender.post(endpoint, { text: 'in flight' })
  await client.next('notification')
  const { location: flying = '' } = (await inFlight).headers
  t.equal((await sender.delete(flying)).status, 204)
  await client.close()
  const waiting = await sender.post(endpoint, { text: 'waiting' })
  const { location = '' } = waiting.headers
  t.equal((await sender.delete(location)).status, 204)
  t.equal((await sender.delete(location)).status, 404, 'a second time it is not there')
  t.equal((await sender.delete(`${location}x`)).status, 404, 'nor is what never was')
  const { client: later, stored } = await readStored(wsUrl, agent, sender)
  t.same(stored, [])
  await later.close()
})

t.test('TTL 0: delivered to who is there, dropped for who is not', async (t) => {
  const agent = await subscribed(wsUrl)
  t.equal(
    (await sender.post(agent.endpoint, { ttl: 0, text: 'here' })).status,
    201,
    'answered without an ack',
  )
  const notification = await agent.client.next('notification')
  t.equal(textOf(notification), 'here')
  agent.client.ack(notification)
  await agent.client.close()
  t.equal((await sender.post(agent.endpoint, { ttl: 0, text: 'away' })).status, 201)
  const { client, stored } = await readStored(wsUrl, agent, sender)
  t.same(stored, [])
  await client.close()
})

t.test('a topic replaces what has not been delivered, on its channel only', async (t) => {
  const agent = await subscribed(wsUrl)
  const other = await agent.client.register()
  await agent.client.close()
  const post = (endpoint: string, text: string, topic: string) => {
    nextMillisecond()
    return sender.post(endpoint, { text, topic })
  }
  await post(agent.endpoint, 'older', 'a')
  await post(other.pushEndpoint, 'other channel', 'a')
  await post(agent.endpoint, 'other topic', 'b')
  await post(agent.endpoint, 'newer', 'a')
  const { client, stored } = await readStored(wsUrl, agent, sender)
  t.same(stored.map(textOf), ['other channel', 'other topic', 'newer'])
  await client.close()
})

t.test('a reader that never acknowledges gets a window full, and the rest once it does', async (t) => {
  const { client, endpoint } = await subscribed(wsUrl)
  const texts = Array.from({ length: 3 * IN_FLIGHT_MAX }, (_, at) => `message ${at}`)
  const answers = await Promise.all(texts.map((text) => sender.post(endpoint, { text })))
  t.ok(
    answers.every(({ status }) => status === 201),
    'no sender is refused for it',
  )
  await client.register() // its answer comes behind everything sent before
  t.ok(client.notifications.length >= 1 && client.notifications.length <= IN_FLIGHT_MAX)
  const received = new Set<string | undefined>()
  while (received.size < texts.length) {
    const notification = await client.next('notification')
    client.ack(notification)
    received.add(textOf(notification))
  }
  t.same([...received].sort(), [...texts].sort())
  t.equal(client.notifications.length, texts.length, 'each came once')
  await client.close()
})

t.test('a message whose TTL is over is not delivered; a TTL is capped at 30 days', async (t) => {
  t.equal(short.headers['ttl'], '1')
  t.equal(long.headers['ttl'], String(30 * 24 * 60 * 60))
  await silent.closed
  const { client, stored } = await readStored(wsUrl, away, sender)
  t.same(stored.map(textOf), ['long'])
  await client.close()
})

t.test(
  'a restart keeps UAIDs, subscriptions, endpoints and messages, and loses nothing in flight',
  async (t) => {
    const agent = await subscribed(wsUrl)
    const busy = await subscribed(wsUrl)
    await agent.client.close()
    t.equal((await sender.post(agent.endpoint, { text: 'before' })).status, 201)
    const inFlight = sender.post(busy.endpoint, { text: 'in flight' })
    await busy.client.next('notification')
    const exit = await system.kill('SIGTERM')
    t.same(exit, { code: 0, signal: null })
    t.equal((await inFlight).status, 201)
    t.equal((await busy.client.closed).code, 1001)
    await system.restart()
    for (const [each, text] of [
      [agent, 'before'],
      [busy, 'in flight'],
    ] as const) {
      const { client, stored } = await readStored(wsUrl, each, sender)
      t.same(stored.map(textOf), [text])
      t.match(client.frames[0], { uaid: each.uaid })
      await client.close()
    }
  },
)

t.test('a UA whose last session ended in a crash is found again after a kill', async (t) => {
  const agent = await subscribed(wsUrl)
  await system.kill('SIGKILL')
  await system.restart()
  const { client, uaid } = await AgentClient.hello(wsUrl, agent.uaid)
  t.equal(uaid, agent.uaid)
  const posted = sender.post(agent.endpoint, { text: 'after' })
  const notification = await client.next('notification')
  client.ack(notification)
  t.equal(textOf(notification), 'after')
  t.equal((await posted).status, 201)
  await client.close()
})
