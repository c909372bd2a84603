import { MongoClient } from 'mongodb'
import t from 'tap'
import { createSystemRandom, systemClock } from '../../cluster/clock.ts'
import { newUaid, type Uaid } from '../../push/ids.ts'
import { databaseOf } from '../../store/mongodb-client.ts'
import { collectionsOf, date, uuid } from '../../store/mongodb-schema.ts'
import { Cluster } from '../support/cluster.ts'
import { LeanAgent, type LeanHello } from '../support/lean-agent.ts'

const AGENTS = 10_000
/** Firefox gives up a connection whose hello is not answered by then. */
const ANSWERED_MS = 10_000
/**
 * A machine that is slower may take so many times as long as connecting all of them without haste took. Who is sent away comes again later and
 * later, so that the last one takes twice the time of the work; and that is no steady time, where others run beside it.
 */
const BUSY_RATIO = 10
/** Firefox comes again so long after a 503, twice as long after a second one. */
const RETRY_MS = 5000
/** Connected at a time where there is no hurry: few enough that nobody is sent away when the store stands still meanwhile. */
const AT_A_TIME = 250
const CHANNEL = 'c0ffee00-1234-4abc-8def-0123456789ab'

const { monotonicMs } = systemClock
// All of them come from one address.
const env = { PUSHGRID_ADDRESS_SILENT_MAX: `${2 * AGENTS}` }
const cluster = await Cluster.start({ nodes: 2, endpoints: 1, env })
t.teardown(() => cluster.stop())
const nodes = [cluster.node(0), cluster.node(1)] as const

t.test(`${AGENTS} user agents of a node that is killed come to the other one at once`, async (t) => {
  const random = createSystemRandom()
  const uaids = Array.from({ length: AGENTS }, () => newUaid(random))
  await registered(uaids)
  const connectingAtMs = monotonicMs()
  const before = await connected(uaids)
  const unhurriedMs = monotonicMs() - connectingAtMs
  await nodes[0].kill('SIGKILL')
  await Promise.all(before.map(({ closed }) => closed))

  const startedAtMs = monotonicMs()
  const answers = await Promise.all(
    uaids.map(async (uaid) => ({
      uaid,
      ...(await persistentHello(uaid)),
      afterMs: monotonicMs() - startedAtMs,
    })),
  )
  const wrong = answers.filter(({ uaid, hello }) => hello.outcome !== 'welcomed' || hello.uaid !== uaid)
  t.same(wrong.slice(0, 3), [], 'each is welcomed under its own id')
  const times = answers.map(({ afterMs }) => afterMs).sort((a, b) => a - b)
  const part = (fraction: number) => times[Math.ceil(AGENTS * fraction) - 1] ?? Number.NaN
  const came = answers.filter(({ refusals }) => refusals > 0).length
  const row = (...cells: readonly unknown[]) => t.comment(`| ${cells.join(' | ')} |`)
  row('come at once', 'p50 ms', 'p99 ms', 'last ms', 'sent away first', 'without haste, ms')
  row(AGENTS, ...[part(0.5), part(0.99), part(1)].map(Math.round), came, Math.round(unhurriedMs))
  const limitMs = Math.max(ANSWERED_MS, BUSY_RATIO * unhurriedMs)
  t.ok(part(1) < limitMs, 'and nobody waits as long as Firefox would not')
  for (const { hello } of answers) if (hello.outcome === 'welcomed') hello.agent.terminate()
})

/** Puts user agents with a channel each into the store: one by one, as they register, it would take half a minute. */
async function registered(uaids: readonly Uaid[]): Promise<void> {
  const { PUSHGRID_MONGODB_URL: mongodbUrl = '' } = cluster.settings
  const client = new MongoClient(mongodbUrl)
  const { agents } = collectionsOf(client.db(databaseOf(mongodbUrl)))
  const lastConnect = date(systemClock.nowMs())
  await agents.insertMany(
    uaids.map((uaid) => ({ _id: uuid(uaid), channels: { [CHANNEL]: '' }, lastConnect })),
  )
  await client.close()
}

/** Connects them to the first node, without haste. */
async function connected(uaids: readonly Uaid[]): Promise<LeanAgent[]> {
  const agents: LeanAgent[] = []
  for (let at = 0; at < uaids.length; at += AT_A_TIME) {
    const hellos = uaids.slice(at, at + AT_A_TIME).map((uaid) => LeanAgent.hello(nodes[0].url, uaid))
    for (const hello of await Promise.all(hellos)) {
      if (hello.outcome !== 'welcomed') throw new Error(`a connection was ${hello.outcome}`)
      agents.push(hello.agent)
    }
  }
  return agents
}

/** Connects to the second node, again after each 503 in the way of Firefox. */
async function persistentHello(uaid: Uaid): Promise<{ hello: LeanHello; refusals: number }> {
  for (let refusals = 0; ; refusals += 1) {
    const hello = await LeanAgent.hello(nodes[1].url, uaid)
    if (hello.outcome !== 'refused') return { hello, refusals }
    await new Promise<void>((resolve) => void systemClock.after(RETRY_MS * 2 ** refusals, resolve))
  }
}
