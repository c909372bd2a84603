import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import t from 'tap'
import { createSystemRandom, preciseMs, systemClock } from '../../cluster/clock.ts'
import { SimulatedClock } from '../../cluster/simulated-clock.ts'
import { Metrics } from '../metrics/metrics.ts'
import { LoopDelay } from './loop-delay.ts'
import { SHOWN_METRICS } from './model/live/metrics.ts'
import { OwnFigures } from './own-figures.ts'

const random = createSystemRandom()

function open() {
  const clock = new SimulatedClock()
  const metrics = new Metrics()
  const own = new OwnFigures({ role: 'node', worker: undefined }, metrics, { clock, random })
  t.teardown(() => own.close())
  return { clock, metrics, own }
}

t.test('who it is, for how long, and what of its processor and memory it takes', async (t) => {
  const { clock, own } = open()
  clock.advance(1500)
  const figures = await own.now()
  t.match(figures, {
    process: /^[0-9a-f]{16}$/,
    role: 'node',
    host: hostname(),
    pid: process.pid,
    upMs: 1500,
  })
  t.notOk('worker' in figures)
  const value = (name: string) => figures.series[name]?.[0]?.[1] ?? 0
  t.ok(value('process_cpu_seconds_total') > 0)
  t.ok(value('process_resident_memory_bytes') > 1e6)
  const other = new OwnFigures({ role: 'node', worker: 3 }, new Metrics(), { clock, random })
  t.not(other.process, own.process)
  t.equal((await other.now()).worker, 3)
  other.close()
})

t.test('what the console shows is in it, by the names of its series, and nothing else', async (t) => {
  const { metrics, own } = open()
  metrics.counters('pushgrid_closes', 'help', ['code'], () => [[{ code: '1001' }, 5]])
  metrics.gauge('pushgrid_connections', 'help', () => 7)
  metrics.gauge('pushgrid_store_waiting', 'help', () => Number.NaN)
  metrics.gauge('pushgrid_hidden', 'help', () => 8)
  metrics.durations('pushgrid_post_to_ack', 'help').observe(0.003)
  const { series } = await own.now()
  t.same(series['pushgrid_closes_total'], [[{ code: '1001' }, 5]])
  t.same(series['pushgrid_connections'], [[{}, 7]])
  t.notOk('pushgrid_store_waiting' in series, 'there is no number in JSON for it')
  t.same(series['pushgrid_post_to_ack_seconds_count'], [[{}, 1]])
  t.same(series['pushgrid_post_to_ack_seconds_sum'], [[{}, 0.003]])
  const buckets = series['pushgrid_post_to_ack_seconds_bucket']
  t.same(buckets?.[0], [{ le: 0.001 }, 0])
  t.same(buckets?.at(-1), [{ le: '+Inf' }, 1])
  const shown = (name: string) =>
    SHOWN_METRICS.some((one) => one === name.replace(/_(bucket|sum|count)$/, ''))
  t.same(
    Object.keys(series).filter((name) => !shown(name)),
    [],
  )
})

t.test('the console shows metrics that there are', async (t) => {
  const guide = await readFile(path.resolve(import.meta.dirname, '../../../docs/operating.md'), 'utf8')
  for (const name of SHOWN_METRICS)
    if (name.startsWith('pushgrid_')) t.match(guide, new RegExp(`\`${name}[\`{]`))
})

t.test('who asks at about the same time is told the same', async (t) => {
  const { clock, metrics, own } = open()
  let reads = 0
  metrics.gauge('pushgrid_connections', 'help', () => reads++)
  const first = await own.now()
  clock.advance(249)
  t.equal(await own.now(), first)
  t.equal(reads, 1)
  clock.advance(1)
  t.not(await own.now(), first)
  t.equal(reads, 2)
})

t.test('the delay of the event loop is measured while somebody asks, for all who do', async (t) => {
  const clock = new SimulatedClock()
  const delay = new LoopDelay(clock)
  t.teardown(() => delay.stop())
  /** Lets the loop turn until it was held up by `ms` for one turn, as its own timers see it. */
  const holdUp = async (ms: number) => {
    await new Promise<void>((resolve) => void systemClock.after(50, resolve))
    for (const fromMs = preciseMs(); preciseMs() - fromMs < ms; );
    await new Promise<void>((resolve) => void systemClock.after(50, resolve))
  }
  t.equal(delay.p99(), undefined, 'nothing was measured yet')
  await holdUp(300)
  clock.advance(600)
  t.ok((delay.p99() ?? 0) >= 0.2, 'the first one sees it')
  clock.advance(300)
  t.ok((delay.p99() ?? 0) >= 0.2, 'and so does another one, a little later')
  clock.advance(6000)
  t.equal(delay.p99(), undefined, 'nobody had asked for a while')
  t.equal(clock.waiting, 1)
  delay.stop()
  t.equal(clock.waiting, 0)
})
