import { MongoClient } from 'mongodb'
import t, { type Test } from 'tap'
import { freePort } from '../bench/lab/free-ports.ts'
import { systemClock } from '../cluster/clock.ts'
import { PushError } from '../push/errors.ts'
import type { MessageId } from '../push/ids.ts'
import type { Message } from '../push/message.ts'
import {
  anyUrgency,
  CHANNEL,
  channelOf,
  channelsOf,
  digestOf,
  idsOf,
  LIMITS,
  listAll,
  listIds,
  messageIdOf,
  messageOf,
  NOW_MS,
  numbers,
  OTHER_CHANNEL,
  OTHER_UA,
  UA,
  uaidOf,
} from '../store/fixtures/samples.ts'
import { databaseOf } from '../store/mongodb-client.ts'
import { collectionsOf, messageDocument } from '../store/mongodb-schema.ts'
import { MONGO_DEFAULTS, type MongoStoreOptions, openMongoStore } from '../store/mongodb-store.ts'
import type { Store } from '../store/store.ts'
import { becomes } from './support/becomes.ts'
import { LocalMongoServer } from './support/mongodb-server.ts'

const STORE_DOWN = { name: 'PushError', code: 'storeDown' }
/** Where the server is down, or hangs; where it serves it has more time than a busy machine takes. */
const TIMEOUT_MS = 3000
const SERVED_TIMEOUT_MS = 20_000
/** The driver's own time-out of 30 s is not what ended it. */
const DOWN_MAX_MS = 25_000
/** Samples expired long ago by the clock of the database, which must not drop them for that. */
const KEPT_MS = 100 * 365 * 24 * 60 * 60 * 1000

const server = await LocalMongoServer.start()
t.teardown(() => server.stop())

t.test('what was put before SIGKILL of the server is there afterwards', async (t) => {
  const store = await open(t, server.freshUrl(), { operationTimeoutMs: TIMEOUT_MS })
  await store.register(UA, CHANNEL, digestOf(1), NOW_MS)
  let next = 1
  const kept: MessageId[] = []
  for (const killAt of [20, 150, 400]) {
    let killed = false
    const write = async () => {
      for (;;) {
        const message = messageOf(next++, { body: Buffer.alloc(1200, next) })
        try {
          await store.put(UA, message, 0)
        } catch (error) {
          if (killed) throw error
          continue // it stood still, or is not found again yet
        }
        kept.push(message.id)
        if (kept.length < killAt || killed) continue
        killed = true
        await server.kill()
      }
    }
    const ends = await Promise.allSettled(numbers(1, 16).map(write))
    for (const end of ends) t.match(end, { status: 'rejected', reason: STORE_DOWN })
    await server.restart()
    await isBack(t, store)
    const found = new Set(await listIds(store, UA))
    t.strictSame(
      kept.filter((id) => !found.has(id)),
      [],
      `none of ${kept.length} is lost`,
    )
  }
})

t.test('a server that is down: storeDown in time; back without restart', async (t) => {
  const store = await openWithMessage(t, server.freshUrl(), { operationTimeoutMs: TIMEOUT_MS })
  await server.kill()
  await allDown(t, store)
  await server.restart()
  await isBack(t, store)
  await store.put(UA, messageOf(2), 0)
  t.strictSame(await listIds(store, UA), idsOf(1, 2))
})

t.test(
  'a server that hangs: storeDown in time, storeFull beyond what may wait; then it goes on',
  async (t) => {
    const store = await openWithMessage(t, server.freshUrl(), {
      operationTimeoutMs: TIMEOUT_MS,
      waitingBytesMax: 10_000,
    })
    await server.pause()
    const body = Buffer.alloc(1000)
    const puts = await Promise.allSettled(
      numbers(2, 20).map((number) => store.put(UA, messageOf(number, { body }), 0)),
    )
    t.match(puts[0], { status: 'rejected', reason: STORE_DOWN })
    t.match(puts.at(-1), { status: 'rejected', reason: { code: 'storeFull' } })
    await allDown(t, store)
    server.resume()
    await isBack(t, store)
    for (const number of [1, 2, 3]) await putOnceThereIsRoom(store, messageOf(number, { body }))
    const ids = await listIds(store, UA)
    t.strictSame(ids.slice(0, 3), idsOf(1, 2, 3), 'once each, whatever became of the first attempt')
    t.notOk(ids.includes(messageIdOf(20)), 'what was refused was not done')
  },
)

/** Waits until the store has found its server again: it looks for it now and then, and an operation does not wait long for that. */
function isBack(t: Test, store: Store): Promise<void> {
  const ping = () =>
    store.ping().then(
      () => true,
      () => false,
    )
  return becomes(t, ping, true, 'the store has its server again')
}

/** What waited while the server hung may still be on its way when it goes on. */
async function putOnceThereIsRoom(store: Store, message: Message): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await store.put(UA, message, 0)
    } catch (error) {
      if (tries === 1000 || !(error instanceof PushError && error.code === 'storeFull')) throw error
      await store.ping()
    }
  }
}

t.test('opening a store without a server', async (t) => {
  const url = `mongodb://127.0.0.1:${await freePort()}/`
  await t.rejects(openMongoStore({ ...MONGO_DEFAULTS, url, limits: LIMITS, clock: systemClock }), STORE_DOWN)
  await t.rejects(
    openMongoStore({ ...MONGO_DEFAULTS, url: 'http://x/', limits: LIMITS, clock: systemClock }),
    STORE_DOWN,
  )
})

t.test('many processes make the schema at once', async (t) => {
  const url = server.freshUrl()
  const stores = await Promise.all(numbers(1, 12).map(() => open(t, url)))
  await Promise.all(stores.map((store, index) => store.register(UA, channelOf(index), digestOf(1), NOW_MS)))
  await Promise.all(
    stores.map((store, index) => store.put(UA, messageOf(index, { channelId: channelOf(index) }), 0)),
  )
  t.strictSame(await listIds(await open(t, url), UA), idsOf(...numbers(0, 11)))
})

t.test('two processes race', async (t) => {
  const url = server.freshUrl()
  const [a, b] = [await open(t, url), await open(t, url)]
  await a.register(UA, CHANNEL, digestOf(1), NOW_MS)

  await Promise.all(
    numbers(1, 50).flatMap((number) => [a, b].map((store) => store.put(UA, messageOf(number), 0))),
  )
  t.strictSame(await listIds(b, UA), idsOf(...numbers(1, 50)), 'the same ids')

  await Promise.all(
    numbers(51, 90).map((number) => (number % 2 ? a : b).put(UA, messageOf(number, { topic: 'topic' }), 0)),
  )
  t.strictSame((await listIds(a, UA)).slice(50), idsOf(90), 'one topic')

  for (const round of numbers(1, 20)) {
    const uaid = uaidOf(100 + round)
    await a.register(uaid, CHANNEL, digestOf(1), NOW_MS)
    await Promise.all([a.unregister(uaid, CHANNEL), b.register(uaid, OTHER_CHANNEL, digestOf(2), NOW_MS)])
    t.strictSame(await channelsOf(a, uaid), { [OTHER_CHANNEL]: digestOf(2) }, 'last channel and another one')
  }
})

t.test('a broken connection is tried once more; then nothing is known of the whole batch', async (t) => {
  const url = server.freshUrl()
  const store = await openWithMessage(t, url)
  await failInserts(t, url, 1, { closeConnection: true })
  await store.put(UA, messageOf(2), 0)
  // All share one command, which is tried twice.
  await failInserts(t, url, 2, { closeConnection: true })
  const puts = await Promise.allSettled(numbers(3, 10).map((number) => store.put(UA, messageOf(number), 0)))
  t.match(puts, Array(8).fill({ status: 'rejected', reason: STORE_DOWN }))
  t.strictSame(await listIds(store, UA), idsOf(1, 2))
})

t.test('without a majority nothing counts as stored, though it is there', async (t) => {
  const url = server.freshUrl()
  const store = await openWithMessage(t, url)
  await failInserts(t, url, 1, {
    writeConcernError: { code: 64, errmsg: 'waiting for replication timed out' },
  })
  const puts = await Promise.allSettled([1, 1, 2, 3, 4].map((number) => store.put(UA, messageOf(number), 0)))
  t.match(puts, Array(5).fill({ status: 'rejected', reason: STORE_DOWN }))
  t.strictSame(await listIds(store, UA), idsOf(1, 2, 3, 4))
})

t.test('a duplicate counts only when the very message is there', async (t) => {
  const url = server.freshUrl()
  const store = await openWithMessage(t, url)
  const puts = await Promise.allSettled([
    store.put(UA, messageOf(1), 0),
    store.put(OTHER_UA, messageOf(1), 0),
    store.put(UA, messageOf(2), 0),
  ])
  t.match(puts, [
    { status: 'fulfilled' },
    { status: 'rejected', reason: STORE_DOWN },
    { status: 'fulfilled' },
  ])
})

t.test('a listing deletes what a newer message of its topic has replaced', async (t) => {
  const url = server.freshUrl()
  const store = await openWithMessage(t, url)
  const { messages } = collectionsOf((await connected(t, url)).db(databaseOf(url)))
  // As a process leaves it that ends between the insert and the delete.
  const topical = [2, 3, 5].map((number) => messageOf(number, { topic: 'topic' }))
  const leave = () =>
    messages.insertMany([...topical, messageOf(4)].map((message) => messageDocument(UA, message, 0, KEPT_MS)))
  for (const pageSize of [1, 2, 100]) {
    await leave()
    const ids = (await listAll(store, UA, pageSize)).map(({ message }) => message.id)
    t.strictSame(ids, idsOf(1, 4, 5), `pages of ${pageSize}`)
    t.equal(await messages.countDocuments(), 3, 'they are gone, not hidden')
    await store.remove(UA, idsOf(4, 5), 'acknowledged')
  }
})

t.test('the database drops messages some time after their expiry', async (t) => {
  const url = server.freshUrl()
  const store = await openWithMessage(t, url)
  const { messages } = collectionsOf((await connected(t, url)).db(databaseOf(url)))
  const [document] = await messages.find().toArray()
  t.equal(document?.gcAt?.getTime(), messageOf(1).expiresAtMs + KEPT_MS)
  t.match(await messages.indexes(), [{}, {}, { key: { gcAt: 1 }, expireAfterSeconds: 0 }, {}])
  await store.remove(UA, idsOf(1), 'acknowledged')
})

async function open(t: Test, url: string, changes: Partial<MongoStoreOptions> = {}): Promise<Store> {
  const patience = { operationTimeoutMs: SERVED_TIMEOUT_MS, expiredKeptMs: KEPT_MS }
  const store = await openMongoStore({
    ...MONGO_DEFAULTS,
    ...patience,
    url,
    limits: LIMITS,
    clock: systemClock,
    ...changes,
  })
  t.teardown(() => store.close())
  return store
}

async function openWithMessage(t: Test, url: string, changes?: Partial<MongoStoreOptions>): Promise<Store> {
  const store = await open(t, url, changes)
  await store.register(UA, CHANNEL, digestOf(1), NOW_MS)
  await store.put(UA, messageOf(1), 0)
  return store
}

/** Every operation is rejected with storeDown, and does not take much longer than it may. */
async function allDown(t: Test, store: Store): Promise<void> {
  const startedMs = systemClock.monotonicMs()
  const operations = {
    connect: store.connect(UA, NOW_MS),
    touch: store.touch([UA], NOW_MS),
    register: store.register(UA, CHANNEL, digestOf(1), NOW_MS),
    unregister: store.unregister(UA, OTHER_CHANNEL),
    channelStatus: store.channelStatus(UA, CHANNEL),
    dropAgent: store.dropAgent(OTHER_UA),
    list: store.list(UA, anyUrgency(undefined, 10), NOW_MS),
    remove: store.remove(UA, idsOf(99), 'acknowledged'),
    removeTopic: store.removeTopic(UA, CHANNEL, 'topic', messageIdOf(99), 'acknowledged'),
    countSends: store.countSends(UA, idsOf(99)),
    pending: store.pending([UA], NOW_MS),
    collectGarbage: store.collectGarbage(NOW_MS, 10),
    ping: store.ping(),
    put: store.put(UA, messageOf(1), 0),
  }
  const ends = await Promise.allSettled(Object.values(operations))
  for (const [index, name] of Object.keys(operations).entries())
    t.match(ends[index], { status: 'rejected', reason: STORE_DOWN }, name)
  const tookMs = systemClock.monotonicMs() - startedMs
  t.ok(tookMs < DOWN_MAX_MS, `it took ${tookMs} ms`)
}

/** Makes the server fail the next inserts. */
async function failInserts(t: Test, url: string, times: number, how: object): Promise<void> {
  const client = await connected(t, url)
  const data = { failCommands: ['insert'], ...how }
  await client.db('admin').command({ configureFailPoint: 'failCommand', mode: { times }, data })
}

async function connected(t: Test, url: string): Promise<MongoClient> {
  const client = new MongoClient(url)
  t.teardown(() => client.close())
  return client.connect()
}
