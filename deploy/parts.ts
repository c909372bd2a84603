import { ENDPOINT_DEFAULTS, startEndpoint } from '../endpoint/endpoint.ts'
import { NODE_OPTIONS, startNode } from '../node/node.ts'
import { LMDB_DEFAULTS, openLmdbStore } from '../store/lmdb-store.ts'
import type { Parts } from './serve.ts'
import { version } from './version.ts'

/** The parts of a process, as `pushgrid serve` runs them; what no option of the service decides is their own default. */
export const parts: Parts = {
  openStore: (options) => openLmdbStore({ ...LMDB_DEFAULTS, ...options }),
  startNode: (options, deps) => startNode({ ...NODE_OPTIONS, ...options }, deps),
  startEndpoint: (options, deps) =>
    startEndpoint({ ...ENDPOINT_DEFAULTS, ...options, version: version() }, deps),
}
