import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'
import { systemClock } from '../cluster/clock.ts'
import { within } from '../cluster/within.ts'
import { PROXY_CONFIGURATION } from './local-cluster/local-cluster.ts'
import { AgentClient } from './support/agent-client.ts'
import { HAPROXY } from './support/haproxy-program.ts'
import { requireProgram } from './support/programs.ts'
import { Sender, textOf } from './support/sender.ts'
import { subscribed } from './support/subscribed.ts'

const MAIN = path.join(import.meta.dirname, 'local-cluster/main.js')
const PARTS = [
  'nats-1',
  'nats-2',
  'nats-3',
  'mongodb',
  'node-1',
  'node-2',
  'endpoint-1',
  'endpoint-2',
  'haproxy',
]
const TIMEOUT_MS = 60_000

/** One run of `npm run cluster`. */
class Run {
  output = ''
  readonly #exit: Promise<number | null>
  readonly #child
  #watchers: (() => void)[] = []

  constructor(t: Test, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const child = spawn(process.execPath, [MAIN, ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    for (const stream of [child.stdout, child.stderr])
      createInterface(stream).on('line', (line) => {
        this.output += `${line}\n`
        for (const watcher of this.#watchers.splice(0)) watcher()
      })
    this.#exit = new Promise((resolve) => {
      child.once('close', (code) => {
        resolve(code)
        for (const watcher of this.#watchers.splice(0)) watcher()
      })
    })
    t.teardown(() => {
      child.kill('SIGINT')
      return this.#exit
    })
  }

  /** Waits until it has written that. */
  async says(text: string): Promise<void> {
    const said = async () => {
      while (!this.output.includes(text)) {
        if (this.#child.exitCode !== null) throw new Error(`it ended before "${text}":\n${this.output}`)
        await new Promise<void>((resolve) => this.#watchers.push(resolve))
      }
    }
    await this.#bounded(said(), `said "${text}"`)
  }

  /** The process of a part, as the table says. */
  pidOf(part: string): number {
    const [, pid] = new RegExp(`^  ${part} .*pid (\\d+)`, 'm').exec(this.output) ?? []
    if (pid === undefined) throw new Error(`there is no ${part}:\n${this.output}`)
    return Number(pid)
  }

  addressOf(what: string): string {
    return new RegExp(`${what} +(\\S+)`).exec(this.output)?.[1] ?? ''
  }

  interrupt(): Promise<number | null> {
    this.#child.kill('SIGINT')
    return this.#bounded(this.#exit, 'ended')
  }

  /** Waits until it gives up. */
  failed(): Promise<number | null> {
    return this.#bounded(this.#exit, 'ended')
  }

  #bounded<T>(work: Promise<T>, what: string): Promise<T> {
    return within(systemClock, TIMEOUT_MS, work, () => {
      throw new Error(`it has not ${what} within ${TIMEOUT_MS} ms:\n${this.output}`)
    })
  }
}

function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}`)
}

/** Processes whose command line or environment names a folder, as that of the database does. */
function processesOf(folder: string): readonly string[] {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ')
        return command.includes(folder) ? [command] : []
      } catch {
        return []
      }
    })
}

t.test('HAProxy accepts the configuration without a warning', async (t) => {
  const program = await requireProgram(HAPROXY)
  const { status, stdout, stderr } = spawnSync(program, ['-c', '-f', PROXY_CONFIGURATION])
  t.equal(status, 0, `${stdout}${stderr}`)
  t.notMatch(String(stderr), 'WARNING')
})

t.test('one port for all: messages arrive, also when an endpoint dies; Ctrl+C leaves nothing', async (t) => {
  const dataDir = t.testdir()
  const args = ['--port', '0', '--data-dir', dataDir]
  const run = new Run(t, args)
  const sender = new Sender()
  t.teardown(() => sender.close())
  await run.says('The cluster is up')
  const wsUrl = run.addressOf('Firefox connects to')
  t.match(wsUrl, /^ws:\/\/127\.0\.0\.1:\d+\/$/)
  const { client, endpoint } = await subscribed(wsUrl)
  t.equal(new URL(endpoint).origin, run.addressOf('application servers to'))
  const post = async (text: string) => {
    const posted = sender.post(endpoint, { text })
    const notification = await client.next('notification')
    client.ack(notification)
    t.equal((await posted).status, 201)
    t.equal(textOf(notification), text)
  }
  await post('through the proxy')
  const metrics = await sender.send('GET', new URL('/metrics', endpoint).href, undefined, {})
  t.equal(metrics.status, 404, 'metrics are not for everyone')

  const pids = PARTS.map((part) => run.pidOf(part))
  process.kill(run.pidOf('endpoint-1'), 'SIGKILL')
  await run.says('endpoint-1 has ended (SIGKILL)')
  for (const text of ['one', 'two', 'three', 'four']) await post(text)
  t.match(await readFile(path.join(dataDir, 'logs/node-1.log'), 'utf8'), '"msg":"listening"')
  t.notMatch(
    await readFile(path.join(dataDir, 'logs/haproxy.log'), 'utf8'),
    '/wpush/',
    'no endpoint in the log',
  )

  const second = new Run(t, args)
  t.equal(await second.failed(), 1)
  t.match(second.output, /^cluster: data folder \S+ is in use/m)
  t.equal(await run.interrupt(), 0, run.output)
  t.same(pids.filter(isRunning), [])
  t.notMatch(run.output, 'node-1 has ended')
})

t.test('data and key are there again the next time', async (t) => {
  const dataDir = t.testdir()
  const sender = new Sender()
  t.teardown(() => sender.close())
  const first = new Run(t, ['--port', '0', '--data-dir', dataDir])
  await first.says('The cluster is up')
  const { client, uaid, endpoint } = await subscribed(first.addressOf('Firefox connects to'))
  await client.close()
  t.equal((await sender.post(endpoint, { text: 'kept' })).status, 201)
  t.equal(await first.interrupt(), 0)

  const { port } = new URL(endpoint)
  const again = new Run(t, ['--port', port, '--data-dir', dataDir])
  await again.says('The cluster is up')
  const { client: back, uaid: known } = await AgentClient.hello(again.addressOf('Firefox connects to'), uaid)
  t.equal(known, uaid)
  const notification = await back.next('notification')
  t.equal(textOf(notification), 'kept')
  back.ack(notification)
  await back.close()
  t.equal(await again.interrupt(), 0)
})

t.test('what can not start is said, and nothing is left running', async (t) => {
  const dataDir = t.testdir()
  const taken = createServer().listen(0, '127.0.0.1')
  t.teardown(() => taken.close())
  await once(taken, 'listening')
  const address = taken.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  for (const { args, env, reason } of [
    {
      args: ['--port', `${port}`],
      env: {},
      reason: /^cluster: port \d+ on 127.0.0.1 is in use: .* --port$/m,
    },
    { args: ['--port', 'x'], env: {}, reason: /^cluster: --port x is no port/m },
    { args: ['--prot', '1'], env: {}, reason: /^cluster: Unknown option '--prot'/m },
    {
      args: ['--port', '0'],
      env: { PUSHGRID_TEST_HAPROXY: '/bin/false' },
      reason: /^cluster: haproxy ended \(exit code 1\) before it was ready/m,
    },
    {
      args: ['--port', '0'],
      env: { PUSHGRID_TEST_NATS_SERVER: path.join(dataDir, 'none') },
      reason: /nats-server IS MISSING: .*set PUSHGRID_TEST_NATS_SERVER/m,
    },
  ]) {
    const run = new Run(t, [...args, '--data-dir', path.join(dataDir, 'data')], env)
    t.equal(await run.failed(), 1)
    t.match(run.output, reason)
    t.same(processesOf(path.join(dataDir, 'data')), [])
  }
})

t.test('Ctrl+C while it starts ends it, too', async (t) => {
  const dataDir = t.testdir()
  const run = new Run(t, ['--port', '0', '--data-dir', dataDir])
  await run.says('starting')
  t.equal(await run.interrupt(), 0)
  t.same(processesOf(dataDir), [])
})
