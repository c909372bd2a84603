import t from 'tap'
import { SimulatedClock, settled } from '../cluster/simulated-clock.ts'
import type { Collected } from '../store/store.ts'
import { startGarbageCollection, startReceiptSweep } from './garbage.ts'

const OPTIONS = { collectIntervalMs: 1000, collectRestMs: 60_000, collectMax: 50 }
const NOTHING: Collected = { agents: 0, messages: 0, receipts: 0, done: true }

/** A store whose rounds end by hand. */
function handStore() {
  const sweeps: { settle: (outcome: number | Error) => void; asked: readonly number[] }[] = []
  const rounds: { settle: (outcome: Collected | Error) => void; asked: readonly number[] }[] = []
  const store = {
    collectGarbage: (nowMs: number, limit: number) =>
      new Promise<Collected>((resolve, reject) => {
        const settle = (outcome: Collected | Error) =>
          outcome instanceof Error ? reject(outcome) : resolve(outcome)
        rounds.push({ settle, asked: [nowMs, limit] })
      }),
    sweepReceipts: (nowMs: number, limit: number) =>
      new Promise<number>((resolve, reject) => {
        const settle = (outcome: number | Error) =>
          outcome instanceof Error ? reject(outcome) : resolve(outcome)
        sweeps.push({ settle, asked: [nowMs, limit] })
      }),
  }
  return { store, rounds, sweeps }
}

function handLog() {
  const lines: string[] = []
  const write = (_fields: object, message: string) => void lines.push(message)
  return { log: { debug: write, warn: write }, lines }
}

t.test('collects a bounded round at a time, pauses after each and rests after the last', async (t) => {
  const [clock, { store, rounds }, { log, lines }] = [new SimulatedClock(), handStore(), handLog()]
  startGarbageCollection(OPTIONS, { store, clock, log })
  t.equal(rounds.length, 0)
  clock.advance(OPTIONS.collectIntervalMs)
  t.same(rounds[0]?.asked, [clock.nowMs(), 50])
  t.equal(clock.waiting, 0, 'no second round while the first runs')
  rounds[0]?.settle({ agents: 1, messages: 2, receipts: 0, done: false })
  await settled()
  clock.advance(OPTIONS.collectIntervalMs)
  t.equal(rounds.length, 2)
  rounds[1]?.settle(NOTHING)
  await settled()
  clock.advance(OPTIONS.collectRestMs - 1)
  t.equal(rounds.length, 2, 'rests when the store has been gone through')
  clock.advance(1)
  t.equal(rounds.length, 3, 'and begins anew')
  t.same(lines, ['garbage collected'], 'logs rounds that found something')
})

t.test('goes on after a failure, and says it once until it works again', async (t) => {
  const [clock, { store, rounds }, { log, lines }] = [new SimulatedClock(), handStore(), handLog()]
  startGarbageCollection(OPTIONS, { store, clock, log })
  for (const outcome of [new Error('down'), new Error('down'), NOTHING, new Error('down')]) {
    clock.advance(OPTIONS.collectRestMs)
    rounds.at(-1)?.settle(outcome)
    await settled()
  }
  t.equal(rounds.length, 4)
  t.equal(lines.length, 2)
})

t.test('stopping waits for the round under way and starts no other', async (t) => {
  const [clock, { store, rounds }, { log }] = [new SimulatedClock(), handStore(), handLog()]
  const stop = startGarbageCollection(OPTIONS, { store, clock, log })
  clock.advance(OPTIONS.collectIntervalMs)
  let stopped = false
  const stopping = stop().then(() => (stopped = true))
  await settled()
  t.notOk(stopped)
  rounds[0]?.settle(NOTHING)
  await stopping
  t.equal(clock.waiting, 0)

  await startGarbageCollection(OPTIONS, { store, clock, log })()
  t.equal(clock.waiting, 0, 'stopped between rounds')
})

t.test(
  'expired messages with a receipt are swept at a pace of their own, faster while there are many',
  async (t) => {
    const [clock, { store, sweeps }, { log, lines }] = [new SimulatedClock(), handStore(), handLog()]
    const stop = startReceiptSweep({ ...OPTIONS, receiptSweepMs: 5000 }, { store, clock, log })
    clock.advance(4999)
    t.equal(sweeps.length, 0)
    clock.advance(1)
    t.same(sweeps[0]?.asked, [clock.nowMs(), OPTIONS.collectMax])
    sweeps[0]?.settle(OPTIONS.collectMax)
    await settled()
    clock.advance(OPTIONS.collectIntervalMs)
    t.equal(sweeps.length, 2, 'there may be more')
    sweeps[1]?.settle(0)
    await settled()
    clock.advance(4999)
    t.equal(sweeps.length, 2)
    clock.advance(1)
    sweeps[2]?.settle(new Error('down'))
    await settled()
    t.same(lines, ['messages with a receipt have expired', 'receipts could not be swept; trying again'])
    await stop()
    clock.advance(10_000)
    t.equal(sweeps.length, 3)
  },
)

t.test('collects only while that is the job of this process', async (t) => {
  const [clock, { store, rounds }, { log }] = [new SimulatedClock(), handStore(), handLog()]
  let ours = false
  const stop = startGarbageCollection(OPTIONS, { store, clock, log, isOurs: () => ours })
  clock.advance(10 * OPTIONS.collectIntervalMs)
  t.equal(rounds.length, 0)
  ours = true
  clock.advance(OPTIONS.collectIntervalMs)
  t.equal(rounds.length, 1)
  rounds[0]?.settle(NOTHING)
  await stop()
})
