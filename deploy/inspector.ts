import { access } from 'node:fs/promises'
import path from 'node:path'
import type { StoreInspector } from '../store/inspection.ts'
import { adminClient } from './admin-port.ts'
import { type Options, variableOf } from './options.ts'
import { StartError } from './start-error.ts'

type Where = Pick<Options, 'mongodbUrl' | 'dataDir'>

/**
 * Does work on the store that these options name: a database, beside those who serve from it; or the embedded store, by way of the process
 * that has it open, if one has.
 * @throws StartError when it can't be reached
 */
export async function withInspector<T>(
  { mongodbUrl, dataDir }: Where,
  work: (inspector: StoreInspector) => Promise<T>,
): Promise<T> {
  if (mongodbUrl === undefined) return withEmbedded(dataDir, work)
  const { withMongoInspector } = await import('../store/mongodb-inspection.ts')
  return withMongoInspector(mongodbUrl, work).catch((error: unknown) => {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new StartError(`the database can't be asked: ${reason.replaceAll(mongodbUrl, 'the URL')}`, error)
  })
}

async function withEmbedded<T>(dataDir: string, work: (inspector: StoreInspector) => Promise<T>): Promise<T> {
  // Opening it would make one.
  await access(path.join(dataDir, 'data.mdb')).catch((error: unknown) => {
    throw new StartError(
      `there is no store in ${dataDir}: name the folder with ${variableOf('dataDir')}, or the database with ${variableOf('mongodbUrl')}`,
      error,
    )
  })
  const [{ LMDB_DEFAULTS, openLmdbStore }, { FolderError }, { STORE_LIMITS }] = await Promise.all([
    import('../store/lmdb-store.ts'),
    import('../store/folder-lock.ts'),
    import('../store/store.ts'),
  ])
  const opened = await openLmdbStore({ ...LMDB_DEFAULTS, directory: dataDir, limits: STORE_LIMITS }).catch(
    (error: unknown) => {
      if (error instanceof FolderError && error.reason === 'inUse') return undefined
      throw new StartError(error instanceof Error ? error.message : String(error), error)
    },
  )
  if (opened === undefined) return askOwner(dataDir, work)
  try {
    return await work(opened)
  } finally {
    await opened.close()
  }
}

async function askOwner<T>(dataDir: string, work: (inspector: StoreInspector) => Promise<T>): Promise<T> {
  return work(adminClient(dataDir)).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error)
    throw new StartError(
      `the store in ${dataDir} is open in a running pushgrid, which can't be asked (${reason}): run this as the same user on the same machine, or stop it first`,
      error,
    )
  })
}
