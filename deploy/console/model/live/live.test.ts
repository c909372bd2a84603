import fc from 'fast-check'
import t from 'tap'
import type { ProcessFigures } from '../../figures.ts'
import { SampleProcess } from '../../fixtures/sample-process.ts'
import { Live, type LiveFigures } from './live.ts'

const START_MS = 1_790_000_000_000
const at = (second: number, ...processes: readonly ProcessFigures[]) => ({
  atMs: START_MS + 1000 * second,
  processes,
})
const key = (figures: LiveFigures, id: string) => {
  const found = figures.keys.find((each) => each.id === id)
  return {
    values: found?.values.map(({ text }) => text),
    notes: found?.notes.map(({ text }) => text),
    parts: found?.parts?.map(({ text }) => text),
  }
}
const plot = (figures: LiveFigures, id: string) => {
  const { times = [], lines = [] } = figures.plots.find((each) => each.id === id) ?? {}
  return { times: times.map((time) => time - START_MS / 1000), lines }
}
const line = (figures: LiveFigures, id: string, key: string) =>
  plot(figures, id).lines.find((each) => each.key === key)?.values
const health = (figures: LiveFigures) => Object.fromEntries(figures.health.map(({ id, text }) => [id, text]))

t.test('known figures in, known texts out', async (t) => {
  const live = new Live()
  const serve = new SampleProcess()
    .set('pushgrid_connections', 1234)
    .set('pushgrid_hellos{state=waiting}', 3)
    .set('pushgrid_notifications_in_flight', 7)
    .set('pushgrid_requests_under_way', 2)
    .set('pushgrid_store_waiting', 5)
    .add('pushgrid_messages_total{outcome=delivered}', 100_000)
    .observe('pushgrid_post_to_2xx_seconds', 4, 100_000)
  const first = live.see(at(0, serve.figures))
  t.same(key(first, 'accepted').values, ['–'], 'of one message no rate can be told')
  serve
    .pass()
    .add('pushgrid_messages_total{outcome=delivered}', 80)
    .add('pushgrid_messages_total{outcome=stored}', 15)
    .add('pushgrid_messages_total{outcome=dropped}', 1)
    .add('pushgrid_messages_total{outcome=storeDown}', 3)
    .add('pushgrid_messages_total{outcome=tokenInvalid}', 1)
    .observe('pushgrid_post_to_2xx_seconds', 0.004, 96)
    .observe('pushgrid_post_to_ack_seconds', 9, 80)
    .observe('pushgrid_store_seconds', 0.02, 50, 'operation=put')
    .add('pushgrid_store_failures_total{operation=put,failure=storeDown}', 2)
  const figures = live.see(at(1, serve.figures))
  t.same(key(figures, 'connections'), { values: ['1,234'], notes: ['3 still connecting'], parts: undefined })
  t.same(key(figures, 'accepted').values, ['96/s'])
  t.same(key(figures, 'accepted').notes, ['refused 4/s'])
  t.same(key(figures, 'outcomes').parts, ['80 %', '15 %', '1 %', '4 %'])
  t.same(key(figures, 'post-to-2xx').values, ['3.75 ms', '4.98 ms'])
  t.same(key(figures, 'post-to-ack').values, ['> 5 s', '> 5 s'])
  t.same(key(figures, 'store').values, ['50/s', '24.9 ms'])
  t.same(key(figures, 'store').notes, ['2/s fail'])
  t.same(key(figures, 'in-flight').values, ['7'])
  t.same(key(figures, 'in-flight').notes, ['2 requests under way', '5 wait for the store'])
  t.equal(figures.isUnused, false)
  t.match(health(figures), { processes: '1 process up', store: 'Store operations fail' })
})

t.test('a service that nobody has sent anything is unused', async (t) => {
  const serve = new SampleProcess().set('pushgrid_connections', 5)
  t.equal(new Live().see(at(0, serve.figures)).isUnused, true)
  serve.add('pushgrid_http_failures_total{status=404,errno=102}')
  t.equal(new Live().see(at(0, serve.figures)).isUnused, false)
})

t.test('a process that starts again takes nothing away', async (t) => {
  const live = new Live()
  const name = 'pushgrid_messages_total{outcome=delivered}'
  const other = new SampleProcess({ process: 'b', pid: 2 }).add(name, 10)
  const before = new SampleProcess({ process: 'a', pid: 1 }).add(name, 5000)
  live.see(at(0, before.figures, other.figures))
  const after = new SampleProcess({ process: 'c', pid: 3 }).add(name, 4)
  live.see(at(1, after.figures, other.pass().add(name, 10).figures))
  const figures = live.see(at(2, after.pass().add(name, 20).figures, other.pass().add(name, 10).figures))
  t.same(line(figures, 'messages', 'accepted'), [null, 10, 20], '10, then (10 + 30) in 2 seconds')
})

t.test('no rate is ever negative, whatever starts, ends and starts again', async (t) => {
  const step = fc.record({
    after: fc.integer({ min: 1, max: 9 }),
    processes: fc.array(
      fc.record({
        number: fc.integer({ min: 1, max: 4 }),
        up: fc.nat({ max: 100 }),
        counted: fc.nat({ max: 1000 }),
      }),
    ),
  })
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const live = new Live()
      let now = 0
      return steps.every(({ after, processes }) => {
        now += after
        const all = processes.map(({ number, up, counted }) => {
          const process = new SampleProcess({ process: `${number}`, pid: number })
          process.upMs = 1000 * up
          return process
            .set('pushgrid_messages_total{outcome=stored}', counted)
            .set('process_cpu_seconds_total', counted)
            .set('pushgrid_store_seconds_count{operation=put}', counted).figures
        })
        const { plots } = live.see(at(now, ...all))
        return plots.every(({ times, lines }) =>
          lines.every(
            ({ values }) =>
              values.length === times.length && values.every((value) => value === null || value >= 0),
          ),
        )
      })
    }),
  )
  t.pass()
})

t.test('a time without messages is a gap, and not a time with all that happened in it', async (t) => {
  const live = new Live()
  const name = 'pushgrid_messages_total{outcome=delivered}'
  const serve = new SampleProcess().add(name)
  for (const second of [0, 1]) live.see(at(second, serve.pass().add(name, 10).figures))
  live.see(at(31, serve.pass(30).add(name, 100_000).figures))
  const figures = live.see(at(32, serve.pass().add(name, 30).figures))
  t.same(plot(figures, 'messages').times, [0, 1, 2, 31, 32])
  t.same(line(figures, 'messages', 'accepted'), [null, 10, null, null, 30])
  t.same(line(figures, 'connections', 'connected'), [0, 0, null, 0, 0])
})

t.test('what is told twice is no news, and a process that has no news is gone after a while', async (t) => {
  const live = new Live()
  const stays = new SampleProcess({ process: 'a', pid: 1 }).set('pushgrid_connections', 10)
  const goes = new SampleProcess({ process: 'b', pid: 2 }).set('pushgrid_connections', 5)
  live.see(at(0, stays.figures, goes.figures))
  const soon = live.see(at(4, stays.pass(4).figures, goes.figures))
  t.same(key(soon, 'connections').values, ['15'])
  t.equal(health(soon)['processes'], '2 processes up')
  const later = live.see(at(8, stays.pass(4).figures))
  t.same(key(later, 'connections').values, ['10'])
  t.equal(health(later)['processes'], '1 process up, 1 gone')
  t.same(
    later.processes.map(({ process, goneMs }) => [process, goneMs]),
    [
      ['a', undefined],
      ['b', START_MS],
    ],
  )
  let figures = later
  for (let second = 12; second <= 604; second += 4) figures = live.see(at(second, stays.pass(4).figures))
  t.equal(health(figures)['processes'], '1 process up', 'in the end it is forgotten')
})

t.test('a process that was silent for long did not do it all at once', async (t) => {
  const live = new Live()
  const other = new SampleProcess({ process: 'b', pid: 2 })
  const name = 'pushgrid_messages_total{outcome=stored}'
  const hangs = new SampleProcess({ process: 'a', pid: 1 }).add(name)
  live.see(at(0, hangs.figures, other.figures))
  for (let second = 1; second <= 20; second++) live.see(at(second, other.pass().figures))
  const figures = live.see(at(21, hangs.pass(21).add(name, 9999).figures, other.pass().figures))
  t.equal(line(figures, 'messages', 'stored')?.at(-1), 0)
  t.equal(health(figures)['processes'], '2 processes up')
})

t.test('another sender with another clock does not turn time back', async (t) => {
  const live = new Live()
  const serve = new SampleProcess()
  live.see(at(100, serve.figures))
  live.see(at(40, serve.pass().figures))
  const figures = live.see(at(41, serve.pass().figures))
  t.same(plot(figures, 'connections').times, [100, 101, 102])
})

t.test('what is wrong is said in words', async (t) => {
  const live = new Live()
  const one = new SampleProcess({ process: 'a', role: 'node', host: 'one', pid: 1, version: '1.0.0' })
    .set('pushgrid_nats_connected{cell=east}', 0)
    .set('pushgrid_nats_connected{cell=west}', 1)
    .set('pushgrid_bus_ready', 0)
  const two = new SampleProcess({ process: 'b', role: 'endpoint', host: 'two', pid: 2, version: '1.1.0' })
    .set('pushgrid_nats_connected{cell=east}', 1)
    .set('pushgrid_nats_connected{cell=west}', 1)
    .set('pushgrid_bus_ready', 1)
    .set('nodejs_eventloop_lag_p99_seconds', 0.6)
  t.match(health(live.see(at(0, one.figures, two.figures))), {
    processes: '2 processes up',
    versions: 'Versions differ: 1.0.0, 1.1.0',
    nats: 'NATS not connected: east of node one:1',
    busy: 'Very busy: endpoint two:2',
  })
  one.pass().set('pushgrid_nats_connected{cell=east}', 1)
  t.equal(health(live.see(at(1, one.figures, two.pass().figures)))['nats'], 'Not ready: node one:1')
  one.pass().set('pushgrid_bus_ready', 1)
  const well = live.see(at(2, one.figures, two.pass().figures))
  t.equal(health(well)['nats'], 'NATS connected (2 cells)')
  t.same(
    well.processes.map(({ name }) => name),
    ['endpoint two:2', 'node one:1'],
  )
})

t.test('of many lines the highest are seen, the others as one', async (t) => {
  const live = new Live()
  const serve = new SampleProcess()
  for (let number = 1; number <= 11; number++)
    serve.add(`pushgrid_store_seconds_count{operation=o${number}}`, 1)
  live.see(at(0, serve.figures))
  for (let number = 1; number <= 11; number++)
    serve.add(`pushgrid_store_seconds_count{operation=o${number}}`, number)
  const { lines } = plot(live.see(at(1, serve.pass().figures)), 'store-rate')
  t.equal(lines.length, 9)
  t.same(lines.at(-1), {
    key: 'others',
    label: '3 others',
    colour: 6,
    dashed: true,
    values: [null, 1 + 2 + 3],
  })
  const looks = lines.map(({ colour, dashed }) => `${colour} ${dashed}`)
  t.equal(new Set(looks).size, 9, 'each one looks different')
})

t.test('each process by itself, by its own time', async (t) => {
  const live = new Live()
  const endpoint = new SampleProcess({ role: 'endpoint', worker: 2 })
    .add('process_cpu_seconds_total', 5)
    .set('process_resident_memory_bytes', 80e6)
    .set('pushgrid_requests_under_way', 0)
  live.see(at(0, endpoint.figures))
  endpoint.pass(2).add('process_cpu_seconds_total', 0.5).add('pushgrid_messages_total{outcome=stored}', 30)
  const figures = live.see(at(1, endpoint.figures))
  t.match(figures.processes, [
    {
      name: 'endpoint 100',
      worker: 2,
      connections: undefined,
      messagesPerS: 15,
      cpuPercent: 25,
      memoryBytes: 80e6,
      upMs: 62_000,
    },
  ])
  t.same(
    plot(figures, 'cpu').lines.map(({ label, values }) => [label, values]),
    [['endpoint 100', [null, 25]]],
  )
})

t.test('a process has the same colour in all plots, whichever is the highest there', async (t) => {
  const live = new Live()
  const busy = new SampleProcess({ process: 'a', role: 'node' })
    .add('process_cpu_seconds_total', 5)
    .set('process_resident_memory_bytes', 10e6)
  const large = new SampleProcess({ process: 'b', role: 'endpoint' })
    .add('process_cpu_seconds_total', 5)
    .set('process_resident_memory_bytes', 80e6)
  live.see(at(0, busy.figures, large.figures))
  busy.pass(1).add('process_cpu_seconds_total', 0.9)
  large.pass(1).add('process_cpu_seconds_total', 0.1)
  const figures = live.see(at(1, busy.figures, large.figures))
  const [cpu, memory] = ['cpu', 'memory'].map((id) =>
    plot(figures, id).lines.map(({ key, colour }) => `${key} ${colour}`),
  )
  t.equal(new Set(cpu).size, 2)
  t.same(cpu?.toSorted(), memory?.toSorted())
})
