import t from 'tap'
import { Recorder } from '../measure/recorder.ts'
import { Crew, type WorkerEars } from './crew.ts'
import type { ToWorker, WorkerPart, WorkerReport } from './messages.ts'

const JOB = { run: 'r', seed: 1 } as unknown as Parameters<Crew['play']>[0]

/** A worker that does what the test says, and keeps what it was told. */
interface Puppet {
  readonly told: ToWorker[]
  readonly ears: WorkerEars
  isClosed: boolean
}

function puppet(crew: Crew, name: string): Puppet {
  const told: ToWorker[] = []
  const made = { told, isClosed: false }
  const close = () => {
    made.isClosed = true
  }
  return Object.assign(made, { ears: crew.join({ name, say: (message) => told.push(message), close }) })
}

function report(posted: number): WorkerReport {
  let nowUs = 0
  const recorder = new Recorder(() => nowUs)
  recorder.start()
  for (let number = 0; number < posted; number += 1)
    recorder.posting({
      id: `m${number}`,
      channel: 'c',
      ttlS: 1,
      toConnected: true,
      intendedUs: nowUs,
      sentUs: nowUs,
    })
  nowUs = 1e6
  recorder.stop()
  const self = {
    samples: [{ atS: 0.5, cpuS: 0.1, rssBytes: 1000, loopDelayP99Ms: 1 }],
    rssMaxBytes: 1000,
    cpuShareMax: 0.2,
    measuredSeconds: 1,
    saturatedSeconds: 0,
    loopDelayP99Ms: 1,
  }
  const phases = [{ name: 'load', fromS: 0, toS: 1, measured: true }]
  return { measurements: recorder.snapshot(), self, phases, warnings: [] }
}

/** A part as a worker would send that has posted so many, each of which was answered and has arrived, but for the last. */
function part(posted: number, revision: number): WorkerPart {
  const recorder = new Recorder(() => 0)
  recorder.start(0)
  recorder.connected(1)
  for (let number = 1; number <= posted; number += 1) {
    const id = `m${number}`
    recorder.posting({ id, channel: 'c', ttlS: 1, toConnected: true, intendedUs: 0, sentUs: 0 })
    recorder.answered(id, 201, undefined, 1.2e6)
    if (number < posted) recorder.arrived(id, 1.3e6)
  }
  const { revision: _, ...told } = recorder.part(0)
  return { ...report(0), ...told, mark: { revision, atS: revision * 2 } }
}

function crewOf(count: number) {
  const time = { nowS: 0 }
  const crew = new Crew({ sinceStartS: () => time.nowS })
  const workers = Array.from({ length: count }, (_, index) => puppet(crew, `w${index + 1}`))
  const [first, second = first] = workers
  if (first === undefined || second === undefined) throw new Error('no workers')
  return { crew, time, first, second }
}

const entered = ({ told }: Puppet) =>
  told.flatMap((message) => (message.type === 'enter' ? message.index : []))

t.test('each is told its share', async (t) => {
  const { crew, first, second } = crewOf(2)
  const played = crew.play(JOB)
  t.same(first.told, [{ type: 'job', job: { ...JOB, worker: 0, workers: 2 } }])
  t.same(second.told, [{ type: 'job', job: { ...JOB, worker: 1, workers: 2 } }])
  for (const { ears } of [first, second]) ears.heard({ type: 'done', report: report(1) })
  await played
  t.ok(first.isClosed && second.isClosed)
})

t.test('a phase begins when all have come to it', async (t) => {
  const { crew, first, second } = crewOf(2)
  const played = crew.play(JOB)
  first.ears.heard({ type: 'at', index: 0 })
  t.same(entered(first), [])
  second.ears.heard({ type: 'at', index: 0 })
  t.same([entered(first), entered(second)], [[0], [0]])
  second.ears.heard({ type: 'at', index: 1 })
  t.same(entered(second), [0])
  first.ears.heard({ type: 'at', index: 1 })
  t.same(entered(second), [0, 1])
  for (const { ears } of [first, second]) ears.heard({ type: 'done', report: report(1) })
  await played
})

t.test('one that left phases out waits for those that did not', async (t) => {
  const { crew, first, second } = crewOf(2)
  const played = crew.play(JOB)
  for (const { ears } of [first, second]) ears.heard({ type: 'at', index: 0 })
  crew.end()
  t.match(first.told.at(-1), { type: 'end' })
  first.ears.heard({ type: 'at', index: 5 })
  second.ears.heard({ type: 'at', index: 1 })
  t.same(entered(second), [0, 1])
  second.ears.heard({ type: 'at', index: 5 })
  t.same(entered(first), [0, 1, 5])
  for (const { ears } of [first, second]) ears.heard({ type: 'done', report: report(1) })
  await played
})

t.test(
  'one that is gone is stated, nobody waits for it, and what the others found out is kept',
  async (t) => {
    const { crew, time, first, second } = crewOf(2)
    const played = crew.play(JOB)
    first.ears.heard({ type: 'at', index: 0 })
    time.nowS = 3
    second.ears.gone()
    t.same(entered(first), [0], 'the phase begins without it')
    t.ok(second.isClosed)
    second.ears.heard({ type: 'done', report: report(100) })
    first.ears.heard({ type: 'done', report: report(7) })
    const { workers, phases } = await played
    t.match(workers, [
      { name: 'w1', measurements: { ledger: { posted: 7 } } },
      { name: 'w2', lost: { atS: 3, knownToS: undefined }, measurements: undefined },
    ])
    t.same(phases, [{ name: 'load', fromS: 3, toS: 4, measured: true }], 'on the clock of the run')
    t.match(workers, [{ self: { samples: [{ atS: 3.5 }] } }, {}])
  },
)

t.test('of one that is gone what it had told counts, once', async (t) => {
  const { crew, time, first, second } = crewOf(2)
  const played = crew.play(JOB)
  time.nowS = 1
  for (const { ears } of [first, second]) ears.heard({ type: 'at', index: 0 })
  for (const [revision, posted] of [3, 5].entries())
    second.ears.heard({ type: 'part', part: part(posted, revision + 1) })
  t.match(
    second.told.filter(({ type }) => type === 'kept'),
    [{ mark: { revision: 1, atS: 2 } }, { mark: { revision: 2, atS: 4 } }],
  )
  time.nowS = 6
  second.ears.gone()
  second.ears.heard({ type: 'part', part: part(50, 3) })
  first.ears.heard({ type: 'done', report: report(7) })
  const { workers } = await played
  const [whole, lost] = workers
  t.match(whole, { name: 'w1', measurements: { ledger: { posted: 7 } } })
  t.equal(whole?.lost, undefined)
  t.match(lost, {
    name: 'w2',
    lost: { atS: 6, knownToS: 5, open: 1 },
    measurements: { ledger: { posted: 4, accepted: 4, delivered: 4, lost: 0 }, statuses: { 201: 5 } },
  })
  const { slots } = lost?.measurements?.timeline ?? {}
  t.match(slots, { 0: { counts: { posted: 5, connections: 1 } }, 1: { counts: { connections: -1 } } })
})

t.test('of one that ends well the parts do not count beside its report', async (t) => {
  const { crew, first } = crewOf(1)
  const played = crew.play(JOB)
  first.ears.heard({ type: 'at', index: 0 })
  first.ears.heard({ type: 'part', part: part(50, 1) })
  first.ears.heard({ type: 'done', report: report(7) })
  const { workers } = await played
  t.match(workers, [{ measurements: { ledger: { posted: 7 } } }])
  t.equal(workers[0]?.lost, undefined)
})

t.test('when all are gone there is what they had told', async (t) => {
  const { crew, first } = crewOf(1)
  const played = crew.play(JOB)
  first.ears.heard({ type: 'at', index: 0 })
  first.ears.heard({ type: 'part', part: part(3, 1) })
  first.ears.gone()
  const { workers, phases } = await played
  t.match(workers, [{ lost: { open: 1 }, measurements: { ledger: { posted: 2 } } }])
  t.match(phases, [{ name: 'load' }])
})

t.test('what one can not do fails the run, in its words', async (t) => {
  const { crew, first, second } = crewOf(2)
  const played = crew.play(JOB)
  first.ears.heard({ type: 'failed', text: 'no server' })
  await t.rejects(played, new Error('w1: no server'))
  t.match(second.told.at(-1), { type: 'end' })
  t.ok(second.isClosed)
})

t.test('ended before it began, it ends as soon as it does', async (t) => {
  const { crew, first } = crewOf(1)
  crew.end()
  const played = crew.play(JOB)
  t.same(
    first.told.map(({ type }) => type),
    ['end', 'job', 'end'],
    'before the job it means nothing',
  )
  first.ears.heard({ type: 'done', report: report(1) })
  await played
})

t.test('without any worker there is no result', async (t) => {
  const { crew, first, second } = crewOf(2)
  const played = crew.play(JOB)
  first.ears.gone()
  second.ears.gone()
  await t.rejects(played, /all workers stopped/)
})
