import t, { type Test } from 'tap'
import { systemClock } from '../cluster/clock.ts'
import { Rendezvous } from '../cluster/rendezvous.ts'
import { within } from '../cluster/within.ts'
import { agentAddress } from '../push/agent-requests.ts'
import { parseUaid } from '../push/ids.ts'
import { type CellName, CellsCluster } from './support/cells-cluster.ts'
import type { Member } from './support/cluster.ts'
import { Ledger, type Posted } from './support/ledger.ts'
import { LoadAgent } from './support/load-agent.ts'
import { Sender, textOf } from './support/sender.ts'
import { connectedBus, type TestBus } from './support/test-bus.ts'

const HEALTH_TIMEOUT_MS = 60_000
const COMPLETE_TIMEOUT_MS = 90_000
/** Pause between two messages of one of the senders of the steady load, and between two looks at a health check. */
const LOAD_PAUSE_MS = 10
/** How long an answer is waited for that does not come, and one that does. */
const UNANSWERED_MS = 200
const ABSENT_MS = 60_000
/** Messages posted in the state that each step of a change leads to, at least. */
const LOAD_EACH_STEP = 60
const LOAD_SENDERS = 3
/** User agents at least that have each cell before and after each change. */
const AGENTS_EACH = 2

const cluster = await CellsCluster.start('east west', { PUSHGRID_RECHECK_SOON_MS: '1000' })
const { nodes, endpoints, servers, mongodb } = cluster
const sender = new Sender()
t.teardown(() => cluster.stop())
t.teardown(() => sender.close())

const ledger = new Ledger()
const agents = await connectedAgents()
const refused: number[] = []
let posted = 0

/** The cell that a user agent belongs to. */
function cellOf({ uaid }: LoadAgent, cells: readonly CellName[]): CellName {
  const id = parseUaid(uaid)
  if (id === undefined) throw new Error('it has no UAID')
  return new Rendezvous(cells.map((name) => ({ name }))).of(agentAddress(id)).name
}

/** Connects user agents, by turns to both nodes, until there are some of each kind. */
async function connectedAgents(): Promise<readonly LoadAgent[]> {
  const connected: LoadAgent[] = []
  const kinds = new Map<string, number>()
  const ways = ['east east', 'east north', 'west west', 'west north']
  while (ways.some((way) => (kinds.get(way) ?? 0) < AGENTS_EACH)) {
    const node = nodes.members[connected.length % 2 === 0 ? 0 : 1]
    const agent = new LoadAgent({
      wsUrl: node.url,
      isUp: () => true,
      onNotification(notification) {
        ledger.received(JSON.parse(textOf(notification) ?? '') as Posted)
        return true
      },
    })
    await agent.want(true)
    connected.push(agent)
    const way = `${cellOf(agent, ['east', 'west'])} ${cellOf(agent, ['east', 'west', 'north'])}`
    kinds.set(way, (kinds.get(way) ?? 0) + 1)
  }
  return connected
}

/** Posts one message to a user agent by way of one of the endpoints. */
async function post(agent: LoadAgent, by = sender): Promise<void> {
  const message: Posted = { id: `m${posted}`, order: posted }
  const endpoint = endpoints.members[posted % 3 === 0 ? 0 : 1]
  posted += 1
  const url = new URL(new URL(agent.endpoint).pathname, endpoint.url).href
  const { status } = await by.post(url, { text: JSON.stringify(message) })
  if (status === 201) ledger.accepted(message)
  else refused.push(status)
}

/** Posts to all user agents by turns until it is stopped. `goOn` resolves after some more messages. */
function steadyLoad(): { goOn(): Promise<void>; stop(): Promise<void> } {
  let stopped = false
  const send = async (first: number) => {
    for (let turn = first; !stopped; turn += LOAD_SENDERS) {
      const agent = agents[turn % agents.length]
      if (agent !== undefined) await post(agent)
      await pause()
    }
  }
  const sending = Promise.all(Array.from({ length: LOAD_SENDERS }, (_, first) => send(first)))
  return {
    async goOn() {
      for (const end = posted + LOAD_EACH_STEP; posted < end; await pause());
    },
    async stop() {
      stopped = true
      await sending
    },
  }
}

interface Health {
  readonly status: 'OK' | 'ERROR'
  readonly bus: {
    readonly status: 'OK' | 'ERROR'
    readonly reason?: string
    readonly settled: boolean
    readonly cells: Readonly<Record<string, { readonly connected: boolean; readonly change?: string }>>
  }
}

/** Waits until these processes report what is wanted. */
async function healthy(
  members: readonly Member[],
  wanted: string,
  is: (health: Health) => boolean,
): Promise<void> {
  const polling = members.map(async (member) => {
    for (;;) {
      const { body } = await member.healthReport()
      if (is(body as Health)) return
      await pause()
    }
  })
  await within(systemClock, HEALTH_TIMEOUT_MS, Promise.all(polling).then(), () => {
    throw new Error(`not all are ${wanted} within ${HEALTH_TIMEOUT_MS} ms`)
  })
}

const isConnected = (health: Health) => Object.values(health.bus.cells).every(({ connected }) => connected)

/** Gives a group of processes a map and waits until it is in force with all listening in its place, as an operator does. */
async function step(group: typeof nodes, map: string): Promise<void> {
  await cluster.give(group, map)
  const words = map.split(' ').toSorted()
  await healthy(group.members, `settled with ${map}`, (health) => {
    const { settled, cells, status } = health.bus
    const marked = Object.entries(cells).map(([name, { change }]) => `${marks[change ?? ''] ?? ''}${name}`)
    const isGiven = `${marked.toSorted()}` === `${words}`
    return isGiven && settled && status === 'OK' && isConnected(health)
  })
}

const marks: Readonly<Record<string, string>> = { adding: '+', removing: '-' }

async function complete(t: Test): Promise<void> {
  await within(systemClock, COMPLETE_TIMEOUT_MS, ledger.complete(), () => {})
  t.same(ledger.missing(), [], 'every accepted message arrived')
  t.same(refused, [], 'every answer was 201')
  t.ok(
    agents.every((agent) => agent.isConnected),
    'nobody was disconnected',
  )
  const { accepted, delivered, duplicates, lost } = ledger.totals()
  t.comment(`| accepted ${accepted} | delivered ${delivered} | duplicates ${duplicates} | lost ${lost} |`)
}

/** Asks for a user agent in a cell. Who is there does not understand, and answers nothing; that nobody is there a busy machine may say late. */
function find(cell: TestBus, { uaid }: LoadAgent, isExpected: boolean) {
  return cell.ask(`push.ua.${uaid}`, { text: '?' }, isExpected ? UNANSWERED_MS : ABSENT_MS)
}

t.test('a message is delivered through the cell of its user agent', async (t) => {
  for (const agent of agents) await post(agent)
  await complete(t)
  const probes = {
    east: await connectedBus(t, [servers.east]),
    west: await connectedBus(t, [servers.west]),
  }
  for (const agent of agents) {
    const own = cellOf(agent, ['east', 'west'])
    for (const name of ['east', 'west'] as const) {
      const reply = await find(probes[name], agent, name === own)
      if ((reply === 'absent') !== (name !== own)) t.fail(`${own} in ${name}: ${JSON.stringify(reply)}`)
    }
  }
})

t.test('a cell that is killed hurts its own user agents only, and they lose nothing', async (t) => {
  await servers.west.kill()
  await healthy(cluster.members, 'without west', (health) => {
    const { east, west } = health.bus.cells
    return health.bus.status === 'OK' && east?.connected === true && west?.connected === false
  })
  const before = ledger.totals()
  await Promise.all(agents.map((agent) => post(agent)))
  await complete(t)
  t.equal(
    ledger.totals().delivered - before.delivered,
    agents.length,
    'those of west by looking into the store',
  )
  const [, endpoint] = endpoints.members
  await endpoint.kill('SIGTERM')
  await endpoint.restart()
  await Promise.all(agents.map((agent) => post(agent)))
  await complete(t)
  await servers.west.restart()
  await healthy(cluster.members, 'connected to all', isConnected)
})

t.test('while a cell hangs, messages to user agents of another are not held up', async (t) => {
  const [east = [], west = []] = ['east', 'west'].map((name) =>
    agents.filter((agent) => cellOf(agent, ['east', 'west']) === name),
  )
  // What is for west ends in the store: as long as that hangs, too, none of it is answered, however slow the machine is.
  await Promise.all([mongodb.pause(), servers.west.pause()])
  const answered: string[] = []
  const noting = (name: string, by: Sender) => async (agent: LoadAgent) => {
    await post(agent, by)
    answered.push(name)
  }
  // Connections of their own: a request on one that is taken by a message to west would wait for west.
  const toWest = new Sender()
  t.teardown(() => toWest.close())
  const ofWest = west.map(noting('west', toWest))
  await Promise.all(east.map(noting('east', sender)))
  t.notOk(answered.includes('west'), 'west is waited for by its own senders only')
  mongodb.resume()
  await Promise.all(ofWest)
  servers.west.resume()
  await healthy(cluster.members, 'connected to all', isConnected)
  await complete(t)
})

t.test('a cell is added under load in four steps: nothing is lost and nobody disconnected', async (t) => {
  const load = steadyLoad()
  for (const [group, map] of [
    [nodes, 'east west +north'],
    [endpoints, 'east west +north'],
    [nodes, 'east west north'],
    [endpoints, 'east west north'],
  ] as const) {
    await step(group, map)
    await load.goOn()
  }
  await load.stop()
  await complete(t)
  const probe = await connectedBus(t, [servers.north])
  for (const agent of agents) {
    const isThere = cellOf(agent, ['east', 'west', 'north']) === 'north'
    const reply = await find(probe, agent, isThere)
    if ((reply !== 'absent') !== isThere) t.fail(`in north: ${JSON.stringify(reply)}`)
  }
})

t.test('a cell is removed under load in four steps, and is needed no more', async (t) => {
  const load = steadyLoad()
  for (const [group, map] of [
    [nodes, 'east -west north'],
    [endpoints, 'east -west north'],
    [nodes, 'east north'],
    [endpoints, 'east north'],
  ] as const) {
    await step(group, map)
    await load.goOn()
  }
  await servers.west.kill()
  await load.goOn()
  await load.stop()
  await complete(t)
  await servers.west.restart()
})

t.test('a map that can not be read changes nothing', async (t) => {
  for (const text of ['east=nats://me:hunter2', 'east;east', '+east']) await cluster.give(endpoints, text)
  const [endpoint] = endpoints.members
  await within(systemClock, HEALTH_TIMEOUT_MS, logged(endpoint, 'the map of cells stays as it is'), () => {
    throw new Error(`nothing is logged:\n${endpoint.output}`)
  })
  t.notMatch(endpoint.output, 'hunter2')
  t.match(await endpoint.healthReport(), { status: 200, body: { bus: { settled: true } } })
  await step(endpoints, 'east north')
})

t.test('a process with another map than the others is not ready, and says why; the others are', async (t) => {
  const [right, wrong] = endpoints.members
  await cluster.write(endpoints, 'east')
  wrong.hangUp()
  const reason = '3 other processes have had another map of cells for longer'
  await healthy([wrong], 'not ready', ({ status, bus }) => status === 'ERROR' && bus.reason === reason)
  const report = await wrong.healthReport()
  t.equal(report.status, 503)
  t.match(report.body, { bus: { status: 'ERROR', reason } })
  t.notMatch(JSON.stringify(report.body), /nats:|127\.0\.0\.1/)
  for (const member of [...nodes.members, right]) t.equal(await member.health(), 200)
  await logged(wrong, 'this one is not ready until they agree')
  await logged(right, 'a newer process has another map of cells')
  await step(endpoints, 'east north')
  await healthy(cluster.members, 'ready', ({ status }) => status === 'OK')
})

/** Resolves when a process has logged this. */
async function logged(member: Member, text: string): Promise<void> {
  while (!member.output.includes(text)) await pause()
}

function pause(): Promise<void> {
  return new Promise((resolve) => void systemClock.after(LOAD_PAUSE_MS, resolve))
}
