import { hostname } from 'node:os'
import type { Random } from '../cluster/clock.ts'
import { receiptsAddress } from '../push/agent-requests.ts'
import { Checks } from '../push/checks.ts'
import type { EmbeddedStore } from '../store/lmdb-store.ts'
import type { Store, StoreLimits } from '../store/store.ts'
import type { AgentBus, Assembly, DatabaseJobOptions } from './assembly.ts'
import { startGarbageCollection, startReceiptSweep } from './garbage.ts'
import { countUnreadable, withStoreMetrics } from './metrics/store-metrics.ts'
import type { Options } from './options.ts'
import { StartError, startErrorOf } from './start-error.ts'

const HOLDER_BYTES = 16

/** Opens the store of a process that serves alone, in its data folder. @throws StartError */
export async function openEmbeddedStore({
  options,
  parts,
  deps,
  started,
  metrics,
}: Assembly): Promise<EmbeddedStore> {
  const { diskReserveBytes, waitingWritesMax, dataDir: directory } = options
  try {
    const limits = limitsOf(options)
    const unreadable = countUnreadable(metrics, deps.log)
    const store = await parts.openEmbeddedStore({
      directory,
      limits,
      diskReserveBytes,
      waitingWritesMax,
      unreadable,
    })
    started.add('store', () => store.close())
    return withStoreMetrics(metrics, store)
  } catch (error) {
    throw startErrorOf('the store', error, '; choose another folder with --data-dir (PUSHGRID_DATA_DIR)')
  }
}

const CHECK_URL = '; check --mongodb-url (PUSHGRID_MONGODB_URL)'

/**
 * Opens the store that the processes of a cluster share.
 * @param isAllowed whether this process may use it at the moment
 * @throws StartError
 */
export async function openSharedStore(
  { options, parts, deps, started, metrics }: Assembly,
  url: string,
  isAllowed = () => true,
): Promise<Store> {
  try {
    const store = await parts.openSharedStore({
      url,
      limits: limitsOf(options),
      clock: deps.clock,
      operationTimeoutMs: options.putTimeoutMs,
      isAllowed,
      unreadable: countUnreadable(metrics, deps.log),
    })
    started.add('store', () => store.close())
    return withStoreMetrics(metrics, store)
  } catch (error) {
    throw startErrorOf('the store', withoutUrl(error, url), CHECK_URL)
  }
}

/**
 * Opens the same store for a process that serves from it alone: its bus reaches nobody else, so that no other one may serve
 * beside it. A lease in the database sees to that; without it the process fails.
 * @throws StartError, also when another process holds the lease
 */
export async function openLeasedStore(assembly: Assembly, url: string): Promise<Store> {
  const { options, parts, deps, started, fail } = assembly
  const { clock, random, log } = deps
  const taken = await parts
    .takeLease(
      {
        url,
        purpose: 'serve',
        ...holderOf(random),
        operationTimeoutMs: options.putTimeoutMs,
        onWaiting: (by) => log.info({ by }, 'the database has been used by another process: is it gone?'),
      },
      clock,
    )
    .catch((error) => {
      throw startErrorOf('the store', withoutUrl(error, url), CHECK_URL)
    })
  if (taken.outcome === 'held')
    throw new StartError(
      `the database is in use by pushgrid, ${taken.by}: stop that one, or give both PUSHGRID_NATS_URL to serve together`,
    )
  const { lease } = taken
  started.add('lease', () => lease.release())
  void lease.lost.then((reason) => fail(`the lease of the database is lost: ${reason}`))
  return openSharedStore(assembly, url, () => lease.isHeld)
}

/**
 * Collects the garbage of a store from now on.
 * @param sharedUrl of a database that others serve from, too: one of them collects, and when that one dies another. Whatever is dropped
 * is dropped on a condition that the store checks itself, so that two at once for a moment, and one cut short, do no harm
 */
export async function collectGarbage(assembly: Assembly, store: Store, sharedUrl?: string): Promise<void> {
  const { options, parts, deps, started } = assembly
  const { clock, log } = deps
  const job = sharedUrl === undefined ? undefined : await parts.wantJob(jobOf(assembly, sharedUrl), clock)
  const garbage = { store, clock, log, ...(job !== undefined && { isOurs: () => job.isOurs }) }
  const stops = [startGarbageCollection(options, garbage), startReceiptSweep(options, garbage)]
  started.add('garbage collection', async () => {
    await Promise.all(stops.map((stop) => stop()))
    await job?.stop()
  })
}

function jobOf({ options, deps: { random } }: Assembly, url: string): DatabaseJobOptions {
  return { url, purpose: 'garbage', operationTimeoutMs: options.putTimeoutMs, ...holderOf(random) }
}

/** Who this process is, among all that want a lease. */
function holderOf(random: Random): Pick<DatabaseJobOptions, 'holder' | 'name'> {
  return {
    holder: Buffer.from(random.bytes(HOLDER_BYTES)).toString('hex'),
    name: `process ${process.pid} on ${hostname()}`,
  }
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

/** Tells whoever reads receipts, from now on, of each that this process has written. */
export function tellOfReceipts({ options, deps, started }: Assembly, store: Store, bus: AgentBus): void {
  const hints = new Checks(options, bus, deps.clock)
  store.onReceipt((subscription) => hints.tell(receiptsAddress(subscription)))
  started.add('hints of receipts', async () => hints.close())
}
