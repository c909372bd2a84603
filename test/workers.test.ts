import path from 'node:path'
import t from 'tap'
import { createSystemRandom, systemClock } from '../cluster/clock.ts'
import { flagOf, OPTIONS, variableOf } from '../deploy/options.ts'
import { readOptions } from '../deploy/read-options.ts'
import { WORKER_CARE } from '../deploy/supervisor.ts'
import { startWorkers } from '../deploy/workers.ts'
import type { LogFields } from '../push/log.ts'
import { becomes } from './support/becomes.ts'
import { Cluster, type Member } from './support/cluster.ts'
import { scrape } from './support/metrics.ts'
import { checkMetrics } from './support/promtool-program.ts'
import { Sender } from './support/sender.ts'
import { SteadyLoad } from './support/steady-load.ts'
import { subscribed } from './support/subscribed.ts'

const CLI = path.resolve(import.meta.dirname, '../deploy/cli.js')
/** Messages posted while a worker is killed and replaced, at least. */
const KILL_POSTS = 60
const SERVES = 'a worker serves'

const cluster = await Cluster.start({ nodes: 1, endpoints: 1, env: { PUSHGRID_WORKERS: '2' } })
const [node, endpoint] = [cluster.node(0), cluster.endpoint(0)]
t.teardown(() => cluster.stop())

/** Ends one worker of a parent by SIGKILL; resolves when another one serves in its place. */
async function killWorker({ process: parent }: Member, worker: number): Promise<void> {
  const starts = parent.lines(SERVES).filter((line) => line['worker'] === worker)
  const pid = starts.at(-1)?.['pid']
  process.kill(Number(pid), 'SIGKILL')
  const replaced = await parent.logged(SERVES, starts.length + 1, (line) => line['worker'] === worker)
  if (replaced['pid'] === pid) throw new Error('it is the same process')
}

/** Two workers of a role of the cluster whose parent is this process, so that hung ones are noticed sooner. */
async function ownWorkers(role: 'node' | 'endpoint') {
  const settings: Record<string, string> = { ...cluster.settings, PUSHGRID_LOG_LEVEL: 'fatal' }
  for (const port of ['PUSHGRID_WS_PORT', 'PUSHGRID_HTTP_PORT']) settings[port] = '0'
  const args = Object.keys(OPTIONS).flatMap((name) => {
    const value = settings[variableOf(name)]
    return value === undefined ? [] : [flagOf(name), value]
  })
  const request = readOptions(args, {})
  if (request.kind !== 'options') throw new Error('no options')
  const pids: number[] = []
  let tell: (pid: number) => void = () => {}
  const replaced = new Promise<number>((resolve) => {
    tell = resolve
  })
  const info = ({ pid }: LogFields, message: string) => {
    if (message === SERVES && pids.push(Number(pid)) === 3) tell(Number(pid))
  }
  const log = { info, warn() {}, error() {} }
  const deps = { clock: systemClock, random: createSystemRandom(), log }
  const care = { ...WORKER_CARE, pingMs: 300, unansweredAtStartMax: 200 }
  const { listening, stop } = await startWorkers({ file: CLI, role, args }, request.options, deps, care)
  return { listening, stop, pids, replaced }
}

/** The value of a series. A worker that takes longer than a second to tell counts with what it told last. */
async function valueAt({ url }: Member, series: string): Promise<number | undefined> {
  return (await scrape(url)).value(series)
}

t.test('"listening" is said once, when all workers serve', async (t) => {
  for (const member of [node, endpoint]) {
    const [line, ...more] = member.process.lines('listening')
    t.match(line, { workers: 2, publicUrl: cluster.settings['PUSHGRID_PUBLIC_URL'] })
    t.same(more, [])
    t.same(
      member.process
        .lines(SERVES)
        .map(({ worker }) => worker)
        .sort(),
      [1, 2],
    )
    t.equal(await member.health(), 200)
  }
})

t.test('/metrics of either port is of all workers, and does not fall when one dies', async (t) => {
  const agents = await Promise.all(Array.from({ length: 16 }, () => subscribed(node.url)))
  for (let scrapes = 0; scrapes < 4; scrapes += 1)
    await becomes(t, () => valueAt(node, 'pushgrid_connections'), agents.length)
  const sender = new Sender()
  for (const { endpoint: url } of agents) await sender.post(url, { ttl: 0 })
  const outcome = 'pushgrid_messages_total{outcome="delivered"}'
  await becomes(t, () => valueAt(endpoint, outcome), agents.length)
  await killWorker(endpoint, 1)
  await becomes(t, () => valueAt(endpoint, outcome), agents.length)
  t.equal(await checkMetrics((await scrape(endpoint.url)).text), '')
  await sender.close()
  await Promise.all(agents.map(({ client }) => client.close()))
})

t.test('SIGKILL of a worker of the node and one of the endpoint under load', async (t) => {
  const load = new SteadyLoad(node.url, endpoint.url)
  await load.start()
  await Promise.all([killWorker(node, 1), load.posted(KILL_POSTS)])
  await load.connect()
  await Promise.all([killWorker(endpoint, 2), load.posted(KILL_POSTS)])
  await load.end(t)
})

t.test('SIGSTOP of a worker of each under load: it is killed and replaced', async (t) => {
  const workers = await Promise.all([ownWorkers('node'), ownWorkers('endpoint')])
  const [{ wsPort }, { httpPort }] = [workers[0].listening, workers[1].listening]
  const load = new SteadyLoad(`ws://127.0.0.1:${wsPort}/`, `http://127.0.0.1:${httpPort}`)
  await load.start()
  for (const { pids, replaced } of workers) {
    const [hung = 0] = pids
    process.kill(hung, 'SIGSTOP')
    t.not(await replaced, hung)
  }
  await load.end(t)
  for (const { stop } of workers) t.equal(await stop(), 'stopped')
})
