import t from 'tap'
import { SimulatedClock } from '../../cluster/simulated-clock.ts'
import { Metrics } from './metrics.ts'
import { WorkerMetrics } from './worker-metrics.ts'

/** The process of a worker that has counted `value` of everything. */
function worker(value: number) {
  const metrics = new Metrics()
  metrics.counters('things', 'Things', ['kind'], () => [[{ kind: 'a' }, value]])
  metrics.gauge('connections', 'Connections', () => value)
  metrics.gauge('high_water', 'High water', () => value, 'max')
  metrics.durations('waits', 'Waits').observe(value)
  return metrics
}

/** Has a worker serve that answers at once. */
function serve(all: WorkerMetrics, number: number, metrics: Metrics): void {
  all.serving(number, () => void metrics.snapshot().then((snapshot) => all.answered(number, snapshot)))
}

t.test('counters and histograms are added up, gauges as each of them says', async (t) => {
  const all = new WorkerMetrics(new SimulatedClock())
  serve(all, 1, worker(2))
  serve(all, 2, worker(3))
  const { type, text } = await all.gather()
  t.match(type, /^text\/plain/)
  t.match(text, 'things_total{kind="a"} 5\n')
  t.match(text, 'connections 5\n')
  t.match(text, 'high_water 3\n')
  t.match(text, 'waits_seconds_count 2\n')
  t.match(text, 'waits_seconds_bucket{le="2.5"} 1\n')
})

t.test('what ended workers have counted stays; what they had does not', async (t) => {
  const all = new WorkerMetrics(new SimulatedClock())
  serve(all, 1, worker(2))
  serve(all, 2, worker(3))
  await all.gather()
  for (const number of [1, 2]) all.ended(number)
  serve(all, 1, worker(10))
  const { text } = await all.gather()
  t.match(text, 'things_total{kind="a"} 15\n')
  t.match(text, 'waits_seconds_count 3\n')
  t.match(text, 'connections 10\n')
})

t.test('one that hangs counts with what it said last', async (t) => {
  const clock = new SimulatedClock()
  const all = new WorkerMetrics(clock)
  let hangs = false
  const hanging = worker(2)
  all.serving(1, () => {
    if (!hangs) void hanging.snapshot().then((snapshot) => all.answered(1, snapshot))
  })
  serve(all, 2, worker(3))
  await all.gather()
  hangs = true
  const gathered = all.gather()
  t.equal(all.gather(), gathered, 'who asks meanwhile shares the answer')
  await clock.advanceSettled(1000)
  t.match((await gathered).text, 'things_total{kind="a"} 5\n')
})
