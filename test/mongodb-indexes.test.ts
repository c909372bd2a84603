import { setImmediate } from 'node:timers/promises'
import { type CommandStartedEvent, type Document, MongoClient } from 'mongodb'
import t, { type Test } from 'tap'
import { freePort } from '../bench/lab/free-ports.ts'
import { systemClock } from '../cluster/clock.ts'
import {
  anyUrgency,
  awaitedOf,
  CHANNEL,
  digestOf,
  idsOf,
  LIMITS,
  messageIdOf,
  messageOf,
  NOW_MS,
  numbers,
  OTHER_CHANNEL,
  OTHER_UA,
  receiptsOf,
  UA,
} from '../store/fixtures/samples.ts'
import { MongoAgents } from '../store/mongodb-agents.ts'
import { checkMongoStore } from '../store/mongodb-check.ts'
import { databaseOf } from '../store/mongodb-client.ts'
import { MongoMessages } from '../store/mongodb-messages.ts'
import { MongoReceipts } from '../store/mongodb-receipts.ts'
import { collectionsOf, createSchema, NOBODY } from '../store/mongodb-schema.ts'
import { MONGO_DEFAULTS, openMongoStore } from '../store/mongodb-store.ts'
import { useMongoServer } from './support/mongodb-server.ts'

const TIMEOUT_MS = 20_000
/** The driver tries for half of it, in which a busy machine has to come to know that nobody is there. */
const REFUSED_MS = 4000
const BATCHES = {
  underWayMax: 4,
  itemsMax: 500,
  batchBytesMax: 2_000_000,
  waitingBytesMax: 2_000_000,
  waitMaxMs: TIMEOUT_MS,
}
/** Commands that read a collection or look for what to change, and can be explained. */
const EXPLAINED = ['find', 'aggregate', 'distinct', 'delete', 'update', 'findAndModify']

const server = await useMongoServer()
t.teardown(() => server.stop())

t.test('every query is served by an index', async (t) => {
  const url = server.freshUrl()
  const { client, agents, messages, receipts } = await monitored(t, url)
  const commands: Document[] = []
  client.on('commandStarted', ({ commandName, command }: CommandStartedEvent) => {
    if (EXPLAINED.includes(commandName)) commands.push(command)
  })

  await agents.register(UA, CHANNEL, digestOf(1), NOW_MS)
  await agents.read(UA)
  await agents.refresh(UA, NOW_MS)
  await agents.setMinUrgency(UA, 'low')
  await agents.touch([UA, OTHER_UA], NOW_MS)
  await agents.dropStale(NOW_MS - 1, 10)
  for (const number of numbers(1, 40)) await messages.put(UA, messageOf(number), 0)
  for (const number of numbers(41, 43)) await messages.put(UA, messageOf(number, { topic: 'topic' }), 0)
  await messages.put(UA, messageOf(0, { topic: 'other' }), 0)
  while (messages.waiting > 0) await setImmediate()
  await messages.list(UA, anyUrgency(undefined, 3))
  await messages.list(UA, anyUrgency(messageIdOf(3), 3))
  await messages.list(UA, { ...anyUrgency(messageIdOf(3), 3), minUrgency: 'low' })
  await messages.remove(UA, idsOf(21), 'acknowledged')
  await messages.removeTopic(UA, CHANNEL, 'topic', messageIdOf(22), 'acknowledged')
  await messages.countSends(UA, idsOf(23))
  await messages.pending([UA, OTHER_UA])
  const scanned = await messages.scan(undefined, 1)
  await messages.scan(scanned[0], 3)
  await messages.dropChannel(UA, OTHER_CHANNEL)
  await agents.dropChannel(UA, OTHER_CHANNEL)
  await agents.dropIfEmpty(UA)
  await agents.probe()
  await messages.put(UA, awaitedOf(50, { expiresAtMs: NOW_MS }), 0)
  await messages.put(UA, awaitedOf(50, { expiresAtMs: NOW_MS }), 1)
  await messages.sweepReceipts(NOW_MS + 1, 10)
  await receipts.list(receiptsOf(1), { after: undefined, limit: 1 })
  await receipts.list(receiptsOf(1), { after: messageIdOf(1), limit: 1 })
  await receipts.markFetched(receiptsOf(1), [{ id: messageIdOf(50), atMs: NOW_MS }], 'sent')
  await receipts.confirmFetched(receiptsOf(1), NOW_MS, NOW_MS)
  await receipts.unmarkSent(receiptsOf(1))
  await receipts.unmarkFetched(receiptsOf(1), NOW_MS - 1)
  await receipts.end(receiptsOf(1), NOW_MS)
  await receipts.forgetEnded(NOW_MS, 10)
  await messages.dropAll(UA)
  await agents.drop(UA)

  const whole = await explainsAll(client, url)
  const plans = new Map<string, string[]>()
  for (const command of commands)
    for (const { $db, query } of queriesOf(command)) {
      const asked = whole ? query : leadingOf(query)
      const answer = await client.db($db).command({ explain: asked, verbosity: 'queryPlanner' })
      plans.set(nameOf(query), stagesOf(answer))
    }
  t.comment(
    `${plans.size} kinds of queries; explained ${whole ? 'as they are' : 'by the leading field of their index'}`,
  )
  for (const verb of EXPLAINED)
    t.ok(
      [...plans.keys()].some((name) => name.startsWith(verb)),
      `there is a ${verb}`,
    )
  for (const [name, stages] of plans) {
    const byIndex = stages.some((stage) => /IXSCAN|IDHACK|EXPRESS|DISTINCT_SCAN|COUNT_SCAN/.test(stage))
    t.ok(byIndex && !stages.includes('COLLSCAN'), `${name}: ${stages.join(', ')}`)
  }
})

t.test('the check of a database that is as it should be', async (t) => {
  const url = server.freshUrl()
  await (await openMongoStore({ ...MONGO_DEFAULTS, url, limits: LIMITS, clock: systemClock })).close()
  const report = await checkMongoStore(url, TIMEOUT_MS)
  t.match(report, {
    ok: true,
    checks: [
      { what: 'reachable', detail: /replica set|sharded|single/ },
      { what: 'index of agents on lastConnect' },
      { what: 'index of messages on u, _id' },
      { what: 'index of messages on gcAt' },
      { what: 'index of messages on dueAt' },
      { what: 'index of receipts on s, fetchedAt, _id' },
      { what: 'index of receipts on gcAt' },
      { what: 'index of ended_receipts on gcAt' },
      { what: 'broadcasts' },
      { what: 'write' },
    ],
  })
  const { agents } = await monitored(t, url)
  t.equal(await agents.read(NOBODY), undefined, 'it left nothing behind')
})

t.test('the check names what is wrong with indexes, and changes nothing', async (t) => {
  const url = server.freshUrl()
  const { client } = await monitored(t, url)
  const db = client.db(databaseOf(url))
  const wrong = async () => {
    const { ok, checks } = await checkMongoStore(url, TIMEOUT_MS)
    t.notOk(ok)
    return Object.fromEntries(checks.filter((check) => !check.ok).map(({ what, detail }) => [what, detail]))
  }
  await db.collection('messages').dropIndex('messages_of_agent')
  await db.collection('messages').dropIndex('garbage')
  await db.collection('messages').createIndex({ gcAt: 1 }, { expireAfterSeconds: 60 })
  await db.collection('messages').dropIndex('due')
  await db.collection('messages').createIndex({ dueAt: 1 })
  const expected = {
    'index of messages on u, _id': /missing/,
    'index of messages on gcAt': /expireAfterSeconds is 60, not 0/,
    'index of messages on dueAt': /must be sparse/,
  }
  t.match(await wrong(), expected)
  t.match(await wrong(), expected)
  await db.dropDatabase()
  t.match(await wrong(), { 'index of agents on lastConnect': /collection is missing/ })
})

t.test('the check of a database that can not be reached', async (t) => {
  const report = await checkMongoStore(`mongodb://127.0.0.1:${await freePort()}/`, REFUSED_MS)
  t.match(report, { ok: false, checks: [{ what: 'reachable', ok: false, detail: /ECONNREFUSED/ }] })
  t.equal(report.checks.length, 1)
  t.match(await checkMongoStore('nonsense', REFUSED_MS), { ok: false, checks: [{ what: 'url', ok: false }] })
})

t.test('the database of a URL', async (t) => {
  t.equal(databaseOf('mongodb://a,b:1/some%20name?replicaSet=x'), 'some name')
  t.equal(databaseOf('mongodb+srv://user:p%2Fw@host/name'), 'name')
  for (const url of ['mongodb://host', 'mongodb://host/', 'mongodb://host/?w=1', 'mongodb://host?w=1'])
    t.equal(databaseOf(url), 'pushgrid')
})

/** The parts of a store on a client that tells what it sends. */
async function monitored(t: Test, url: string) {
  const client = new MongoClient(url, { monitorCommands: true })
  t.teardown(() => client.close())
  const db = client.db(databaseOf(url))
  await createSchema(db)
  const collections = collectionsOf(db)
  const agents = new MongoAgents(collections.agents, systemClock, BATCHES)
  const receipts = new MongoReceipts(collections, systemClock, BATCHES)
  const { unreadable } = MONGO_DEFAULTS
  const options = {
    clock: systemClock,
    batches: BATCHES,
    storedMax: 5,
    expiredKeptMs: 0,
    receipts,
    unreadable,
  }
  return { client, agents, receipts, messages: new MongoMessages(collections.messages, options) }
}

/**
 * Whether the server makes plans for all there is. SecantusDB says COLLSCAN of every update, even of one by `_id`, and of
 * conditions beyond its index, though it uses the index for both.
 */
async function explainsAll(client: MongoClient, url: string): Promise<boolean> {
  const update = { update: 'agents', updates: [{ q: { _id: 1 }, u: { $set: { a: 1 } } }] }
  const answer = await client.db(databaseOf(url)).command({ explain: update, verbosity: 'queryPlanner' })
  return !stagesOf(answer).includes('COLLSCAN')
}

/** What can be explained of a command: one with several updates or deletes can't be, each of them can. */
function queriesOf(command: Document): { $db: string; query: Document }[] {
  const { $db, lsid, txnNumber, $clusterTime, writeConcern, ...query } = command
  const list = ['updates', 'deletes'].find((name) => name in query)
  if (list === undefined) return [{ $db, query }]
  return query[list].map((part: Document) => ({ $db, query: { ...query, [list]: [part] } }))
}

/** A find by one condition alone: the one on the leading field of the index that should serve the query. */
function leadingOf(query: Document): Document {
  const [[, collection] = []] = Object.entries(query)
  const { u, ...rest } = conditionOf(query)
  const [[field, value] = []] = u === undefined ? Object.entries(rest) : [['u', u]]
  return field === undefined ? query : { find: collection, filter: { [field]: value } }
}

function conditionOf({ filter, query, pipeline, updates, deletes }: Document): Document {
  return filter ?? query ?? pipeline?.[0].$match ?? updates?.[0].q ?? deletes?.[0].q
}

/** The verb, the collection and the fields that are looked at. */
function nameOf(query: Document): string {
  const [[verb, collection] = []] = Object.entries(query)
  return `${verb} ${collection} by ${Object.keys(conditionOf(query)).join(', ')}`
}

/** All stages in an answer to explain, however it is built. */
function stagesOf(answer: unknown): string[] {
  if (answer === null || typeof answer !== 'object') return []
  return Object.entries(answer).flatMap(([key, value]) =>
    key === 'stage' && typeof value === 'string' ? [value] : key === 'rejectedPlans' ? [] : stagesOf(value),
  )
}
