import path from 'node:path'
import t, { type Test } from 'tap'
import { createSystemRandom, systemClock } from '../cluster/clock.ts'
import { within } from '../cluster/within.ts'
import { flagOf, OPTIONS, type Options, variableOf } from '../deploy/options.ts'
import { probePort } from '../deploy/ports.ts'
import { readOptions } from '../deploy/read-options.ts'
import { WORKER_CARE } from '../deploy/supervisor.ts'
import { startWorkers } from '../deploy/workers.ts'
import { Cluster, type Member } from './support/cluster.ts'
import { Ledger, type Posted } from './support/ledger.ts'
import { LoadAgent } from './support/load-agent.ts'
import { PushgridProcess } from './support/pushgrid-process.ts'
import { Sender, textOf } from './support/sender.ts'
import { readStored, subscribed } from './support/subscribed.ts'

const CLI = path.resolve(import.meta.dirname, '../deploy/cli.js')
const COMPLETE_TIMEOUT_MS = 15_000
const LOAD_AGENTS = 12
const LOAD_SENDERS = 4
/** Messages posted before a fault, while it lasts, and after it, at least. */
const LOAD_POSTS = 60
const SERVES = 'a worker serves'

const cluster = await Cluster.start({ nodes: 1, endpoints: 1, env: { PUSHGRID_WORKERS: '2' } })
const [node, endpoint] = [cluster.node(0), cluster.endpoint(0)]
const sender = new Sender()
t.teardown(() => cluster.stop())
t.teardown(() => sender.close())

/** A steady load on user agents, with a ledger. Senders repeat a POST whose connection broke; user agents come back. */
class Load {
  readonly ledger = new Ledger()
  readonly refused: number[] = []
  readonly #agents: readonly LoadAgent[]
  readonly #httpUrl: () => string
  #posts = 0
  #running = true
  #retries = 0
  #sending: Promise<unknown> = Promise.resolve()
  #watchers: (() => void)[] = []

  constructor(wsUrl: () => string, httpUrl: () => string) {
    this.#httpUrl = httpUrl
    this.#agents = Array.from(
      { length: LOAD_AGENTS },
      () =>
        new LoadAgent({
          get wsUrl() {
            return wsUrl()
          },
          isUp: () => this.#running,
          onNotification: (notification) => {
            this.ledger.received(JSON.parse(textOf(notification) ?? '') as Posted)
            return true
          },
        }),
    )
  }

  async start(): Promise<void> {
    await this.connect()
    this.#sending = Promise.all(Array.from({ length: LOAD_SENDERS }, () => this.#send()))
    await this.posted(LOAD_POSTS)
  }

  /** Brings back every user agent that lost its connection; one that meets a worker that ends tries again. */
  async connect(): Promise<void> {
    const join = async (agent: LoadAgent): Promise<void> => {
      try {
        await agent.want(true)
      } catch (error) {
        if (!/ECONN|socket|closed/i.test(String(error))) throw error
        return join(agent)
      }
    }
    await Promise.all(this.#agents.map(join))
  }

  /** Waits until so many more messages are posted. */
  async posted(count: number): Promise<void> {
    const end = this.#posts + count
    while (this.#posts < end) await new Promise<void>((resolve) => this.#watchers.push(resolve))
  }

  /** Ends the load, and asserts that nothing was lost and nothing refused. */
  async end(t: Test): Promise<void> {
    await this.posted(LOAD_POSTS)
    await this.connect()
    this.#running = false
    await this.#sending
    await within(systemClock, COMPLETE_TIMEOUT_MS, this.ledger.complete(), () => {})
    t.same(this.ledger.missing(), [], 'every accepted message arrived')
    t.same(this.refused, [], 'every answer was 201')
    t.same(
      this.#agents.flatMap(({ changed }) => changed),
      [],
      'every user agent kept its UAID',
    )
    const { accepted, delivered, duplicates, lost } = this.ledger.totals()
    t.ok(accepted >= 2 * LOAD_POSTS)
    t.comment(
      `| accepted ${accepted} | delivered ${delivered} | duplicates ${duplicates} | lost ${lost} | repeated by senders ${this.#retries} |`,
    )
  }

  async #send(): Promise<void> {
    while (this.#running) {
      const posted: Posted = { id: `m${this.#posts}`, order: this.#posts++ }
      const agent = this.#agents[posted.order % LOAD_AGENTS]
      const url = new URL(new URL(agent?.endpoint ?? '').pathname, this.#httpUrl()).href
      const status = await this.#post(url, JSON.stringify(posted))
      if (status === 201) this.ledger.accepted(posted)
      else this.refused.push(status)
      for (const watcher of this.#watchers.splice(0)) watcher()
    }
  }

  async #post(url: string, text: string): Promise<number> {
    try {
      return (await sender.post(url, { text })).status
    } catch {
      this.#retries += 1
      return this.#post(url, text)
    }
  }
}

/** Ends one worker of a parent by SIGKILL; resolves when another one serves in its place. */
async function killWorker({ process: parent }: Member, worker: number): Promise<void> {
  const { pid } = await parent.logged(SERVES, 1, (line) => line['worker'] === worker)
  process.kill(Number(pid), 'SIGKILL')
  const replaced = await parent.logged(SERVES, 2, (line) => line['worker'] === worker)
  if (replaced['pid'] === pid) throw new Error('it is the same process')
}

/** What startWorkers takes to run a role of the cluster in processes of this one. */
function workersOf(role: 'node' | 'endpoint') {
  const settings: Record<string, string> = {
    ...cluster.settings,
    PUSHGRID_WS_PORT: '0',
    PUSHGRID_HTTP_PORT: '0',
    PUSHGRID_LOG_LEVEL: 'fatal',
  }
  const args = Object.keys(OPTIONS).flatMap((name) => {
    const value = settings[variableOf(name)]
    return value === undefined ? [] : [flagOf(name), value]
  })
  const request = readOptions(args, {})
  if (request.kind !== 'options') throw new Error('no options')
  const options: Options = request.options
  return { program: { file: CLI, role, args }, options }
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

t.test('SIGKILL of a worker of the node and one of the endpoint under load', async (t) => {
  const load = new Load(
    () => node.url,
    () => endpoint.url,
  )
  await load.start()
  await Promise.all([killWorker(node, 1), load.posted(LOAD_POSTS)])
  await load.connect()
  await Promise.all([killWorker(endpoint, 2), load.posted(LOAD_POSTS)])
  await load.end(t)
})

for (const role of ['node', 'endpoint'] as const)
  t.test(`SIGSTOP of a worker of the ${role} under load: it is killed and replaced`, async (t) => {
    const pids = new Map<unknown, number[]>()
    let serves: () => void = () => {}
    const note = (fields: Readonly<Record<string, unknown>>, message: string) => {
      if (message !== SERVES) return
      pids.set(fields['worker'], [...(pids.get(fields['worker']) ?? []), Number(fields['pid'])])
      serves()
    }
    const { program, options } = workersOf(role)
    const deps = {
      clock: systemClock,
      random: createSystemRandom(),
      log: { info: note, warn() {}, error() {} },
    }
    const workers = await startWorkers(program, options, deps, {
      ...WORKER_CARE,
      pingMs: 100,
      unansweredAtStartMax: 300,
    })
    const { wsPort, httpPort } = workers.listening
    const load = new Load(
      () => (wsPort === undefined ? node.url : `ws://127.0.0.1:${wsPort}/`),
      () => (httpPort === undefined ? endpoint.url : `http://127.0.0.1:${httpPort}`),
    )
    await load.start()
    const replaced = new Promise<void>((resolve) => {
      serves = resolve
    })
    const [stopped = 0] = pids.get(2) ?? []
    process.kill(stopped, 'SIGSTOP')
    await replaced
    t.equal(pids.get(2)?.length, 2)
    await load.end(t)
    t.equal(await workers.stop(), 'stopped')
  })

t.test('SIGTERM: workers store what is in flight and all exit with 0', async (t) => {
  const { client, uaid, endpoint: url } = await subscribed(node.url)
  const post = sender.post(url, { text: 'in flight' })
  await client.next('notification')
  const ends = await Promise.all([node.kill('SIGTERM'), endpoint.kill('SIGTERM')])
  for (const exit of ends) t.same(exit, { code: 0, signal: null })
  t.equal((await client.closed).code, 1001)
  t.equal((await post).status, 201)
  await Promise.all([node.restart(), endpoint.restart()])
  const { client: later, stored } = await readStored(node.url, { uaid, endpoint: url }, sender)
  t.same(stored.map(textOf), ['in flight'])
  await later.close()
})

t.test('Ctrl+C in a terminal, which reaches parent and workers, is one stop', async (t) => {
  const { process: parent } = node
  for (const { pid } of parent.lines(SERVES)) process.kill(Number(pid), 'SIGINT')
  t.same(await node.kill('SIGINT'), { code: 0, signal: null })
  await node.restart()
})

t.test('SIGKILL of the parent: no worker is left, and what is in flight is stored', async (t) => {
  const { client, uaid, endpoint: url } = await subscribed(node.url)
  const post = sender.post(url, { text: 'in flight' })
  await client.next('notification')
  // It resolves when nobody holds its output any more: neither parent nor worker.
  t.same(await node.kill('SIGKILL'), { code: null, signal: 'SIGKILL' })
  t.equal((await client.closed).code, 1001)
  t.equal((await post).status, 201)
  const port = Number(new URL(node.url).port)
  t.equal(await probePort('127.0.0.1', port, 'wsPort'), port, 'the port is free')
  await node.restart()
  const { client: later, stored } = await readStored(node.url, { uaid, endpoint: url }, sender)
  t.same(stored.map(textOf), ['in flight'])
  await later.close()
})

t.test('port 0 is one port for all, and another parent on it is refused', async (t) => {
  const first = new PushgridProcess('node', { ...cluster.settings, PUSHGRID_WS_PORT: '0' })
  const { wsPort = 0 } = await first.listening
  t.ok(wsPort > 0)
  const second = new PushgridProcess('node', { ...cluster.settings, PUSHGRID_WS_PORT: `${wsPort}` })
  await t.rejects(second.listening, { message: /ended \(1\)/ })
  t.match(second.output, `pushgrid: port ${wsPort} on 127.0.0.1 is in use`)
  t.same(await first.kill('SIGTERM'), { code: 0, signal: null })
})

t.test('where no worker can start the reason is said once, and the exit code is 1', async (t) => {
  const settings = { ...cluster.settings, PUSHGRID_WS_PORT: '0' }
  for (const broken of [
    { PUSHGRID_MONGODB_URL: 'mongodb://127.0.0.1:1/push' },
    { PUSHGRID_SERVICE_KEYS: '' },
  ]) {
    const parent = new PushgridProcess('node', { ...settings, ...broken })
    await t.rejects(parent.listening, { message: /ended \(1\)/ })
    const lines = parent.output.split('\n').filter((line) => line.startsWith('pushgrid: '))
    t.equal(lines.length, 1, lines.join('\n'))
    t.match(lines[0], /the store can't start|needs PUSHGRID_SERVICE_KEYS/)
  }
})
