import t from 'tap'
import { seededRandom } from '../cluster/seeded-random.ts'
import { SimulatedClock } from '../cluster/simulated-clock.ts'
import { newUaid, type Uaid } from '../push/ids.ts'
import { LAST_CONNECT_REFRESH_MS } from '../store/store.ts'
import { storeOf } from './fixtures/store-double.ts'
import { RECHECK_OPTIONS, type RecheckOptions, Rechecks } from './rechecks.ts'

const RECHECK_MS = RECHECK_OPTIONS.recheckMs
const MINUTE_MS = 60_000

/** User agents that note when they are told to look into the store. */
function world(options: Partial<RecheckOptions> = {}) {
  const clock = new SimulatedClock()
  const random = seededRandom(3)
  const queries: Uaid[][] = []
  const touched: Uaid[] = []
  const failures: unknown[] = []
  const pending = new Set<Uaid>()
  const behaviour = { fails: false, duringQuery: () => {} }
  const away = new Set<Uaid>()
  const isReachable = (uaid: Uaid) => !away.has(uaid)
  const store = storeOf({
    async pending(uaids) {
      queries.push([...uaids])
      behaviour.duringQuery()
      if (behaviour.fails) throw new Error('store down')
      return uaids.filter((uaid) => pending.has(uaid))
    },
    async touch(uaids) {
      touched.push(...uaids)
    },
  })
  const failed = (error: unknown) => failures.push(error)
  const rechecks = new Rechecks(
    { ...RECHECK_OPTIONS, ...options },
    { store, clock, random, failed, isReachable },
  )
  const agent = () => {
    const uaid = newUaid(random)
    const checks: number[] = []
    const announced: number[] = []
    const rechecked = {
      check: () => void checks.push(clock.elapsedMs),
      announce: () => void announced.push(clock.elapsedMs),
    }
    return { uaid, checks, announced, rechecked, rechecking: rechecks.add(rechecked, uaid) }
  }
  return { clock, rechecks, agent, queries, touched, failures, pending, behaviour, away }
}

t.test('the first look is 10 to 60 s after hello, the next ones 7.5 to 22.5 minutes apart', async (t) => {
  const { clock, agent, pending } = world()
  const agents = Array.from({ length: 200 }, agent)
  for (const { uaid } of agents) pending.add(uaid)
  await clock.advanceSettled(5 * RECHECK_MS)
  // Time is cut into slots of 1.8 s: a look may be that much late.
  const slotMs = RECHECK_MS / 500
  const firsts: number[] = []
  for (const { checks } of agents) {
    const [first = 0] = checks
    firsts.push(first)
    if (first < 10_000 - slotMs || first > 60_000 + slotMs) t.fail(`first after ${first} ms`)
    checks.slice(1).forEach((atMs, index) => {
      const waitMs = atMs - (checks[index] ?? 0)
      if (waitMs < RECHECK_MS / 2 - slotMs || waitMs > 1.5 * RECHECK_MS + slotMs) t.fail(`after ${waitMs} ms`)
    })
    t.ok(checks.length >= 4)
  }
  t.ok(Math.max(...firsts) - Math.min(...firsts) > 40_000, 'spread over the time')
})

t.test('each announces itself with its first look, and not again', async (t) => {
  const { clock, agent, pending } = world()
  const { uaid, checks, announced } = agent()
  pending.add(uaid)
  await clock.advanceSettled(5 * RECHECK_MS)
  t.same(announced, checks.slice(0, 1))
})

t.test('only those are told that have something in the store', async (t) => {
  const { clock, agent, pending, queries } = world()
  const [has, hasNot] = [agent(), agent()]
  pending.add(has.uaid)
  await clock.advanceSettled(2 * MINUTE_MS)
  t.equal(has.checks.length, 1)
  t.equal(hasNot.checks.length, 0)
  t.same(queries.flat().sort(), [has.uaid, hasNot.uaid].sort())
})

t.test('many are asked about in one query, and at most 500', async (t) => {
  const { clock, agent, queries } = world({ firstRecheckMs: [10_000, 10_000] })
  for (let made = 0; made < 1200; made += 1) agent()
  await clock.advanceSettled(MINUTE_MS)
  t.same(
    queries.map((uaids) => uaids.length),
    [500, 500, 200],
  )
})

t.test('where the time between looks is short the first is no later', async (t) => {
  const { clock, agent, pending } = world({ recheckMs: 1000 })
  const { uaid, checks } = agent()
  pending.add(uaid)
  await clock.advanceSettled(1200)
  t.equal(checks.length, 1)
})

t.test('who has left is not asked about; who leaves during the query is not told', async (t) => {
  const { clock, agent, queries, pending, behaviour } = world({ firstRecheckMs: [10_000, 10_000] })
  const [gone, leaves, stays] = [agent(), agent(), agent()]
  for (const { uaid } of [gone, leaves, stays]) pending.add(uaid)
  gone.rechecking.stop()
  gone.rechecking.stop()
  behaviour.duringQuery = () => leaves.rechecking.stop()
  await clock.advanceSettled(MINUTE_MS)
  t.same(queries, [[leaves.uaid, stays.uaid]])
  t.same(
    [gone, leaves, stays].map(({ checks }) => checks.length),
    [0, 0, 1],
  )
})

t.test('who takes another id is looked for under that one only', async (t) => {
  const { clock, agent, rechecks, queries } = world({ firstRecheckMs: [10_000, 10_000] })
  const one = agent()
  const other = agent()
  one.rechecking.stop()
  other.rechecking.stop()
  rechecks.add(one.rechecked, other.uaid)
  await clock.advanceSettled(MINUTE_MS)
  t.same(queries, [[other.uaid]])
})

t.test('a store that fails is told of, and asked again the next time', async (t) => {
  const { clock, agent, failures, behaviour, pending } = world()
  const { uaid, checks } = agent()
  pending.add(uaid)
  behaviour.fails = true
  await clock.advanceSettled(2 * MINUTE_MS)
  t.match(failures, [{ message: 'store down' }])
  t.equal(failures.length, 1)
  behaviour.fails = false
  await clock.advanceSettled(1.6 * RECHECK_MS)
  t.ok(checks.length >= 1)
})

t.test('who stays connected for a day is marked as seen, once a day', async (t) => {
  const { clock, agent, touched } = world()
  const { uaid } = agent()
  await clock.advanceSettled(LAST_CONNECT_REFRESH_MS - 1)
  t.same(touched, [])
  await clock.advanceSettled(2 * RECHECK_MS)
  t.same(touched, [uaid])
  await clock.advanceSettled(LAST_CONNECT_REFRESH_MS - 4 * RECHECK_MS)
  t.same(touched, [uaid])
  await clock.advanceSettled(4 * RECHECK_MS)
  t.same(touched, [uaid, uaid])
})

t.test('a process that stalled catches up', async (t) => {
  const clock = new SimulatedClock()
  const process = clock.process(0)
  const random = seededRandom(3)
  const queries: (readonly Uaid[])[] = []
  const store = storeOf({
    async pending(uaids) {
      queries.push(uaids)
      return []
    },
  })
  const rechecks = new Rechecks(RECHECK_OPTIONS, {
    store,
    clock: process,
    random,
    failed: (error) => t.fail(String(error)),
    isReachable: () => true,
  })
  const check = () => t.fail('nothing is there')
  rechecks.add({ check, announce: () => {} }, newUaid(random))
  process.pause()
  await clock.advanceSettled(5 * MINUTE_MS)
  process.resume()
  await clock.advanceSettled(10)
  t.equal(queries.length, 1)
})

t.test('all are looked after soon, spread over the time, when hints may have been lost', async (t) => {
  const { clock, agent, pending, rechecks } = world()
  const agents = Array.from({ length: 200 }, agent)
  await clock.advanceSettled(2 * MINUTE_MS)
  for (const { uaid } of agents) pending.add(uaid)
  const askedAtMs = clock.elapsedMs
  rechecks.recheckSoon(() => true)
  await clock.advanceSettled(RECHECK_OPTIONS.recheckSoonMs + RECHECK_MS / 500)
  const waitsMs = agents.map(({ checks: [first = Number.NaN] }) => first - askedAtMs)
  t.ok(waitsMs.every((ms) => ms >= 0))
  t.ok(Math.max(...waitsMs) - Math.min(...waitsMs) > 25_000, 'spread over the time')
  t.ok(agents.every(({ checks, announced }) => checks.length === 1 && announced.length === 1))
})

t.test('whose bus is away is looked after often; when it is back, once more', async (t) => {
  const { clock, agent, pending, rechecks, away } = world()
  const { uaid, checks, announced } = agent()
  const [left, elsewhere] = [agent(), agent()]
  const concerns = (each: Uaid) => each !== elsewhere.uaid
  pending.add(uaid).add(elsewhere.uaid)
  await clock.advanceSettled(2 * MINUTE_MS)
  checks.length = 0
  for (const each of [announced, left.announced, elsewhere.announced]) each.length = 0
  away.add(uaid)
  rechecks.recheckSoon(concerns)
  await clock.advanceSettled(5 * MINUTE_MS)
  t.ok(checks.length >= 9, `${checks.length} times in 5 minutes`)
  t.same(announced, [])
  t.equal(elsewhere.checks.length, 1, 'only its first look')
  checks.length = 0
  away.clear()
  rechecks.busRestored(concerns)
  left.rechecking.stop()
  await clock.advanceSettled(RECHECK_MS / 3)
  t.equal(checks.length, 1)
  t.same(announced, checks, 'told in its turn, once')
  t.same(left.announced, [], 'not who has left')
  t.same([elsewhere.checks.length, elsewhere.announced], [1, []], 'nor who is elsewhere')
})

t.test('after close nothing is left to run', async (t) => {
  const { clock, agent, rechecks, queries } = world()
  agent()
  rechecks.close()
  t.equal(clock.waiting, 0)
  await clock.advanceSettled(MINUTE_MS)
  t.same(queries, [])
})
