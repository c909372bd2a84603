import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { tryLock } from 'fs-native-extensions'

/** Name of the file in a data folder whose lock says that a process works on the folder. */
const LOCK_FILE = 'pushgrid.lock'

/**
 * A data folder can't be used. inUse: another process, or another store of this one, works on it.
 * unusable: it can't be made, read or written, or what is in it is no store; `cause` says why.
 * Its message is one line that names the folder, fit to be shown to an operator.
 */
export class FolderError extends Error {
  readonly reason: 'inUse' | 'unusable'

  constructor(reason: FolderError['reason'], folder: string, cause?: unknown) {
    super(`data folder ${folder} ${explain(reason, cause)}`, { cause })
    this.name = 'FolderError'
    this.reason = reason
  }
}

/** A folder held by this process; closing lets it go, and so does any death of the process. */
export type FolderLock = Pick<FileHandle, 'close'>

/**
 * Makes a folder if need be and takes it for this process alone: two processes that write one LMDB file
 * would not notice each other, and each would lose what the other promised.
 * @throws FolderError
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const file = await openLockFile(folder)
  if (tryLock(file.fd)) return file
  await file.close()
  throw new FolderError('inUse', folder)
}

async function openLockFile(folder: string): Promise<FileHandle> {
  try {
    // Messages and capability URLs of other people are in it.
    await mkdir(folder, { recursive: true, mode: 0o700 })
    return await open(join(folder, LOCK_FILE), 'a', 0o600)
  } catch (error) {
    throw new FolderError('unusable', folder, error)
  }
}

function explain(reason: FolderError['reason'], cause: unknown): string {
  if (reason === 'inUse') return 'is in use by another pushgrid'
  return `can't be used: ${cause instanceof Error ? cause.message : String(cause)}`
}
