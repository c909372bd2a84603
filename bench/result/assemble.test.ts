import { Value } from '@sinclair/typebox/value'
import t from 'tap'
import type { ProcessSamples } from '../measure/processes.ts'
import { Recorder } from '../measure/recorder.ts'
import type { SelfSamples } from '../measure/self.ts'
import { assemble, type RunFacts, type WorkerResult } from './assemble.ts'
import { ResultSchema } from './result.ts'

const FACTS: RunFacts = {
  version: '1.2.3',
  label: 'test',
  scenario: { name: 'direct', summary: 'POSTs to connected user agents', options: { rate: 10 }, seed: 7 },
  target: { wsUrl: 'ws://localhost:8080/', endpointOrigin: 'http://localhost:8082', server: null },
  load: { model: 'open', arrivals: 'poisson', statement: '10 messages a second' },
  startedAt: '2030-01-01T00:00:00Z',
  phases: [
    { name: 'warm-up', fromS: 1, toS: 2, measured: false },
    { name: 'load', fromS: 2, toS: 4, measured: true },
  ],
  warnings: [],
  holdsConnections: true,
}

const SELF: SelfSamples = {
  samples: [0, 1, 2, 3, 4, 5].map((atS) => ({ atS, cpuS: atS * 0.5, rssBytes: 1000, loopDelayP99Ms: atS })),
  rssMaxBytes: 1000,
  cpuShareMax: 0.5,
  measuredSeconds: 2,
  saturatedSeconds: 0,
  loopDelayP99Ms: 4,
}

/** A worker that connected 2 user agents, then was measured for 2 s in which it sent 4 messages, of which one is lost. */
function worker(name: string): WorkerResult {
  let nowUs = 0
  const recorder = new Recorder(() => nowUs)
  for (let agent = 0; agent < 2; agent += 1) recorder.connected(1)
  nowUs = 2e6
  recorder.start()
  for (let number = 0; number < 4; number += 1) {
    const [id, sentUs] = [`${name}-${number}`, nowUs + 1000]
    recorder.posting({ id, channel: 'c', ttlS: 60, toConnected: true, intendedUs: nowUs, sentUs })
    recorder.answered(id, 201, undefined, sentUs + 4000)
    if (number > 0) recorder.arrived(id, sentUs + 9000)
    nowUs += 500_000
  }
  recorder.stop()
  return { name, measurements: recorder.snapshot(), self: SELF }
}

const SERVER: ProcessSamples = {
  name: 'node',
  source: 'pid',
  samples: [0, 2, 4, 6].map((atS) => ({ atS, cpuS: atS, rssBytes: 1e6 + atS * 1000 })),
  rssMaxBytes: 2e6,
}

t.test('a result is what its schema says, and so is what becomes of it as JSON', async (t) => {
  const result = assemble(FACTS, [worker('w1'), worker('w2')], [SERVER])
  const read = JSON.parse(JSON.stringify(result))
  t.same([...Value.Errors(ResultSchema, read)], [])
  t.same(read, result)
})

t.test('what several workers measured is told together', async (t) => {
  const result = assemble(FACTS, [worker('w1'), worker('w2')], [])
  t.match(result.ledger, { posted: 8, accepted: 8, delivered: 6, lost: 2, lostIds: ['w1-0', 'w2-0'] })
  t.match(result.rates, { posted: 4, accepted: 4, delivered: 3, connected: 4 })
  t.equal(result.durationS, 2)
  t.match(result.latencies['post_to_2xx']?.intended, {
    count: 8,
    minMs: 5,
    maxMs: 5,
    percentilesMs: { p50: 5 },
  })
  t.match(result.latencies['post_to_2xx']?.service, { count: 8, minMs: 4, maxMs: 4 })
  t.match(result.latencies['post_to_notification']?.intended, { count: 6, maxMs: 10 })
})

t.test('processes are told by what they took in the measured phases', async (t) => {
  const { processes } = assemble(FACTS, [worker('w1')], [SERVER])
  t.match(processes, [
    {
      name: 'node',
      cpuS: 2,
      cpuUsPerDelivered: 2e6 / 3,
      rssStartBytes: 1e6,
      rssEndBytes: 1e6 + 4000,
      rssMaxBytes: 2e6,
      rssBytesPerConnection: 2000,
    },
  ])
  const other = assemble({ ...FACTS, holdsConnections: false }, [worker('w1')], [SERVER])
  t.equal(other.processes[0]?.rssBytesPerConnection, null, 'where no connections are held')
})

t.test('the generator is told, too', async (t) => {
  const { generator } = assemble(FACTS, [worker('w1'), worker('w2')], [])
  t.match(generator, { saturated: false, cpuUsPerDelivered: 2e6 / 6 })
  t.match(generator.workers, [
    { name: 'w1', cpuS: 1, cpuShare: 0.5, loopDelayP99Ms: 4, rssMaxBytes: 1000 },
    {},
  ])
})

t.test('all columns of the timeline are as long as the measurement', async (t) => {
  const { timeline } = assemble(FACTS, [worker('w1')], [SERVER])
  t.equal(timeline.everyS, 1)
  for (const [name, column] of Object.entries(timeline.series)) t.equal(column.length, 2, name)
  t.match(timeline.series, {
    posted: [2, 2],
    delivered: [1, 2],
    connected: [2, 2],
    'post_to_2xx.max': [5, 5],
    'node.cpu': [1, 1],
    'node.rssBytes': [1e6 + 2000, 1e6 + 4000],
    'generator.cpu': [0.5, 0.5],
    'generator.loopDelayMs': [3, 4],
  })
})

t.test('what makes figures doubtful is a warning', async (t) => {
  const lost: WorkerResult = { name: 'w2', lost: { atS: 3 } }
  const slow = { ...worker('w1'), self: { ...SELF, saturatedSeconds: 2, measuredSeconds: 2 } }
  const gone = { ...SERVER, problem: 'no process 7' }
  const { warnings, generator } = assemble(FACTS, [slow, lost], [gone])
  t.match(warnings, [
    { code: 'worker-lost', text: /w2 stopped 3.0 s/ },
    { code: 'generator-saturated', text: /2 of 2 seconds/ },
    { code: 'process-unreadable', text: /node.*no process 7/ },
  ])
  t.equal(generator.saturated, true)
  t.match(generator.workers, [{}, { name: 'w2', lostAtS: 3 }])
})

t.test('of a worker that was lost it is said what is missing', async (t) => {
  const lost = { ...worker('w2'), lost: { atS: 3, knownToS: 2.04, open: 17 } }
  const { warnings, generator, ledger } = assemble(FACTS, [worker('w1'), lost], [])
  t.match(warnings, [
    { code: 'worker-lost', text: /w2 stopped 3.0 s .*later than 2.0 s is missing, and 17 of its messages/ },
  ])
  t.match(generator.workers, [{}, { name: 'w2', lostAtS: 3, knownToS: 2.04, cpuS: 1 }])
  t.equal(ledger.posted, 2 * assemble(FACTS, [worker('w1')], []).ledger.posted)
})
