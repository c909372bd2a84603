import { LMDB_DEFAULTS, openLmdbStore } from './lmdb-store.ts'
import { storeContract } from './store.contract.ts'

storeContract('lmdb', (limits, directory) => openLmdbStore({ ...LMDB_DEFAULTS, directory, limits }), true)
