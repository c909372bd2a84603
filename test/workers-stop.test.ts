import t from 'tap'
import { probePort } from '../deploy/ports.ts'
import { Cluster } from './support/cluster.ts'
import { PushgridProcess } from './support/pushgrid-process.ts'
import { Sender, textOf } from './support/sender.ts'
import { readStored, subscribed } from './support/subscribed.ts'

const cluster = await Cluster.start({ nodes: 1, endpoints: 1, env: { PUSHGRID_WORKERS: '2' } })
const [node, endpoint] = [cluster.node(0), cluster.endpoint(0)]
const sender = new Sender()
t.teardown(() => cluster.stop())
t.teardown(() => sender.close())

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
  for (const { pid } of parent.lines('a worker serves')) process.kill(Number(pid), 'SIGINT')
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
