import t, { type Test } from 'tap'
import { systemClock } from '../cluster/clock.ts'
import { within } from '../cluster/within.ts'
import type { Notification } from './support/agent-client.ts'
import { becomes } from './support/becomes.ts'
import { Cluster, type Member } from './support/cluster.ts'
import { Ledger, type Posted } from './support/ledger.ts'
import { LoadAgent } from './support/load-agent.ts'
import { scrape } from './support/metrics.ts'
import { Sender, textOf } from './support/sender.ts'
import { subscribed } from './support/subscribed.ts'

const AGENTS = 60
/** Every user agent connects, is posted to and leaves so often. */
const ROUNDS = 6
const LATE_ROUNDS = 4
/** A user agent for whom all hints were lost looks into the store a minute after its hello at the latest. */
const COMPLETE_TIMEOUT_MS = 90_000
const DELIVERED = 'pushgrid_messages_total{outcome="delivered"}'

t.setTimeout(300_000)

/** Each node and each endpoint has another NATS server than the next one. */
const cluster = await Cluster.start({
  nodes: 3,
  endpoints: 3,
  natsServers: 3,
  // A busy machine may be slow to acknowledge.
  env: { PUSHGRID_ACK_GRACE_MS: '1500' },
})
const { nodes, endpoints, natsServers } = cluster
const sender = new Sender(2 * AGENTS)
t.teardown(() => cluster.stop())
t.teardown(() => sender.close())

/** What comes at a place of a list, which is gone round. */
function turn<T>(list: readonly T[], index: number): T {
  const item = list[index % list.length]
  if (item === undefined) throw new RangeError('the list is empty')
  return item
}

const at = (endpoint: Member, url: string) => new URL(new URL(url).pathname, endpoint.url).href

t.test(
  'a message posted to any endpoint reaches a user agent on any node, through the servers',
  async (t) => {
    for (const node of nodes) {
      const { client, endpoint: url } = await subscribed(node.url, {
        onNotification: (notification, agent) => agent.ack(notification),
      })
      for (const endpoint of endpoints) {
        const deliver = async (text: string) => {
          const posted = sender.post(at(endpoint, url), { text })
          t.equal(textOf(await client.next('notification')), text)
          t.equal((await posted).status, 201)
        }
        await deliver('perhaps by way of the store')
        const delivered = async () => (await scrape(endpoint.url)).value(DELIVERED) ?? 0
        const before = await delivered()
        const isAnother = async () => {
          await deliver('by way of the servers')
          return (await delivered()) > before
        }
        // What stands still for longer than the grace sends one more by way of the store.
        await becomes(t, isAnother, true, 'acknowledged before it was answered')
      }
      await client.close()
    }
  },
)

/** User agents with a subscription each that connect to another node each time. */
class Nomads {
  readonly ledger = new Ledger()
  readonly agents: readonly LoadAgent[]
  readonly refused: number[] = []
  #posts = 0
  #round = 0

  constructor() {
    const onNotification = (notification: Notification) => {
      this.ledger.received(JSON.parse(textOf(notification) ?? '') as Posted)
      return true
    }
    this.agents = Array.from({ length: AGENTS }, (_, index) => {
      const wsUrl = () => turn(nodes, index + this.#round).url
      return new LoadAgent({
        get wsUrl() {
          return wsUrl()
        },
        isUp: () => true,
        onNotification,
      })
    })
  }

  /** Lets all leave, and go to another node next time. */
  async leave(): Promise<void> {
    await Promise.all(this.agents.map((agent) => agent.want(false)))
    this.#round += 1
  }

  async post(agent: LoadAgent, endpoint: Member): Promise<void> {
    const posted: Posted = { id: `m${this.#posts}`, order: this.#posts++ }
    const { status } = await sender.post(at(endpoint, agent.endpoint), { text: JSON.stringify(posted) })
    if (status === 201) this.ledger.accepted(posted)
    else this.refused.push(status)
  }

  /** Asserts that all that was accepted arrives, in the sessions that are open now. */
  async complete(t: Test): Promise<void> {
    await within(systemClock, COMPLETE_TIMEOUT_MS, this.ledger.complete(), () => {})
    t.same(this.ledger.missing(), [], 'every accepted message arrived')
    t.same(this.refused, [], 'every answer was 201')
  }

  report(t: Test): void {
    const { accepted, delivered, duplicates, lost } = this.ledger.totals()
    t.comment(`| accepted ${accepted} | delivered ${delivered} | duplicates ${duplicates} | lost ${lost} |`)
  }
}

t.test('posted at one server while the user agent connects at another, nothing is lost', async (t) => {
  const nomads = new Nomads()
  const { agents } = nomads
  await Promise.all(agents.map((agent) => agent.comeBack()))
  for (let round = 0; round < ROUNDS; round += 1) {
    await nomads.leave()
    const coming = agents.map(async (agent, index) => {
      const during = nomads.post(agent, turn(endpoints, index + round))
      await agent.comeBack()
      await Promise.all([during, nomads.post(agent, turn(endpoints, index + round + 1))])
    })
    await Promise.all(coming)
    await nomads.complete(t)
  }
  await nomads.leave()
  nomads.report(t)
  t.equal(nomads.ledger.totals().accepted, 2 * ROUNDS * AGENTS)
})

t.test('a server that hangs hears late of who connects at the others; nothing is lost', async (t) => {
  const nomads = new Nomads()
  const { agents } = nomads
  await Promise.all(agents.map((agent) => agent.comeBack()))
  for (let round = 0; round < LATE_ROUNDS; round += 1) {
    await nomads.leave()
    const late = round % natsServers.length
    // Those who come to the node of the hanging server would wait for it.
    const comers = agents.filter((_, index) => (index + round + 1) % nodes.length !== late)
    const server = turn(natsServers, late)
    await server.pause()
    const posting: Promise<void>[] = []
    await Promise.all(
      comers.map(async (agent) => {
        posting.push(nomads.post(agent, turn(endpoints, late)))
        await agent.comeBack()
        posting.push(nomads.post(agent, turn(endpoints, late)))
      }),
    )
    server.resume()
    await Promise.all(posting)
    await nomads.complete(t)
  }
  await nomads.leave()
  nomads.report(t)
})
