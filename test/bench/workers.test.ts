import type { ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import t, { type Test } from 'tap'
import type { BenchResult } from '../../bench/result/result.ts'
import type { FromWorker } from '../../bench/workers/messages.ts'
import { type Offer, subjects } from '../../bench/workers/nats-subjects.ts'
import { systemClock } from '../../cluster/clock.ts'
import { runBench, type ScenarioFile, startBench } from '../support/bench-run.ts'
import { spawnBound } from '../support/bound-process.ts'
import { BrokenServer } from '../support/broken-server.ts'
import { useNatsServer } from '../support/nats-server.ts'

const CLI = path.join(import.meta.dirname, '../../deploy/cli.js')
/** What was dropped is waited for all the time; what was not arrives within it. */
const SETTLE = ['--settle', '5s']
const POSTS: ScenarioFile = {
  agents: 20,
  body: 200,
  'warm-up': 0,
  'vapid-share': 0,
  rate: 100,
  phases: [{ do: 'connect' }, { do: 'load', name: 'load', actions: { post: 1 } }],
}

t.test('two worker processes find out together what one would', async (t) => {
  const server = await BrokenServer.start({ dropEvery: 50, duplicateEvery: 30 })
  t.teardown(() => server.stop())
  const result = await runBench(POSTS, server.wsUrl, ['--workers', '2', '--duration', '3s', ...SETTLE])
  allFound(t, result, server)
})

t.test('a worker that is killed is stated, and the result of the other one kept', async (t) => {
  const server = await BrokenServer.start()
  t.teardown(() => server.stop())
  const args = ['--workers', '2', '--duration', '6s', '--settle', '60s']
  const { child, ended } = await startBench(POSTS, server.wsUrl, args)
  await until(() => server.done.posts > 50)
  const [victim] = childrenOf(child.pid)
  if (victim === undefined) throw new Error('there is no worker')
  process.kill(victim, 'SIGKILL')
  const { code, result } = await ended
  t.equal(code, 0)
  oneLost(t, result, server)
})

t.test('workers wait on NATS for runs of others, for one after the other', async (t) => {
  const nats = await useNatsServer()
  const url = `nats://${nats.address}`
  const workers = [startWorker(url), startWorker(url)]
  t.teardown(async () => {
    for (const { child } of workers) child.kill('SIGKILL')
    await nats.stop()
  })
  await Promise.all(workers.map(({ waits }) => waits))
  const remote = ['--nats', url, '--remote-workers', '2', ...SETTLE]

  const server = await BrokenServer.start({ dropEvery: 50, duplicateEvery: 30 })
  const whole = await runBench(POSTS, server.wsUrl, [...remote, '--duration', '3s'])
  allFound(t, whole, server)
  await server.stop()

  const other = await BrokenServer.start()
  t.teardown(() => other.stop())
  const spy = await connect({ servers: nats.address })
  const telling = workersTelling(spy).next()
  await spy.flush()
  const { ended } = await startBench(POSTS, other.wsUrl, [...remote, '--duration', '14s'])
  const { value: told } = await telling
  await spy.close()
  workers.find(({ child }) => child.pid === told)?.child.kill('SIGKILL')
  const { code, result } = await ended
  t.equal(code, 0)
  oneLost(t, result, other)
  const warning = result?.warnings.find(({ code }) => code === 'worker-lost')
  t.match(warning?.text, /what it measured later than .* s is missing/)
  const lost = result?.generator.workers.find((worker) => worker.lostAtS !== undefined)
  const { lostAtS = 1e9, knownToS = 1e9, cpuS = 0 } = lost ?? {}
  t.ok(knownToS > 0 && knownToS < lostAtS, `known to ${knownToS} s, lost at ${lostAtS} s`)
  t.ok(cpuS > 0, 'what it had told counts')
  t.ok(lostAtS < (result?.phases.at(-1)?.toS ?? 0), 'noticed while the run went on')
})

t.test('too few workers on NATS: says how many, and how to start more', async (t) => {
  const nats = await useNatsServer()
  const server = await BrokenServer.start()
  t.teardown(() => Promise.all([nats.stop(), server.stop()]))
  const args = ['--nats', `nats://${nats.address}`, '--remote-workers', '1']
  const { ended } = await startBench(POSTS, server.wsUrl, args)
  const { code, output } = await ended
  t.equal(code, 3)
  t.match(output, /0 of 1 workers.*pushgrid bench worker --nats/)
})

t.test('Ctrl+C while workers are called ends the call', async (t) => {
  const nats = await useNatsServer()
  const server = await BrokenServer.start()
  t.teardown(() => Promise.all([nats.stop(), server.stop()]))
  const spy = await connect({ servers: nats.address })
  t.teardown(() => spy.close())
  const called = new Promise((callback) => spy.subscribe(subjects.call, { callback, max: 1 }))
  await spy.flush()
  const args = ['--nats', `nats://${nats.address}`, '--remote-workers', '1']
  const { child, ended } = await startBench(POSTS, server.wsUrl, args)
  await called
  child.kill('SIGINT')
  const { code, output } = await ended
  t.equal(code, 3)
  t.match(output, /ended before all workers were there: there is no result/)
})

function allFound(t: Test, result: BenchResult, server: BrokenServer): void {
  const { posts, dropped, duplicated } = server.done
  t.ok(dropped >= 2)
  t.match(result.ledger, {
    posted: posts,
    accepted: posts,
    delivered: posts - dropped,
    lost: dropped,
    duplicated,
  })
  t.equal(result.latencies['post_to_2xx']?.intended.count, posts)
  t.equal(result.generator.workers.length, 2)
  t.ok(result.generator.workers.every(({ cpuS, lostAtS }) => cpuS > 0 && lostAtS === undefined))
  t.ok(new Set(result.ledger.lostIds.map((id) => id.split('-')[1])).size <= 2)
}

function oneLost(t: Test, result: BenchResult | undefined, server: BrokenServer): void {
  const lost = result?.generator.workers.filter(({ lostAtS }) => lostAtS !== undefined)
  t.equal(lost?.length, 1)
  // A busy machine may have more to warn of.
  t.equal(result?.warnings.filter((warning) => warning.code === 'worker-lost').length, 1)
  const { ledger } = result ?? {}
  // All of them, where it was killed just after it had told of its last one.
  t.ok((ledger?.posted ?? 0) > 50 && (ledger?.posted ?? 0) <= server.done.posts)
  t.match(ledger, { accepted: ledger?.posted, delivered: ledger?.posted, lost: 0 })
}

/** The process ids of remote workers, each time that one tells its coordinator of messages that it has posted. */
async function* workersTelling(nats: NatsConnection): AsyncGenerator<number, number> {
  const pids = new Map<string, number>()
  for await (const message of nats.subscribe(subjects.run('*', '*'))) {
    // The server's own answer, that nobody listens.
    if (message.data.length === 0) continue
    const said = message.json<Offer | FromWorker>()
    if ('id' in said) pids.set(said.id, Number(/process (\d+)$/.exec(said.name)?.[1]))
    else if (said.type === 'part' && said.part.measurements.ledger.posted > 0)
      yield pids.get(message.subject.split('.').at(-1) ?? '') ?? Number.NaN
  }
  return Number.NaN
}

/** A worker, and when it waits for runs. */
function startWorker(url: string): { readonly child: ChildProcess; readonly waits: Promise<void> } {
  const child = spawnBound(process.execPath, [CLI, 'bench', 'worker', '--nats', url])
  child.stdout.resume()
  const waits = new Promise<void>((resolve) =>
    createInterface(child.stderr).on('line', (line) => {
      if (line.includes('waits for runs')) resolve()
    }),
  )
  return { child, waits }
}

function childrenOf(pid: number | undefined): readonly number[] {
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))
  return pids.filter((entry) => parentOf(entry) === pid).map(Number)
}

function parentOf(pid: string): number {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
  } catch {
    return Number.NaN
  }
}

/** Looks now and then. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise<void>((resolve) => systemClock.after(20, resolve))
}
