import t from 'tap'
import { SimulatedClock } from '../cluster/simulated-clock.ts'
import { Supervisor } from './supervisor.ts'
import type { FromWorker, ToWorker } from './worker-messages.ts'
import type { WorkerCare, WorkerEnd, WorkerListener } from './worker-slot.ts'

const CARE: WorkerCare = {
  pingMs: 1000,
  unansweredMax: 10,
  unansweredAtStartMax: 30,
  soundMs: 10_000,
  pauseMs: 250,
  pauseMaxMs: 10_000,
}
const LISTENING = { wsPort: 7001, publicUrl: 'https://push.example.org' }

/** A process that does what a test says. */
class FakeWorker {
  readonly number: number
  readonly said: ToWorker['kind'][] = []
  readonly signals: NodeJS.Signals[] = []
  readonly #listener: WorkerListener
  readonly pid = 4711

  constructor(number: number, listener: WorkerListener) {
    this.number = number
    this.#listener = listener
  }

  send({ kind }: ToWorker): void {
    this.said.push(kind)
  }

  kill(signal: NodeJS.Signals): void {
    this.signals.push(signal)
  }

  says(message: FromWorker): void {
    this.#listener.message(message)
  }

  serves(): void {
    this.says({ kind: 'serving', listening: LISTENING })
  }

  ends(end: Partial<WorkerEnd> = {}): void {
    this.#listener.ended({ code: null, signal: null, ...end })
  }
}

function supervise(count: number, fraction = 0) {
  const time = new SimulatedClock()
  const clock = time.process(0)
  const workers: FakeWorker[] = []
  const lines: [object, string][] = []
  const note = (fields: object, line: string) => void lines.push([fields, line])
  const supervisor = new Supervisor(count, CARE, {
    clock,
    random: { bytes: () => new Uint8Array(), fraction: () => fraction },
    log: { info: note, warn: note, error: note },
    fork(number, listener) {
      const worker = new FakeWorker(number, listener)
      workers.push(worker)
      return worker
    },
  })
  const starting = supervisor.start()
  const worker = (index: number) => {
    const found = workers[index]
    if (found === undefined) throw new Error(`there are ${workers.length} workers`)
    return found
  }
  const pass = (delayMs: number) => time.advance(delayMs)
  return { supervisor, starting, workers, worker, pass, lines, clock }
}

t.test('it serves once all workers do', async (t) => {
  const { starting, workers, worker } = supervise(2)
  t.same(
    workers.map(({ number }) => number),
    [1, 2],
  )
  let served = false
  void starting.then(() => (served = true))
  worker(0).serves()
  await Promise.resolve()
  t.notOk(served)
  worker(1).serves()
  t.same(await starting, LISTENING)
})

t.test('where no worker can start the reason of the last is given, once', async (t) => {
  const { starting, worker, workers, pass } = supervise(2)
  worker(0).says({ kind: 'failed', reason: 'no NATS' })
  worker(0).ends({ code: 1 })
  worker(1).says({ kind: 'failed', reason: 'no NATS' })
  worker(1).ends({ code: 1 })
  await t.rejects(starting, { name: 'StartError', message: 'no NATS' })
  pass(60_000)
  t.equal(workers.length, 2, 'and none is started again')
})

t.test('a defect at start is a reason, too', async (t) => {
  const { starting, worker } = supervise(1)
  worker(0).ends({ code: 7 })
  await t.rejects(starting, { name: 'StartError', message: 'a worker ended before it served (7)' })
})

t.test('one that can not start is tried again as long as another could', async (t) => {
  const { starting, worker, workers, pass } = supervise(2)
  worker(0).serves()
  worker(1).ends({ code: 1 })
  t.equal(workers.length, 2, 'not at once')
  pass(250)
  worker(2).serves()
  t.same(await starting, LISTENING)
})

t.test('a worker that served is replaced at once, under its number', (t) => {
  const { worker, workers, lines } = supervise(2)
  worker(0).serves()
  worker(1).serves()
  worker(1).ends({ signal: 'SIGKILL' })
  t.equal(worker(2).number, 2)
  t.equal(workers.length, 3)
  t.match(lines.at(-1), [{ worker: 2, pid: 4711, signal: 'SIGKILL', pauseMs: 0 }, /replacing/])
  t.end()
})

t.test('one that ends again and again is replaced after pauses that double, up to a limit', (t) => {
  const { worker, workers, pass, lines } = supervise(1)
  const pausesMs: number[] = []
  for (let index = 0; index < 9; index += 1) {
    worker(index).serves()
    worker(index).ends({ code: 1 })
    const [fields] = lines.at(-1) ?? [{}]
    const { pauseMs } = fields as { pauseMs: number }
    pausesMs.push(pauseMs)
    if (pauseMs > 0) {
      pass(pauseMs - 1)
      t.equal(workers.length, index + 1)
      pass(1)
    }
    t.equal(workers.length, index + 2)
  }
  t.same(pausesMs, [0, 250, 500, 1000, 2000, 4000, 5000, 5000, 5000], 'half of the limit, without chance')
  worker(9).serves()
  pass(CARE.soundMs)
  worker(9).ends({ code: 1 })
  t.equal(workers.length, 11, 'at once again after one that was sound')
  t.end()
})

t.test('pauses differ by chance, so that not all workers start at a time', (t) => {
  const { worker, lines } = supervise(2, 0.5)
  worker(1).serves()
  worker(0).ends({ code: 1 })
  t.match(lines.at(-1), [{ pauseMs: 188 }, /replacing/])
  t.end()
})

t.test('a worker that does not answer is killed and replaced; one that does is not', (t) => {
  const { worker, workers, pass } = supervise(2)
  worker(0).serves()
  worker(1).serves()
  worker(0).says({ kind: 'pong' })
  worker(1).says({ kind: 'pong' })
  for (let seconds = 0; seconds < 10; seconds += 1) {
    pass(1000)
    worker(1).says({ kind: 'pong' })
  }
  t.same(worker(0).signals, [], 'ten pings have had no answer yet')
  pass(1000)
  t.same(worker(0).signals, ['SIGKILL'])
  t.same(worker(1).signals, [])
  worker(0).ends({ signal: 'SIGKILL' })
  t.equal(workers.length, 3)
  t.end()
})

t.test('a worker that does not serve yet has more time', (t) => {
  const { worker, pass } = supervise(1)
  worker(0).says({ kind: 'pong' })
  pass(30_000)
  t.same(worker(0).signals, [])
  pass(1000)
  t.same(worker(0).signals, ['SIGKILL'])
  t.end()
})

t.test('a parent that was paused kills nobody for its own silence', (t) => {
  const { worker, pass, clock } = supervise(1)
  worker(0).serves()
  worker(0).says({ kind: 'pong' })
  clock.pause()
  pass(60_000)
  clock.resume()
  pass(0)
  t.same(worker(0).signals, [])
  t.end()
})

t.test('a stop lets all finish and replaces none', async (t) => {
  const { supervisor, worker, workers, pass } = supervise(2)
  worker(0).serves()
  worker(1).serves()
  worker(1).ends({ code: 1 })
  worker(2).ends({ code: 1 })
  const stopping = supervisor.stop()
  t.equal(worker(0).said.at(-1), 'stop')
  worker(0).ends({ code: 0 })
  t.equal(await stopping, 'stopped')
  pass(60_000)
  t.equal(workers.length, 3, 'also not the one that waited for its next start')
})

t.test('a stop fails with one worker that did not end well', async (t) => {
  for (const [end, outcome] of [
    [{ code: 0 }, 'stopped'],
    [{ code: 1 }, 'failed'],
    [{ signal: 'SIGKILL' }, 'failed'],
  ] as const) {
    const { supervisor, worker } = supervise(2)
    worker(0).serves()
    worker(1).serves()
    const stopping = supervisor.stop()
    worker(0).ends(end)
    worker(1).ends({ code: 0 })
    t.equal(await stopping, outcome)
  }
})

t.test('a worker on its way up has nothing to finish: a signal may end it', async (t) => {
  const { supervisor, worker } = supervise(1)
  const stopping = supervisor.stop()
  worker(0).ends({ signal: 'SIGINT' })
  t.equal(await stopping, 'stopped')
})

t.test('a signal goes to all, to those on their way up when they serve', (t) => {
  const { supervisor, worker } = supervise(2)
  worker(0).serves()
  supervisor.signal('SIGHUP')
  t.same(worker(0).signals, ['SIGHUP'])
  t.same(worker(1).signals, [])
  worker(1).serves()
  t.same(worker(1).signals, ['SIGHUP'])
  worker(1).ends({ signal: 'SIGKILL' })
  worker(2).serves()
  t.same(worker(2).signals, [], 'its replacement has started after it')
  t.end()
})
