import t, { type Test } from 'tap'
import { systemClock } from '../../cluster/clock.ts'
import { seededRandom } from '../../cluster/seeded-random.ts'
import { within } from '../../cluster/within.ts'
import { Cluster, type Member } from '../support/cluster.ts'
import { type FaultRow, faultTable } from '../support/fault-table.ts'
import { Fleet, type FleetAgent } from '../support/fleet.ts'
import { OpenLoad } from '../support/open-load.ts'
import { ReceiptLedger } from '../support/receipt-ledger.ts'
import { testSeed } from '../support/seed.ts'
import { Sender } from '../support/sender.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'

const AGENTS = 500
/** User agents that are offline during a fault: what they are sent has to be stored. */
const AWAY = 50
/** Messages answered before a fault, while something is dead, and after it. */
const ANSWERS = 120
/** Messages refused while the store is down, at least. */
const REFUSALS = 10
/**
 * Part of the messages that may be refused by a fault that leaves the store alone: a process that hangs finds the time of what it asked the
 * store run out when it goes on, whatever came of that; and where NATS hangs, all that is asked meanwhile times out, and goes to the store.
 */
const REFUSED_PART = 0.05
const HANG_MS = 10_000
const CONNECTIONS = 512
const HEALTH_TIMEOUT_MS = 60_000
/** A user agent for whom all hints were lost looks into the store a minute after its hello at the latest. */
const COMPLETE_TIMEOUT_MS = 90_000
/** For receipts, once all has arrived: what was acknowledged to a process that died is sent, and acknowledged, once more. */
const RECEIPTS_TIMEOUT_MS = 90_000

t.setTimeout(600_000)

const seed = testSeed()
t.comment(`seed ${seed}: PUSHGRID_TEST_SEED=${seed} draws the same numbers`)
const random = seededRandom(seed)
const natsProxy = await TcpProxy.start()
const cluster = await Cluster.start({
  nodes: 2,
  endpoints: 2,
  natsServers: 3,
  natsProxy,
  // The cap and the end of redelivery are ways a message may rightly end: far away here.
  env: {
    PUSHGRID_RECHECK_SOON_MS: '1000',
    PUSHGRID_DRAIN_MS: '1000',
    PUSHGRID_STORED_MAX: '100000',
    PUSHGRID_SENDS_MAX: '100',
    // An acknowledgement may be late where a server starts meanwhile, and so may the store. What hangs hangs for longer.
    PUSHGRID_ACK_GRACE_MS: '1000',
    PUSHGRID_PUT_TIMEOUT_MS: '6000',
    PUSHGRID_ASK_TIMEOUT_MS: '7500',
  },
})
const { nodes, endpoints, natsServers, mongodb, members } = cluster
const [node, endpoint] = [cluster.node(0), cluster.endpoint(0)]
const fleet = new Fleet(nodes, AGENTS)
const sender = new Sender(CONNECTIONS)
t.teardown(async () => {
  await Promise.all([fleet.stop(), sender.close()])
  await Promise.all([cluster.stop(), natsProxy.stop()])
})

/** Something that can be made to fail. */
interface Fault {
  readonly name: string
  /** Nodes whose user agents are disconnected; nobody else may notice. */
  readonly hurts?: readonly Member[]
  /** Whether what would have to be stored is refused meanwhile. */
  readonly storeDown?: boolean
  /** Lets it fail and come back. */
  happen(load: OpenLoad): Promise<void>
}

interface Killed {
  kill(signal: 'SIGKILL'): Promise<unknown>
  restart(): Promise<void>
}

interface Hung {
  pause(): void | Promise<void>
  resume(): void
}

const rows: FaultRow[] = []

function killed(name: string, server: Killed, more: Partial<Fault> = {}): Fault {
  return {
    name: `${name} killed`,
    ...more,
    async happen(load) {
      await server.kill('SIGKILL')
      await fleet.connected()
      await load.answered(ANSWERS)
      if (more.storeDown) await load.refused(REFUSALS)
      await server.restart()
    },
  }
}

function hung(name: string, server: Hung, more: Partial<Fault> = {}): Fault {
  return {
    name: `${name} for ${HANG_MS / 1000} s`,
    ...more,
    async happen() {
      await server.pause()
      await new Promise<void>((resolve) => void systemClock.after(HANG_MS, resolve))
      server.resume()
    },
  }
}

/** Ends everything by SIGTERM, one after the other, and starts it again. */
const rollingRestart: Fault = {
  name: 'all restarted, one by one',
  hurts: nodes,
  storeDown: true,
  async happen(load) {
    for (const server of [...natsServers, mongodb, ...endpoints, ...nodes]) {
      const exit = await server.kill('SIGTERM')
      if (exit !== undefined && exit.code !== 0) throw new Error(`exit code ${exit.code}`)
      if (server === mongodb) await load.refused(REFUSALS)
      await fleet.connected()
      await server.restart()
      await healthy()
      await load.answered(ANSWERS / 4)
      // What this one delayed is not to meet the end of the next one: an ask that has timed out needs the store.
      await load.caughtUp()
    }
  },
}

const faults: readonly Fault[] = [
  killed('node', node, { hurts: [node] }),
  killed('endpoint', endpoint),
  ...natsServers.map((server, index) => killed(`nats-server ${index + 1}`, server)),
  killed('MongoDB server', mongodb, { storeDown: true }),
  rollingRestart,
  // By now each process is back at the NATS server it begins with.
  hung('node hangs', node),
  hung('endpoint hangs', endpoint),
  hung('endpoint cut off from its nats-server', {
    pause: () => natsProxy.cut(),
    resume: () => natsProxy.heal(),
  }),
  ...natsServers.map((server, index) => hung(`nats-server ${index + 1} hangs`, server)),
  hung('MongoDB server hangs', mongodb, { storeDown: true }),
]

/** Waits until all processes are ready. */
async function healthy(): Promise<void> {
  const polling = members.map(async (member) => {
    while ((await member.health()) !== 200);
  })
  await within(systemClock, HEALTH_TIMEOUT_MS, Promise.all(polling).then(), () => {
    throw new Error(`not all are healthy within ${HEALTH_TIMEOUT_MS} ms`)
  })
}

/** User agents that are offline this time: others than last time. */
function drawAway(): ReadonlySet<FleetAgent> {
  const first = Math.floor(random.fraction() * AGENTS)
  const drawn = Array.from({ length: AWAY }, (_, index) => fleet.agents[(first + index) % AGENTS])
  return new Set(drawn.filter((agent) => agent !== undefined))
}

const arrivalsAt = (load: OpenLoad, agents: readonly FleetAgent[]) =>
  agents.reduce((sum, agent) => sum + (load.arrivals.get(agent) ?? 0), 0)

/** A ledger with a receipt subscription, which a message to this user agent is given. */
async function startReceipts({ endpoint: url }: FleetAgent): Promise<ReceiptLedger> {
  const receipts = new ReceiptLedger(sender)
  const here = new URL(new URL(url).pathname, endpoint.url).href
  await receipts.start(here, JSON.stringify({ id: 'first', order: -1 }))
  return receipts
}

/** Reads receipts until none is missing, or for as long as may be. */
async function readReceipts(receipts: ReceiptLedger): Promise<void> {
  const read = async () => {
    do await receipts.fetch(1)
    while (receipts.missing().length > 0)
  }
  await within(systemClock, RECEIPTS_TIMEOUT_MS, read(), () => {})
}

/** Puts load on the cluster, lets something fail and come back, and judges what users saw. */
async function endure(t: Test, fault: Fault): Promise<void> {
  const { hurts = [], storeDown = false } = fault
  const away = drawAway()
  await fleet.settle(away)
  const others = fleet.agents.filter((agent) => !away.has(agent) && !hurts.includes(agent.home))
  const lossesBefore = new Map(fleet.agents.map((agent) => [agent, agent.losses]))
  const [first] = fleet.agents
  if (first === undefined) throw new RangeError('there are no user agents')
  const receipts = await startReceipts(first)
  const load = new OpenLoad(fleet, endpoints, { sender, random, receipts })
  load.start()
  await load.answered(ANSWERS)

  const arrivedBefore = arrivalsAt(load, others)
  await fault.happen(load)
  const arrivedMeanwhile = arrivalsAt(load, others) - arrivedBefore
  await healthy()
  const healedAt = load.posts
  await load.answered(ANSWERS)
  await load.stop()
  await fleet.settle(new Set())
  await within(systemClock, COMPLETE_TIMEOUT_MS, load.ledger.complete(), () => {})
  await readReceipts(receipts)

  const { accepted, delivered, duplicates, lost } = load.ledger.totals()
  const { refusals, longestStallMs } = load
  rows.push({
    fault: fault.name,
    accepted,
    delivered,
    duplicates,
    lost,
    refused: refusals.length,
    longestStallMs,
    receipts: receipts.totals(),
  })
  t.comment(`${load.repeated} POSTs whose connection broke were repeated`)
  t.same(load.ledger.missing().slice(0, 3), [], 'every accepted message arrived')
  t.ok(receipts.awaited > ANSWERS / 10, 'receipts were asked for')
  t.same(receipts.missing().slice(0, 3), [], 'every accepted message that one was asked for has a receipt')
  t.same(receipts.wrong().slice(0, 3), [], 'which says 204, and nothing else')
  const wrong = refusals.filter(({ status, retryAfter }) => status !== 503 || !/^\d+$/.test(retryAfter ?? ''))
  t.same(wrong.slice(0, 3), [], 'every answer was 201 or 202, or 503 with Retry-After')
  // Elsewhere one whose ask has timed out has to be stored, which a store that is busy with many of them may refuse.
  if (storeDown)
    t.same(
      refusals.filter(({ toConnected, asksReceipt }) => toConnected && !asksReceipt).slice(0, 3),
      [],
      'no message to a connected user agent was refused, unless its receipt had to be safe first',
    )
  else t.ok(refusals.length <= accepted * REFUSED_PART, `${refusals.length} were refused`)
  t.same(refusals.filter(({ order }) => order >= healedAt).slice(0, 3), [], 'and nothing once all was well')
  t.equal(others.filter((agent) => agent.losses > (lossesBefore.get(agent) ?? 0)).length, 0, 'others stayed')
  if (others.length > 0) t.ok(arrivedMeanwhile > 0, 'messages went on to arrive at them')
  t.same(
    fleet.agents.flatMap(({ changed }) => changed),
    [],
    'every user agent kept its UAID',
  )
}

t.test(`${AGENTS} user agents connect and subscribe`, async (t) => {
  await fleet.settle(new Set())
  t.ok(fleet.agents.every((agent) => agent.endpoint !== ''))
})

for (const fault of faults) t.test(fault.name, (t) => endure(t, fault))

t.test('what became of the messages', async (t) => {
  for (const line of faultTable(rows)) t.comment(line)
  t.equal(rows.length, faults.length)
})
