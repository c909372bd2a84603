import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import t from 'tap'
import { PROXY_CONFIGURATION } from './local-cluster/local-cluster.ts'
import { AgentClient } from './support/agent-client.ts'
import { HAPROXY } from './support/haproxy-program.ts'
import { isRunning, LocalClusterRun } from './support/local-cluster-run.ts'
import { requireProgram } from './support/programs.ts'
import { Sender, textOf } from './support/sender.ts'
import { subscribed } from './support/subscribed.ts'

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

t.test('HAProxy accepts the configuration without a warning', async (t) => {
  const program = await requireProgram(HAPROXY)
  const { status, stdout, stderr } = spawnSync(program, ['-c', '-f', PROXY_CONFIGURATION])
  t.equal(status, 0, `${stdout}${stderr}`)
  t.notMatch(String(stderr), 'WARNING')
})

t.test('one port for all: messages arrive, also when an endpoint dies; Ctrl+C leaves nothing', async (t) => {
  const dataDir = t.testdir()
  const args = ['--port', '0', '--data-dir', dataDir]
  const run = new LocalClusterRun(t, args)
  const sender = new Sender()
  t.teardown(() => sender.close())
  await run.says('The cluster is up')
  const wsUrl = run.addressOf('Firefox connects to')
  t.match(wsUrl, /^ws:\/\/127\.0\.0\.1:\d+\/$/)
  const { client, endpoint } = await subscribed(wsUrl)
  t.equal(new URL(endpoint).origin, run.addressOf('application servers to'))
  // A proxy does not repeat what may have reached an endpoint that dies, so the sender does.
  const accepted = async (text: string): Promise<number> => {
    const { status } = await sender.post(endpoint, { text })
    return status === 502 ? accepted(text) : status
  }
  const post = async (text: string) => {
    const posted = accepted(text)
    const notification = await client.next('notification')
    client.ack(notification)
    t.equal(await posted, 201)
    t.equal(textOf(notification), text)
  }
  await post('through the proxy')
  const metrics = await sender.send('GET', new URL('/metrics', endpoint).href, undefined, {})
  t.equal(metrics.status, 404, 'metrics are not for everyone')
  const settings = await fetch(new URL('settings', run.addressOf('figures and playground')))
  t.match(await settings.json(), { role: 'endpoint', publicUrl: new URL(endpoint).origin })

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

  const second = new LocalClusterRun(t, args)
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
  const first = new LocalClusterRun(t, ['--port', '0', '--data-dir', dataDir])
  await first.says('The cluster is up')
  const { client, uaid, endpoint } = await subscribed(first.addressOf('Firefox connects to'))
  await client.close()
  t.equal((await sender.post(endpoint, { text: 'kept' })).status, 201)
  t.equal(await first.interrupt(), 0)

  const { port } = new URL(endpoint)
  const again = new LocalClusterRun(t, ['--port', port, '--data-dir', dataDir])
  await again.says('The cluster is up')
  const { client: back, uaid: known } = await AgentClient.hello(again.addressOf('Firefox connects to'), uaid)
  t.equal(known, uaid)
  const notification = await back.next('notification')
  t.equal(textOf(notification), 'kept')
  back.ack(notification)
  await back.close()
  t.equal(await again.interrupt(), 0)
})
