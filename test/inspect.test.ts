import { execFile } from 'node:child_process'
import path from 'node:path'
import t, { type Test } from 'tap'
import { freePort } from '../bench/lab/free-ports.ts'
import { AgentClient } from './support/agent-client.ts'
import { Cluster } from './support/cluster.ts'
import { PATIENT, UNHURRIED } from './support/patient.ts'
import { PushgridProcess } from './support/pushgrid-process.ts'
import { Sender } from './support/sender.ts'
import { subscribed } from './support/subscribed.ts'

const CLI = path.resolve(import.meta.dirname, '../deploy/cli.js')

interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command of an operator. */
function run(env: Readonly<Record<string, string>>, ...args: string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [CLI, ...args], { env }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    )
  })
}

/** Stores messages for a user agent that is away, and looks at what is kept of it. */
async function inspects(t: Test, wsUrl: string, env: Readonly<Record<string, string>>): Promise<void> {
  const sender = new Sender()
  t.teardown(() => sender.close())
  const { client, uaid, channelID, endpoint } = await subscribed(wsUrl)
  await client.close()
  for (const text of ['one', 'two']) await sender.post(endpoint, { text })

  const shown = await run(env, 'agents', 'show', uaid)
  t.match(shown, { code: 0, stderr: '' })
  t.match(shown.stdout, /^messages stored +2 \(\d+ bytes\), the oldest of \d{4}-/m)
  t.match(shown.stdout, new RegExp(`^subscriptions +1\\n +${channelID}\\n`, 'm'))
  const stats = await run(env, 'store', 'stats')
  t.match(stats, { code: 0, stderr: '' })
  t.match(stats.stdout, /^user agents +1\nsubscriptions +1\nmessages stored +2 \([1-9]\d* bytes\)/)

  t.match(await run(env, 'agents', 'drop', uaid), {
    code: 0,
    stdout: 'dropped, with 1 subscriptions and 2 messages\n',
  })
  for (const command of ['show', 'drop'])
    t.match(await run(env, 'agents', command, uaid), {
      code: 1,
      stderr: /^pushgrid: there is no such user agent in the store: [^()]+\n$/,
    })
  t.equal((await sender.post(endpoint, { text: 'three' })).status, 410)
  t.match((await run(env, 'store', 'stats')).stdout, /^user agents +0\nsubscriptions +0\n/)
}

t.test('a single process is asked for what is in its store; stopped, its folder is', async (t) => {
  const dataDir = t.testdir()
  const env = { PUSHGRID_DATA_DIR: dataDir }
  const start = async () => {
    const serve = new PushgridProcess('serve', {
      ...env,
      PUSHGRID_WS_PORT: `${await freePort()}`,
      PUSHGRID_HTTP_PORT: '0',
      ...PATIENT,
    })
    t.teardown(() => serve.kill('SIGTERM'))
    const { wsPort } = await serve.listening
    return { serve, wsUrl: `ws://127.0.0.1:${wsPort}/` }
  }
  const first = await start()
  await inspects(t, first.wsUrl, env)

  // One that is connected is sent away, and comes back as another one.
  const { client, uaid } = await subscribed(first.wsUrl)
  t.match(await run(env, 'agents', 'drop', uaid), { code: 0 })
  await client.closed
  const again = await AgentClient.hello(first.wsUrl, uaid)
  t.not(again.uaid, uaid)
  const kept = await again.client.register()
  await again.client.close()

  await first.serve.kill('SIGKILL')
  t.match((await run(env, 'agents', 'show', again.uaid)).stdout, kept.channelID)
  const second = await start()
  t.match(await run(env, 'agents', 'show', again.uaid), {
    stdout: new RegExp(kept.channelID),
    stderr: '',
  })
  await second.serve.kill('SIGTERM')
})

t.test('the database of a running cluster is looked at beside it', async (t) => {
  const cluster = await Cluster.start({ nodes: 1, endpoints: 1 })
  t.teardown(() => cluster.stop())
  const { PUSHGRID_MONGODB_URL = '' } = cluster.settings
  await inspects(t, cluster.node(0).url, { PUSHGRID_MONGODB_URL, ...UNHURRIED })
  const nowhere = { PUSHGRID_MONGODB_URL: 'mongodb://me:hunter2@127.0.0.1:1/x?serverSelectionTimeoutMS=200' }
  const refused = await run(nowhere, 'store', 'stats')
  t.match(refused, { code: 1, stderr: /^pushgrid: the database can't be asked: / })
  t.notMatch(refused.stderr, 'hunter2')
})
