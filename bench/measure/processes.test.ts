import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { ProcessSampler, parseMetrics } from './processes.ts'
import { nowUs } from './recorder.ts'

const sinceStartS = () => nowUs() / 1e6

t.test('a process is measured with its children', async (t) => {
  // Both hold memory that can't be overlooked; the parent has none of it.
  const child = 'const held = Buffer.alloc(150e6, 1); console.log(held.length); setInterval(() => {}, 1e6)'
  const parent = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(child)}], { stdio: ['ignore', 'inherit', 'ignore'] }).on('exit', () => {}); process.on('SIGTERM', () => process.exit())`
  const started = spawn(process.execPath, ['-e', parent], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  })
  const { pid } = started
  if (pid === undefined) throw new Error('no process')
  t.teardown(() => process.kill(-pid, 'SIGKILL'))
  await once(started.stdout, 'data')
  const sampler = await ProcessSampler.start([{ name: 'server', pid }], sinceStartS)
  const [measured] = await sampler.stop()
  t.match(measured, { name: 'server', source: 'pid' })
  t.ok((measured?.rssMaxBytes ?? 0) > 150e6)
  t.ok((measured?.samples.at(-1)?.cpuS ?? 0) > 0)
})

t.test('a process that is not there is refused at once, by name', async (t) => {
  await t.rejects(
    ProcessSampler.start([{ name: 'server', pid: 2 ** 30 }], sinceStartS),
    /process "server" can't be measured: no process 1073741824/,
  )
})

t.test('a process that ends meanwhile is a problem in the result, and harms nothing', async (t) => {
  const started = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' })
  const sampler = await ProcessSampler.start([{ name: 'server', pid: started.pid ?? 0 }], sinceStartS)
  started.kill('SIGKILL')
  await once(started, 'exit')
  const [measured] = await sampler.stop()
  t.match(measured?.problem, /no process/)
  // One each second: on a busy machine there may be more by then.
  t.ok((measured?.samples.length ?? 0) >= 1)
})

t.test('metrics are read over HTTP', async (t) => {
  const server = createServer((_, response) =>
    response.end('# HELP x y\nprocess_cpu_seconds_total 12.5\nprocess_resident_memory_bytes 1e8\n'),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const metricsUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`
  const sampler = await ProcessSampler.start([{ name: 'server', metricsUrl }], sinceStartS)
  const [measured] = await sampler.stop()
  server.closeAllConnections()
  server.close()
  t.match(measured, { source: 'metrics', rssMaxBytes: 1e8, samples: [{ cpuS: 12.5, rssBytes: 1e8 }, {}] })
})

t.test('metrics of several processes add up; missing ones are named', async (t) => {
  const text = [
    '# TYPE process_cpu_seconds_total counter',
    'process_cpu_seconds_total{worker="1"} 1.5',
    'process_cpu_seconds_total{worker="2"} 2',
    'process_cpu_seconds_total_other 100',
    'process_resident_memory_bytes 1000 1700000000000',
  ].join('\n')
  t.same(parseMetrics(text), { cpuS: 3.5, rssBytes: 1000 })
  t.throws(() => parseMetrics('up 1'), /no process_cpu_seconds_total/)
})
