import t from 'tap'
import type { Clock } from '../cluster/clock.ts'
import type { Collected } from '../store/store.ts'
import { startGarbageCollection } from './garbage.ts'

const OPTIONS = { collectIntervalMs: 1000, collectMax: 50 }
const NOTHING: Collected = { agents: 0, messages: 0, done: true }

/** A clock whose one timer fires by hand. */
function handClock() {
  let due: (() => void) | undefined
  const clock: Clock = {
    nowMs: () => 42,
    monotonicMs: () => 0,
    after(delayMs, run) {
      if (due !== undefined) throw new Error('two timers')
      if (delayMs !== OPTIONS.collectIntervalMs) throw new Error(`waits ${delayMs} ms`)
      due = run
      return { cancel: () => (due = undefined) }
    },
  }
  return {
    clock,
    waits: () => due !== undefined,
    fire() {
      const run = due
      due = undefined
      run?.()
    },
  }
}

/** A store whose rounds end by hand. */
function handStore() {
  const rounds: { settle: (outcome: Collected | Error) => void; asked: readonly number[] }[] = []
  const store = {
    collectGarbage: (nowMs: number, limit: number) =>
      new Promise<Collected>((resolve, reject) => {
        const settle = (outcome: Collected | Error) =>
          outcome instanceof Error ? reject(outcome) : resolve(outcome)
        rounds.push({ settle, asked: [nowMs, limit] })
      }),
  }
  return { store, rounds }
}

function handLog() {
  const lines: string[] = []
  const write = (_fields: object, message: string) => void lines.push(message)
  return { log: { debug: write, warn: write }, lines }
}

/** Lets everything that is settled run. */
const settled = () => new Promise<void>((resolve) => process.nextTick(() => queueMicrotask(resolve)))

t.test('collects a bounded round at a time and pauses after each', async (t) => {
  const [{ clock, fire, waits }, { store, rounds }, { log, lines }] = [handClock(), handStore(), handLog()]
  startGarbageCollection(OPTIONS, { store, clock, log })
  t.equal(rounds.length, 0)
  fire()
  t.same(rounds[0]?.asked, [42, 50])
  await settled()
  t.notOk(waits(), 'no second round while the first runs')
  rounds[0]?.settle({ agents: 1, messages: 2, done: false })
  await settled()
  t.ok(waits())
  fire()
  rounds[1]?.settle(NOTHING)
  await settled()
  t.ok(waits(), 'goes on when the store has been gone through')
  t.same(lines, ['garbage collected'], 'logs rounds that found something')
})

t.test('goes on after a failure, and says it once until it works again', async (t) => {
  const [{ clock, fire }, { store, rounds }, { log, lines }] = [handClock(), handStore(), handLog()]
  startGarbageCollection(OPTIONS, { store, clock, log })
  for (const outcome of [new Error('down'), new Error('down'), NOTHING, new Error('down')]) {
    fire()
    rounds.at(-1)?.settle(outcome)
    await settled()
  }
  t.equal(rounds.length, 4)
  t.equal(lines.length, 2)
})

t.test('stopping waits for the round under way and starts no other', async (t) => {
  const [{ clock, fire, waits }, { store, rounds }, { log }] = [handClock(), handStore(), handLog()]
  const stop = startGarbageCollection(OPTIONS, { store, clock, log })
  fire()
  let stopped = false
  const stopping = stop().then(() => (stopped = true))
  await settled()
  t.notOk(stopped)
  rounds[0]?.settle(NOTHING)
  await stopping
  t.notOk(waits())

  const idle = handClock()
  await startGarbageCollection(OPTIONS, { store, clock: idle.clock, log })()
  t.notOk(idle.waits(), 'stopped between rounds')
})
