import type { AgentsOptions } from '../../node/agents.ts'
import { STORE_LIMITS, type StoreLimits } from '../../store/store.ts'
import type { Role } from './server.ts'
import type { StoreKind } from './simulated-store.ts'

/** What a world is like. */
export interface WorldOptions {
  seed: number
  /** The server processes that run at first. */
  roles: readonly Role[]
  /** inProcess: the bus of a single process as it is. network: one that loses and delays. */
  bus: 'inProcess' | 'network'
  store: StoreKind
  storeLimits: StoreLimits
  /** Bytes that may wait in a process for a database. */
  storeWaitingBytesMax: number
  /** How far the wall clock of a process may be wrong. */
  skewMaxMs: number
  agents: Partial<AgentsOptions>
}

/** One process that serves, and nothing special. */
export const SINGLE: Omit<WorldOptions, 'seed'> = {
  roles: ['serve'],
  bus: 'inProcess',
  store: 'embedded',
  storeLimits: STORE_LIMITS,
  storeWaitingBytesMax: 1024 * 1024,
  skewMaxMs: 0,
  agents: {},
}
