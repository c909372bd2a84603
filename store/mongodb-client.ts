import { MongoClient } from 'mongodb'

const DEFAULT_DATABASE = 'pushgrid'
/** Commands that run at a time in one process; more wait for a connection. */
const CONNECTIONS_MAX = 32

/**
 * Makes a client whose every wait is bounded. It connects at first use and reconnects for ever. What is written is
 * acknowledged by a majority of the replica set, from its journals; what is read comes from the primary.
 * @param operationTimeoutMs longest wait for one answer of the server, or for a server
 */
export function createMongoClient(url: string, operationTimeoutMs: number): MongoClient {
  return new MongoClient(url, {
    appName: 'pushgrid',
    writeConcern: { w: 'majority', journal: true, wtimeoutMS: operationTimeoutMs },
    readPreference: 'primary',
    readConcern: { level: 'local' },
    maxPoolSize: CONNECTIONS_MAX,
    connectTimeoutMS: operationTimeoutMs,
    socketTimeoutMS: operationTimeoutMs,
    // A server that is down is reported sooner than one that is slow.
    serverSelectionTimeoutMS: Math.ceil(operationTimeoutMs / 2),
    waitQueueTimeoutMS: operationTimeoutMs,
  })
}

/** The database that a MongoDB URL names, or `pushgrid`: the driver's own default is `test`. */
export function databaseOf(url: string): string {
  const named = /^mongodb(?:\+srv)?:\/\/[^/]+\/([^?]+)/.exec(url)?.[1]
  return named === undefined ? DEFAULT_DATABASE : decodeURIComponent(named)
}
