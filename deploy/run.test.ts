import { EventEmitter } from 'node:events'
import t from 'tap'
import type { Clock } from '../cluster/clock.ts'
import { exitOnDefect, exitOnSignal } from './run.ts'

const STOP_MS = 20_000

/** A process that only notes its exit. */
class FakeHost extends EventEmitter {
  readonly exited: Promise<number>
  exits = 0
  exit: (code: number) => void = () => {}

  constructor() {
    super()
    this.exited = new Promise((resolve) => {
      this.exit = (code) => {
        this.exits += 1
        resolve(code)
      }
    })
  }
}

/** A run that stops as `stop` does; `late` lets `stopMs` pass. */
function run(stop: () => Promise<'stopped' | 'failed'>) {
  const host = new FakeHost()
  let late: () => void = () => {}
  let monotonicMs = 7
  const clock: Clock = {
    nowMs: () => 0,
    monotonicMs: () => monotonicMs,
    after(delayMs, fire) {
      if (delayMs === STOP_MS) late = fire
      return { cancel: () => {} }
    },
    afterTurn: () => {},
  }
  let stops = 0
  const serving = {
    stopMs: STOP_MS,
    stop() {
      stops += 1
      return stop()
    },
  }
  const stopFor = exitOnSignal(serving, { host, clock, log: { info: () => {}, error: () => {} } })
  const pass = (delayMs: number) => (monotonicMs += delayMs)
  return { host, pass, late: () => late(), stops: () => stops, stopFor }
}

t.test('a signal stops everything, then exits with 0', async (t) => {
  for (const signal of ['SIGTERM', 'SIGINT']) {
    const { host, stops } = run(async () => 'stopped')
    host.emit(signal)
    t.equal(await host.exited, 0, signal)
    t.equal(stops(), 1)
  }
})

t.test('a stop that failed exits with 1', async (t) => {
  const { host } = run(async () => 'failed')
  host.emit('SIGTERM')
  t.equal(await host.exited, 1)
})

t.test('nothing exits before the stop is done', async (t) => {
  let finish: (outcome: 'stopped') => void = () => {}
  const { host } = run(() => new Promise((resolve) => (finish = resolve)))
  host.emit('SIGTERM')
  await new Promise((resolve) => process.nextTick(resolve))
  t.equal(host.exits, 0)
  finish('stopped')
  t.equal(await host.exited, 0)
})

t.test('a stop that hangs is bounded', async (t) => {
  const { host, late } = run(() => new Promise(() => {}))
  host.emit('SIGTERM')
  late()
  t.equal(await host.exited, 1)
})

t.test('a second signal exits at once', async (t) => {
  const { host, pass, stops } = run(() => new Promise(() => {}))
  host.emit('SIGINT')
  pass(501)
  host.emit('SIGTERM')
  t.equal(await host.exited, 1)
  t.equal(stops(), 1)
})

t.test('a signal that comes twice at once, as Ctrl+C does through npm, is one', async (t) => {
  let finish: (outcome: 'stopped') => void = () => {}
  const { host, pass, stops } = run(() => new Promise((resolve) => (finish = resolve)))
  host.emit('SIGINT')
  pass(2)
  host.emit('SIGINT')
  t.equal(host.exits, 0)
  finish('stopped')
  t.equal(await host.exited, 0)
  t.equal(stops(), 1)
})

t.test('a stop for another reason is no signal: one that comes on top of it changes nothing', async (t) => {
  let finish: (outcome: 'stopped') => void = () => {}
  const { host, pass, stops, stopFor } = run(() => new Promise((resolve) => (finish = resolve)))
  stopFor('the parent stops')
  pass(501)
  host.emit('SIGINT')
  t.equal(host.exits, 0)
  finish('stopped')
  t.equal(await host.exited, 0)
  t.equal(stops(), 1)
})

t.test('a defect that nothing caught is logged and ends the process', async (t) => {
  for (const event of ['uncaughtException', 'unhandledRejection']) {
    const host = new FakeHost()
    const logged: unknown[] = []
    exitOnDefect(host, { fatal: (...line: unknown[]) => void logged.push(line) })
    const defect = new Error('defect')
    host.emit(event, defect)
    t.equal(await host.exited, 1)
    t.same(logged, [[{ err: defect }, event]])
  }
})
