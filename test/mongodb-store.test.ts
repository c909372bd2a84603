import { Binary } from 'mongodb'
import t from 'tap'
import { systemClock } from '../cluster/clock.ts'
import { createMongoClient, databaseOf } from '../store/mongodb-client.ts'
import { collectionsOf, uuid } from '../store/mongodb-schema.ts'
import { MONGO_DEFAULTS, openMongoStore } from '../store/mongodb-store.ts'
import { storeContract } from '../store/store.contract.ts'
import { useMongoServer } from './support/mongodb-server.ts'

/** Samples expired long ago by the clock of the database, which must not drop them for that. */
const KEPT_MS = 100 * 365 * 24 * 60 * 60 * 1000
/** The server that tests have stores some hundred messages a second, and has thousands to store at once. */
const PATIENT_MS = 120_000
const server = await useMongoServer()
t.teardown(() => server.stop())

const urls = new Map<string, string>()
storeContract(
  'mongodb',
  (limits, directory, unreadable = MONGO_DEFAULTS.unreadable) => {
    const url = urls.get(directory) ?? server.freshUrl()
    urls.set(directory, url)
    const patience = { operationTimeoutMs: PATIENT_MS, expiredKeptMs: KEPT_MS }
    return openMongoStore({ ...MONGO_DEFAULTS, ...patience, url, limits, clock: systemClock, unreadable })
  },
  async (directory, uaid, id, bytes) => {
    const url = urls.get(directory) ?? ''
    const client = createMongoClient(url, PATIENT_MS)
    const { messages } = collectionsOf(client.db(databaseOf(url)))
    await messages.updateOne({ u: uuid(uaid), _id: uuid(id) }, { $set: { record: new Binary(bytes) } })
    await client.close()
  },
)
