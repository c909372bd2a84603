import { once } from 'node:events'
import { createServer } from 'node:net'
import path from 'node:path'
import t from 'tap'
import { LocalClusterRun, processesOf } from './support/local-cluster-run.ts'

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
    const run = new LocalClusterRun(t, [...args, '--data-dir', path.join(dataDir, 'data')], env)
    t.equal(await run.failed(), 1)
    t.match(run.output, reason)
    t.same(processesOf(path.join(dataDir, 'data')), [])
  }
})

t.test('Ctrl+C while it starts ends it, too', async (t) => {
  const dataDir = t.testdir()
  const run = new LocalClusterRun(t, ['--port', '0', '--data-dir', dataDir])
  await run.says('starting')
  t.equal(await run.interrupt(), 0)
  t.same(processesOf(dataDir), [])
})
