import type { Store, StoreLimits } from '../store/store.ts'
import type { Assembly } from './assembly.ts'
import { startGarbageCollection } from './garbage.ts'
import type { Options } from './options.ts'
import { startErrorOf } from './start-error.ts'

/** Opens the store of a process that serves alone, in its data folder. @throws StartError */
export async function openEmbeddedStore({ options, parts, started }: Assembly): Promise<Store> {
  const { diskReserveBytes, waitingWritesMax, dataDir: directory } = options
  try {
    const limits = limitsOf(options)
    const store = await parts.openEmbeddedStore({ directory, limits, diskReserveBytes, waitingWritesMax })
    started.add('store', () => store.close())
    return store
  } catch (error) {
    throw startErrorOf('the store', error, '; choose another folder with --data-dir (PUSHGRID_DATA_DIR)')
  }
}

/** Opens the store that the processes of a cluster share. @throws StartError */
export async function openSharedStore(
  { options, parts, deps, started }: Assembly,
  url: string,
): Promise<Store> {
  try {
    const store = await parts.openSharedStore({
      url,
      limits: limitsOf(options),
      clock: deps.clock,
      operationTimeoutMs: options.putTimeoutMs,
    })
    started.add('store', () => store.close())
    return store
  } catch (error) {
    throw startErrorOf('the store', withoutUrl(error, url), '; check --mongodb-url (PUSHGRID_MONGODB_URL)')
  }
}

/**
 * Collects the garbage of a store from now on. Every node of a cluster does so, and needs no agreement: whatever is
 * dropped is dropped on a condition that the store checks itself, so what one has done another finds done, and a process that
 * dies leaves no work behind.
 */
export function collectGarbage({ options, deps, started }: Assembly, store: Store): void {
  const { clock, log } = deps
  started.add('garbage collection', startGarbageCollection(options, { store, clock, log }))
}

function limitsOf({ storedMax, agentLifetimeMs }: Options): StoreLimits {
  return { storedMax, agentLifetimeMs }
}

/** The driver says what is wrong in the cause of the store's own error, now and then with the URL and its password. */
function withoutUrl(error: unknown, url: string): Error {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new Error(reason.replaceAll(url, 'the URL'))
}
