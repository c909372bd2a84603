import t from 'tap'
import { systemClock } from '../cluster/clock.ts'
import { within } from '../cluster/within.ts'
import { AgentClient } from './support/agent-client.ts'
import { Cluster, type Member } from './support/cluster.ts'
import { Ledger, type Posted } from './support/ledger.ts'
import { LoadAgent } from './support/load-agent.ts'
import { Sender, textOf } from './support/sender.ts'
import { readStored, subscribed } from './support/subscribed.ts'

const HEALTH_TIMEOUT_MS = 60_000
const COMPLETE_TIMEOUT_MS = 90_000
const LOAD_AGENTS = 8
const LOAD_SENDERS = 4
/** Messages posted before a node is killed, and from then on. */
const LOAD_POSTS = 100

const cluster = await Cluster.start({ nodes: 2, endpoints: 2, env: { PUSHGRID_RECHECK_SOON_MS: '1000' } })
const nodes = [cluster.node(0), cluster.node(1)] as const
const endpoints = [cluster.endpoint(0), cluster.endpoint(1)] as const
const sender = new Sender()
t.teardown(() => cluster.stop())
t.teardown(() => sender.close())

/** The URL of a subscription at one of the endpoints: all open the same tokens. */
const at = (endpoint: Member, url: string) => new URL(new URL(url).pathname, endpoint.url).href

/** Waits until all processes say how they are, with that status. */
async function healthOfAll(status: number): Promise<void> {
  const polling = Promise.all(
    [...nodes, ...endpoints].map(async (member) => {
      while ((await member.health()) !== status);
    }),
  )
  await within(systemClock, HEALTH_TIMEOUT_MS, polling.then(), () => {
    throw new Error(`not all answer ${status} within ${HEALTH_TIMEOUT_MS} ms`)
  })
}

t.test('a message posted to either endpoint reaches a user agent on either node', async (t) => {
  for (const node of nodes) {
    const { client, endpoint: url } = await subscribed(node.url)
    for (const endpoint of endpoints) {
      const posted = sender.post(at(endpoint, url), { text: endpoint.url })
      const notification = await client.next('notification')
      client.ack(notification)
      t.equal(textOf(notification), endpoint.url)
      t.equal((await posted).status, 201)
    }
    await client.close()
  }
})

t.test('stored while offline, a message is delivered on another node', async (t) => {
  const { client: first, uaid, endpoint: url } = await subscribed(nodes[0].url)
  await first.close()
  t.equal((await sender.post(at(endpoints[0], url), { text: 'waiting' })).status, 201)
  const agent = { uaid, endpoint: at(endpoints[1], url) }
  const { client, stored } = await readStored(nodes[1].url, agent, sender)
  t.same(stored.map(textOf), ['waiting'])
  await client.close()
})

t.test('a session on another node displaces the older one, and nothing is lost', async (t) => {
  const { client: older, uaid, endpoint: url } = await subscribed(nodes[0].url)
  const posted = sender.post(url, { text: 'in flight' })
  const { version } = await older.next('notification')
  const { client: newer } = await AgentClient.hello(nodes[1].url, uaid)
  t.equal((await older.closed).code, 1000)
  t.equal((await posted).status, 201)
  const again = await newer.next('notification')
  t.equal(again.version, version, 'the newer one gets it, under its old id')
  newer.ack(again)
  const live = sender.post(url)
  newer.ack(await newer.next('notification'))
  t.equal((await live).status, 201)
  await newer.close()
})

t.test('SIGKILL of a node under load: nothing accepted is lost', async (t) => {
  const ledger = new Ledger()
  const homes: Member[] = Array.from({ length: LOAD_AGENTS }, (_, index) => nodes[index % 2 === 0 ? 0 : 1])
  const agents = homes.map(
    (_, index) =>
      new LoadAgent({
        get wsUrl() {
          return (homes[index] ?? nodes[1]).url
        },
        isUp: () => true,
        onNotification(notification) {
          ledger.received(JSON.parse(textOf(notification) ?? '') as Posted)
          return true
        },
      }),
  )
  await Promise.all(agents.map((agent) => agent.want(true)))
  let order = 0
  const refused: number[] = []
  /** Posts to all user agents by way of both endpoints. */
  const load = async () => {
    const end = order + LOAD_POSTS
    const post = async () => {
      while (order < end) {
        const posted: Posted = { id: `m${order}`, order: order++ }
        const url = at(endpoints[order % 3 === 0 ? 0 : 1], agents[order % agents.length]?.endpoint ?? '')
        const { status } = await sender.post(url, { text: JSON.stringify(posted) })
        if (status === 201) ledger.accepted(posted)
        else refused.push(status)
      }
    }
    await Promise.all(Array.from({ length: LOAD_SENDERS }, post))
  }
  await load()
  const loading = load()
  await nodes[0].kill('SIGKILL')
  await Promise.all(agents.filter((_, index) => homes[index] === nodes[0]).map((agent) => agent.left()))
  homes.fill(nodes[1])
  await Promise.all(agents.map((agent) => agent.want(true)))
  await loading
  await within(systemClock, COMPLETE_TIMEOUT_MS, ledger.complete(), () => {})
  t.same(ledger.missing(), [], 'every accepted message arrived')
  t.same(refused, [], 'every answer was 201')
  t.same(
    agents.flatMap(({ changed }) => changed),
    [],
    'every user agent kept its UAID',
  )
  const { accepted, delivered, duplicates, lost } = ledger.totals()
  t.equal(accepted, 2 * LOAD_POSTS)
  t.comment(`| accepted ${accepted} | delivered ${delivered} | duplicates ${duplicates} | lost ${lost} |`)
  await Promise.all(agents.map((agent) => agent.want(false)))
  await nodes[0].restart()
})

t.test('SIGTERM of a node and of an endpoint: what is accepted is stored or answered, exit 0', async (t) => {
  const { client, uaid, endpoint: url } = await subscribed(nodes[0].url)
  const posts = endpoints.map((endpoint) => sender.post(at(endpoint, url), { text: 'in flight' }))
  await client.next('notification')
  await client.next('notification')
  const ends = await Promise.all([nodes[0].kill('SIGTERM'), endpoints[0].kill('SIGTERM')])
  for (const exit of ends) t.same(exit, { code: 0, signal: null })
  t.equal((await client.closed).code, 1001)
  for (const { status } of await Promise.all(posts)) t.equal(status, 201)
  const agent = { uaid, endpoint: at(endpoints[1], url) }
  const { client: later, stored } = await readStored(nodes[1].url, agent, sender)
  t.same(stored.map(textOf), ['in flight', 'in flight'])
  await later.close()
  await Promise.all([nodes[0].restart(), endpoints[0].restart()])
})

t.test(
  'NATS killed: messages are stored, user agents find them; back, they come at once again',
  async (t) => {
    const { client, endpoint: url } = await subscribed(nodes[1].url)
    const receive = async (text: string) => {
      const notification = await client.next('notification')
      client.ack(notification)
      t.equal(textOf(notification), text)
    }
    await cluster.nats.kill()
    await healthOfAll(503)
    t.equal((await sender.post(at(endpoints[0], url), { text: 'while NATS is away' })).status, 201)
    await receive('while NATS is away')
    t.equal((await sender.post(at(endpoints[1], url), { text: 'shortly before' })).status, 201)
    await cluster.nats.restart()
    await receive('shortly before')
    await healthOfAll(200)
    const posted = sender.post(at(endpoints[0], url), { text: 'online' })
    await receive('online')
    t.equal((await posted).status, 201)
    await client.close()
  },
)

t.test('MongoDB killed: who is connected goes on receiving, for others 503; back, it resumes', async (t) => {
  const { client, endpoint: url } = await subscribed(nodes[0].url)
  const offline = await subscribed(nodes[1].url)
  await offline.client.close()
  await cluster.mongodb.kill()
  await healthOfAll(503)
  for (const endpoint of endpoints) {
    const posted = sender.post(at(endpoint, url), { text: 'online' })
    client.ack(await client.next('notification'))
    t.equal((await posted).status, 201)
    const refused = await sender.post(at(endpoint, offline.endpoint), { text: 'refused' })
    t.equal(refused.status, 503)
    t.match(refused.headers['retry-after'], /^\d+$/)
  }
  await cluster.mongodb.restart()
  await healthOfAll(200)
  t.equal((await sender.post(offline.endpoint, { text: 'accepted' })).status, 201)
  const { client: later, stored } = await readStored(nodes[0].url, offline, sender)
  t.same(stored.map(textOf), ['accepted'])
  await Promise.all([client.close(), later.close()])
})
