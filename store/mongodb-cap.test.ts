import type { Binary, CountDocumentsOptions, Filter } from 'mongodb'
import t from 'tap'
import { SimulatedClock, settled } from '../cluster/simulated-clock.ts'
import { type Uaid, uaidFromBytes } from '../push/ids.ts'
import { messageOf, numbers, uaidOf } from './fixtures/samples.ts'
import { MongoCap } from './mongodb-cap.ts'
import { type EndingDocument, type MessageDocument, messageDocument } from './mongodb-schema.ts'

const STORED_MAX = 10
const GATHER_MS = 100

/** User agents with so many messages each, and what is asked about them. */
class Database {
  readonly counts: Uaid[][] = []
  /** How many of whose messages. */
  readonly removed = new Map<Uaid, number>()
  isAway = false
  readonly #held = new Map<Uaid, number>()
  #hanging: Promise<void> | undefined

  hold(number: number, messages: number): Uaid {
    this.#held.set(uaidOf(number), messages)
    return uaidOf(number)
  }

  /** Answers nothing until what is returned is called. */
  hang(): () => void {
    let release = () => {}
    this.#hanging = new Promise((resolve) => {
      release = resolve
    })
    return release
  }

  async countDocuments(
    { u }: Filter<MessageDocument>,
    { limit = 0 }: CountDocumentsOptions,
  ): Promise<number> {
    const uaids = (u as { $in: Binary[] }).$in.map(({ buffer }) => uaidFromBytes(buffer))
    this.counts.push(uaids)
    await this.#hanging
    if (this.isAway) throw new Error('away')
    const count = uaids.reduce((sum, uaid) => sum + (this.#held.get(uaid) ?? 0), 0)
    return Math.min(count, limit)
  }

  find({ u }: Filter<MessageDocument>) {
    const uaid = uaidFromBytes((u as Binary).buffer)
    const all = numbers(1, this.#held.get(uaid) ?? 0)
    return { toArray: async () => all.map((number) => messageDocument(uaid, messageOf(number), 0, 0)) }
  }

  async removeFoundOf(uaid: Uaid, documents: readonly EndingDocument[]): Promise<void> {
    this.removed.set(uaid, documents.length)
  }
}

t.test(
  'those looked at soon after each other are counted together, and nobody is counted before',
  async (t) => {
    const { clock, cap, database } = setUp()
    for (const number of [1, 2, 3, 2]) cap.lookSoon(database.hold(number, 3))
    t.equal(cap.waiting, 3, 'each once')
    clock.advance(GATHER_MS - 1)
    t.equal(database.counts.length, 0)
    clock.advance(1)
    await settled()
    t.strictSame(database.counts, [[1, 2, 3].map(uaidOf)])
    t.equal(cap.waiting, 0)
    t.equal(clock.waiting, 0, 'nothing waits for more')
  },
)

t.test('among many the ones with too much are found, and only they lose something', async (t) => {
  const { clock, cap, database } = setUp()
  const held = new Map(numbers(1, 37).map((number) => [number, [5, 21].includes(number) ? 13 : 1]))
  for (const [number, count] of held) cap.lookSoon(database.hold(number, count))
  clock.advance(GATHER_MS)
  await settled()
  t.strictSame(
    database.removed,
    new Map([
      [uaidOf(5), 3],
      [uaidOf(21), 3],
    ]),
  )
  t.ok(database.counts.length < 30, `${database.counts.length} counts for 37 user agents`)
})

t.test('as much as one may have is not too much, however it is shared', async (t) => {
  const { clock, cap, database } = setUp()
  for (const number of [1, 2]) cap.lookSoon(database.hold(number, STORED_MAX))
  clock.advance(GATHER_MS)
  await settled()
  t.equal(database.counts.length, 3)
  t.equal(database.removed.size, 0)
})

t.test('one group at a time: whoever comes meanwhile is in the next', async (t) => {
  const { clock, cap, database } = setUp()
  const release = database.hang()
  cap.lookSoon(database.hold(1, 1))
  clock.advance(GATHER_MS)
  cap.lookSoon(database.hold(2, 1))
  clock.advance(10 * GATHER_MS)
  await settled()
  t.equal(database.counts.length, 1)
  t.equal(cap.waiting, 2)
  release()
  await settled()
  clock.advance(GATHER_MS)
  await settled()
  t.strictSame(database.counts, [[uaidOf(1)], [uaidOf(2)]])
})

t.test('a database that is away ends one look, and no other', async (t) => {
  const { clock, cap, database } = setUp()
  database.isAway = true
  cap.lookSoon(database.hold(1, 13))
  clock.advance(GATHER_MS)
  await settled()
  t.equal(cap.waiting, 0)
  database.isAway = false
  cap.lookSoon(uaidOf(1))
  clock.advance(GATHER_MS)
  await settled()
  t.strictSame(database.removed, new Map([[uaidOf(1), 3]]))
})

t.test('only so many wait, and after the end nobody does', async (t) => {
  const { clock, cap, database } = setUp()
  for (const number of numbers(1, 200)) cap.lookSoon(database.hold(number, 1))
  t.equal(cap.waiting, 100)
  cap.close()
  t.equal(cap.waiting, 0)
  clock.advance(GATHER_MS)
  await settled()
  t.equal(database.counts.length, 0)
})

function setUp() {
  const clock = new SimulatedClock()
  const database = new Database()
  const cap = new MongoCap({ messages: database, removals: database, clock, storedMax: STORED_MAX })
  return { clock, database, cap }
}
