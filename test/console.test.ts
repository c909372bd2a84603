import t, { type Test } from 'tap'
import { freePort } from '../bench/lab/free-ports.ts'
import type { ProcessFigures } from '../deploy/console/figures.ts'
import { SHOWN_METRICS } from '../deploy/console/model/live/metrics.ts'
import { Cluster } from './support/cluster.ts'
import { FiguresStream, total } from './support/figures-stream.ts'
import { PATIENT } from './support/patient.ts'
import { PushgridProcess } from './support/pushgrid-process.ts'
import { Sender } from './support/sender.ts'
import { subscribed } from './support/subscribed.ts'

const TOKEN = 'a-token-for-the-test'
const AUTHORIZED = { authorization: `Bearer ${TOKEN}` }

const cluster = await Cluster.start({ nodes: 2, endpoints: 2, env: PATIENT })
t.teardown(() => cluster.stop())
const sender = new Sender()
t.teardown(() => sender.close())

/** Follows the figures of a service until the test ends. */
async function follow(t: Test, url: string, headers?: Record<string, string>): Promise<FiguresStream> {
  const stream = await FiguresStream.open(url, headers)
  t.teardown(() => stream.close())
  return stream
}

/** A process beside the cluster, which the end of the test ends. */
async function beside(
  t: Test,
  role: 'node' | 'endpoint',
  env: Record<string, string>,
): Promise<PushgridProcess> {
  const started = new PushgridProcess(role, {
    ...cluster.settings,
    PUSHGRID_WS_PORT: `${await freePort()}`,
    PUSHGRID_HTTP_PORT: `${await freePort()}`,
    ...env,
  })
  t.teardown(() => started.kill('SIGTERM'))
  return started
}

const pidsOf = (processes: readonly ProcessFigures[]) => processes.map(({ pid }) => pid).sort()
const CLUSTER_PIDS = () => cluster.members.map(({ process }) => process.pid).sort()
const isWhole = (processes: readonly ProcessFigures[]) => `${pidsOf(processes)}` === `${CLUSTER_PIDS()}`

t.test('one process on loopback has a console, open to who is at the machine', async (t) => {
  const serve = new PushgridProcess('serve', {
    ...PATIENT,
    PUSHGRID_DATA_DIR: t.testdir(),
    PUSHGRID_WS_PORT: `${await freePort()}`,
    PUSHGRID_HTTP_PORT: `${await freePort()}`,
  })
  t.teardown(() => serve.kill('SIGTERM'))
  const { wsPort, httpPort } = await serve.listening
  const url = `http://127.0.0.1:${httpPort}`
  const consoleUrl = `http://localhost:${httpPort}/console/`
  t.match(serve.lines('listening'), [{ consoleUrl }])
  const page = await fetch(`${url}/console`)
  t.match(await page.text(), '<title>Pushgrid console</title>')
  const settings = await fetch(`${url}/console/settings`)
  t.same(await settings.json(), {
    version: Object(await (await fetch(`${url}/__version__`)).json()).version,
    role: 'serve',
    publicUrl: `http://localhost:${httpPort}`,
    wsPort,
  })
  const { client, endpoint } = await subscribed(`ws://127.0.0.1:${wsPort}/`)
  t.equal((await sender.post(endpoint, { ttl: 0 })).status, 201)
  const figures = await follow(t, url)
  const [own, ...others] = await figures.until((all) => total(all, 'pushgrid_messages_total') === 1)
  t.same(others, [])
  t.match(own, { role: 'serve', pid: serve.pid, series: { pushgrid_connections: [[{}, 1]] } })
  t.equal(own && total([own], 'pushgrid_post_to_2xx_seconds_count'), 1)
  await client.close()
  await figures.until((all) => total(all, 'pushgrid_connections') === 0)
  t.same(await serve.kill('SIGTERM'), { code: 0, signal: null }, 'who looks holds up no stop')
  t.match(serve.output, `figures and playground   ${consoleUrl}`)
})

t.test('a console of a cluster shows every process, whichever endpoint is asked', async (t) => {
  for (const { url } of cluster.endpoints) {
    const figures = await follow(t, url)
    const processes = await figures.until(isWhole)
    t.same(processes.map(({ role }) => role).sort(), ['endpoint', 'endpoint', 'node', 'node'])
    t.equal(new Set(processes.map(({ process }) => process)).size, 4)
    t.ok(processes.every(({ series }) => series['process_cpu_seconds_total'] !== undefined))
    t.equal(total(processes, 'pushgrid_nats_connected'), 4)
  }
  const clients = await Promise.all(cluster.nodes.map(({ url }) => subscribed(url)))
  const figures = await follow(t, cluster.endpoint(0).url)
  const processes = await figures.until((all) => total(all, 'pushgrid_connections') === clients.length)
  const nodes = processes.filter(({ role }) => role === 'node')
  t.same(
    nodes.map((node) => total([node], 'pushgrid_connections')),
    [1, 1],
  )
  await Promise.all(clients.map(({ client }) => client.close()))
})

t.test('what the page shows is measured, by these names', async (t) => {
  const urls = cluster.members.map(({ url }) => url.replace(/^ws/, 'http'))
  const texts = await Promise.all(urls.map(async (url) => (await fetch(new URL('/metrics', url))).text()))
  const names = texts.flatMap((text) => Array.from(text.matchAll(/^# TYPE (\w+) /gm), ([, name]) => name))
  t.same(
    SHOWN_METRICS.filter((name) => !names.includes(name)),
    [],
  )
})

t.test('a process that is killed leaves the console, and its successor comes', async (t) => {
  const figures = await follow(t, cluster.endpoint(0).url)
  const before = await figures.until(isWhole)
  const node = cluster.node(1)
  const { pid } = node.process
  await node.kill('SIGKILL')
  const without = await figures.until((all) => all.length === 3 && !all.some((one) => one.pid === pid))
  t.same(without.map(({ role }) => role).sort(), ['endpoint', 'endpoint', 'node'])
  await node.restart()
  const after = await figures.until(isWhole)
  const known = before.map(({ process }) => process)
  t.equal(after.filter(({ process }) => !known.includes(process)).length, 1)
})

t.test('with NATS away a console has its own process, and the others when it is back', async (t) => {
  const { url, process } = cluster.endpoint(1)
  const figures = await follow(t, url)
  await figures.until(isWhole)
  await cluster.nats.kill()
  const [own] = await figures.until((all) => all.length === 1)
  t.equal(own?.pid, process.pid)
  const later = await follow(t, url)
  const [first] = await later.until(() => true)
  t.match(first, { pid: process.pid, series: { pushgrid_nats_connected: [[{ cell: 'main' }, 0]] } })
  await cluster.nats.restart()
  await figures.until(isWhole)
  await later.until(isWhole)
  t.pass('all are back')
})

t.test('each worker is a process of its own', async (t) => {
  const node = await beside(t, 'node', { PUSHGRID_WORKERS: '2' })
  await node.listening
  const figures = await follow(t, cluster.endpoint(0).url)
  const all = await figures.until((processes) => processes.length === 6)
  const workers = all.filter(({ worker }) => worker !== undefined)
  t.same(workers.map(({ role, worker }) => [role, worker]).sort(), [
    ['node', 1],
    ['node', 2],
  ])
  t.notOk(pidsOf(all).includes(node.pid ?? 0), 'the parent serves nobody')
})

t.test('an endpoint of the world has one for who has the admin token', async (t) => {
  const publicUrl = 'https://push.example.org'
  const world = { PUSHGRID_PUBLIC_URL: publicUrl }
  const known = await beside(t, 'endpoint', { ...world, PUSHGRID_CONSOLE: 'on', PUSHGRID_ADMIN_TOKEN: TOKEN })
  const url = `http://127.0.0.1:${(await known.listening).httpPort}`
  t.match(known.lines('listening'), [{ consoleUrl: `${publicUrl}/console/` }])
  t.equal((await fetch(`${url}/console/`)).status, 200)
  for (const path of ['settings', 'figures'])
    t.equal((await fetch(`${url}/console/${path}`)).status, 401, path)
  const settings = await fetch(`${url}/console/settings`, { headers: AUTHORIZED })
  t.match(await settings.json(), { role: 'endpoint', publicUrl, wsPort: null })
  const figures = await follow(t, url, AUTHORIZED)
  const all = await figures.until((processes) => processes.length === 5)
  t.notMatch(JSON.stringify(all), TOKEN)
  for (const secret of ['PUSHGRID_NATS_URL', 'PUSHGRID_MONGODB_URL', 'PUSHGRID_SERVICE_KEYS'])
    t.notMatch(JSON.stringify(all), cluster.settings[secret] ?? '', secret)
  t.same(await known.kill('SIGTERM'), { code: 0, signal: null }, 'who looks holds up no stop')

  const other = await beside(t, 'endpoint', { ...world, PUSHGRID_ADMIN_TOKEN: TOKEN })
  const { httpPort } = await other.listening
  for (const path of ['', '/', '/settings']) {
    const answer = await fetch(`http://127.0.0.1:${httpPort}/console${path}`, { headers: AUTHORIZED })
    t.equal(answer.status, 404, 'by default there is none')
  }
  const open = await beside(t, 'endpoint', { ...world, PUSHGRID_CONSOLE: 'on' })
  await t.rejects(open.listening, { message: /PUSHGRID_CONSOLE is on, .* needs PUSHGRID_ADMIN_TOKEN, too/ })
})
