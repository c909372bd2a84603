import t from 'tap'
import { SimulatedClock } from '../cluster/simulated-clock.ts'
import { type BatchLimits, BatchQueue } from './batch-queue.ts'

const LIMITS: BatchLimits = {
  underWayMax: 2,
  itemsMax: 100,
  batchBytesMax: 1000,
  waitingBytesMax: 5000,
  waitMaxMs: 2000,
}

/** Batches under way. */
class Batches {
  readonly #clock: SimulatedClock
  readonly started: { items: readonly number[]; resolve(): void; reject(error: Error): void }[] = []

  constructor(clock: SimulatedClock) {
    this.#clock = clock
  }

  start(items: readonly number[]): Promise<void> {
    return new Promise((resolve, reject) => this.started.push({ items, resolve, reject }))
  }

  /** Ends a batch; resolves when what follows from it has happened. */
  async finish(index: number): Promise<void> {
    this.started[index]?.resolve()
    await this.turn()
  }

  /** Lets the turn of the event loop end. */
  async turn(): Promise<void> {
    for (let turns = 0; turns < 10; turns += 1) await undefined
    this.#clock.advance(0)
  }
}

t.test('what is asked for in one turn is one batch', async (t) => {
  const { queue, batches } = setUp()
  const results = [1, 2].map((item) => queue.run(item))
  await undefined
  results.push(queue.run(3))
  t.strictSame(itemsOf(batches), [])
  await batches.turn()
  t.strictSame(itemsOf(batches), [[1, 2, 3]])
  await batches.finish(0)
  t.strictSame(await Promise.all(results), ['0 of 1', '1 of 2', '2 of 3'], 'each gets its own result')
})

t.test('what is asked for while a batch is under way shares the next one', async (t) => {
  const { queue, batches } = setUp()
  const results = [queue.run(1)]
  await batches.turn()
  t.strictSame(itemsOf(batches), [[1]], 'the first waits for nothing more than the turn')
  results.push(queue.run(2))
  await batches.turn()
  results.push(queue.run(3))
  await batches.turn()
  t.strictSame(itemsOf(batches), [[1]])
  await batches.finish(0)
  t.strictSame(itemsOf(batches), [[1], [2, 3]])
  await batches.finish(1)
  t.strictSame(await Promise.all(results), ['0 of 1', '0 of 2', '1 of 3'])
})

t.test('what is asked for with the results of a batch shares the next one', async (t) => {
  const { queue, batches } = setUp()
  const again = [1, 2, 3].map((item) => queue.run(item).then(() => queue.run(item + 10)))
  await batches.turn()
  await batches.finish(0)
  t.strictSame(itemsOf(batches), [
    [1, 2, 3],
    [11, 12, 13],
  ])
  await batches.finish(1)
  t.equal((await Promise.all(again)).length, 3)
})

t.test(
  'another batch starts beside one under way when it is worth while, but no more than may',
  async (t) => {
    const { queue, batches } = setUp()
    run(queue, 1, 1)
    await batches.turn()
    run(queue, 2, 32)
    await batches.turn()
    t.equal(batches.started.length, 1, '31 wait')
    run(queue, 33, 63)
    await batches.turn()
    run(queue, 64, 162)
    await batches.turn()
    t.strictSame(
      itemsOf(batches).map((items) => items.length),
      [1, 62],
      'a third one would be too many',
    )
    await batches.finish(1)
    t.strictSame(
      itemsOf(batches).map((items) => items.length),
      [1, 62, 99],
    )
  },
)

t.test('a batch is limited in items and in bytes, a single item is not', async (t) => {
  const { queue, batches } = setUp({ itemsMax: 3 }, (item) => item)
  run(queue, 1, 1)
  await batches.turn()
  for (const item of [10, 20, 30, 40, 600, 500, 2000, 50]) run(queue, item, item)
  for (const index of [0, 1, 2, 3, 4]) await batches.finish(index)
  t.strictSame(itemsOf(batches), [[1], [10, 20, 30], [40, 600], [500], [2000], [50]])
})

t.test('when too much waits, more is refused', async (t) => {
  const { queue, batches } = setUp({}, () => 1000)
  run(queue, 1, 1)
  await batches.turn()
  run(queue, 2, 6)
  await t.rejects(queue.run(7), { name: 'PushError', code: 'storeFull' })
  await batches.finish(0)
  await t.resolves(Promise.race([queue.run(8), 'accepted']))
})

t.test('a batch that fails, fails for all of its items and no others', async (t) => {
  const { queue, batches } = setUp()
  const first = queue.run(1)
  await batches.turn()
  const failing = [2, 3].map((item) => queue.run(item))
  await batches.finish(0)
  await first
  const fourth = queue.run(4)
  batches.started[1]?.reject(new Error('broken'))
  for (const result of failing) await t.rejects(result, { message: 'broken' })
  await batches.turn()
  await batches.finish(2)
  t.equal(await fourth, '0 of 4')
})

t.test('what has waited too long is not done any more', async (t) => {
  const { clock, queue, batches } = setUp()
  run(queue, 1, 1)
  await batches.turn()
  const late = queue.run(2)
  await batches.turn()
  clock.advance(2001)
  const inTime = queue.run(3)
  await batches.finish(0)
  await t.rejects(late, { name: 'PushError', code: 'storeDown' })
  t.strictSame(itemsOf(batches), [[1], [3]])
  await batches.finish(1)
  t.equal(await inTime, '0 of 3')
})

/** A queue whose batches end when the test says so. */
function setUp(limits: Partial<BatchLimits> = {}, bytesOf = (_: number) => 1) {
  const clock = new SimulatedClock()
  const batches = new Batches(clock)
  const queue = new BatchQueue<number, string>(
    clock,
    { ...LIMITS, ...limits },
    {
      perform: async (items) => {
        await batches.start(items)
        return (item, index) => `${index} of ${item}`
      },
      bytesOf,
    },
  )
  return { clock, queue, batches }
}

function itemsOf(batches: Batches): (readonly number[])[] {
  return batches.started.map(({ items }) => items)
}

/** Asks for items without looking at what becomes of them. */
function run(queue: BatchQueue<number, string>, first: number, last: number): void {
  for (let item = first; item <= last; item += 1) void queue.run(item).catch(() => {})
}
