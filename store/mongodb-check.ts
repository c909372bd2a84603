import type { Collection, Db } from 'mongodb'
import { MongoBroadcasts } from './mongodb-broadcasts.ts'
import { createMongoClient, databaseOf } from './mongodb-client.ts'
import {
  AGENTS,
  type AgentDocument,
  type BroadcastDocument,
  collectionsOf,
  date,
  INDEXES,
  NOBODY,
  uuid,
} from './mongodb-schema.ts'

/** One thing that was looked at, for an operator to read. */
export interface StoreCheck {
  readonly what: string
  readonly ok: boolean
  /** What was found; what would be right, when it is not ok. */
  readonly detail: string
}

/** What `checkMongoStore` found. */
export interface StoreReport {
  /** Whether all of it is ok. */
  readonly ok: boolean
  readonly checks: readonly StoreCheck[]
}

/** What is seen of an index. */
interface FoundIndex {
  readonly key: object
  readonly expireAfterSeconds?: number
  readonly sparse?: boolean
}

/**
 * Looks at the database that a store would use: can it be reached, are the indexes right, is a write acknowledged by a
 * majority? It makes no index, and leaves nothing behind. Never rejects: what goes wrong is in the report.
 * @param operationTimeoutMs longest wait for one answer
 */
export async function checkMongoStore(url: string, operationTimeoutMs: number): Promise<StoreReport> {
  const checks: StoreCheck[] = []
  try {
    const client = createMongoClient(url, operationTimeoutMs)
    try {
      checks.push(...(await checkDatabase(client.db(databaseOf(url)))))
    } finally {
      await client.close()
    }
  } catch (error) {
    checks.push({ what: 'url', ok: false, detail: messageOf(error) })
  }
  return { ok: checks.every(({ ok }) => ok), checks }
}

async function checkDatabase(db: Db): Promise<StoreCheck[]> {
  const reachable = await check('reachable', () => serverOf(db))
  if (!reachable.ok) return [reachable]
  const checks = [reachable]
  for (const [collection, indexes] of Object.entries(INDEXES))
    for (const { key, expireAfterSeconds, sparse } of indexes)
      checks.push(
        await check(`index of ${collection} on ${Object.keys(key).join(', ')}`, () =>
          indexOf(db, collection, {
            key,
            ...(expireAfterSeconds !== undefined && { expireAfterSeconds }),
            ...(sparse !== undefined && { sparse }),
          }),
        ),
      )
  checks.push(await check('broadcasts', () => readBroadcasts(collectionsOf(db).broadcasts)))
  checks.push(await check('write', () => write(collectionsOf(db).agents)))
  return checks
}

/** Does one check: what it resolves to is the detail, what it throws the reason why it is not ok. */
async function check(what: string, work: () => Promise<string>): Promise<StoreCheck> {
  try {
    return { what, ok: true, detail: await work() }
  } catch (error) {
    return { what, ok: false, detail: messageOf(error) }
  }
}

async function serverOf(db: Db): Promise<string> {
  const { setName, msg } = await db.command({ hello: 1 })
  const { version } = await db.command({ buildInfo: 1 })
  if (msg === 'isdbgrid') return `a sharded cluster, version ${version}`
  return setName === undefined
    ? `a single server without replica set, version ${version}`
    : `replica set ${setName}, version ${version}`
}

async function indexOf(db: Db, collection: string, wanted: FoundIndex): Promise<string> {
  const there = await db.listCollections({ name: collection }, { nameOnly: true }).toArray()
  if (there.length === 0) throw new Error('the collection is missing; a store makes it when it starts')
  const found = await db.collection(collection).indexes()
  const index = found.find(({ key }) => same(key, wanted.key))
  if (index === undefined) throw new Error('missing; a store makes it when it starts')
  if (index.expireAfterSeconds !== wanted.expireAfterSeconds)
    throw new Error(`expireAfterSeconds is ${index.expireAfterSeconds}, not ${wanted.expireAfterSeconds}`)
  if (index.unique || index.partialFilterExpression) throw new Error('must be neither unique nor partial')
  if ((index.sparse ?? false) !== (wanted.sparse ?? false))
    throw new Error(wanted.sparse ? 'must be sparse' : 'must not be sparse')
  return 'as it should be'
}

/** The order of the fields counts. */
function same(a: object, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

/** As nodes read them: what a majority has, which not every server can tell. */
async function readBroadcasts(broadcasts: Collection<BroadcastDocument>): Promise<string> {
  const count = (await new MongoBroadcasts(broadcasts).list()).length
  return `${count} of them, read from a majority`
}

/** Writes a user agent without channels that has never been seen, and deletes it. */
async function write(agents: Collection<AgentDocument>): Promise<string> {
  const nobody = { _id: uuid(NOBODY) }
  const change = { $set: { channels: {}, lastConnect: date(0) } }
  await agents.updateOne(nobody, change, { upsert: true })
  await agents.deleteOne(nobody)
  return `${AGENTS} can be written, acknowledged by a majority`
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
