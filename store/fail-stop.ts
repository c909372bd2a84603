import type { RootDatabase } from 'lmdb'
import type { PushError } from '../push/errors.ts'
import { storeDown } from './store-down.ts'

/** What is needed of the database for finding out whether it still works. */
type Readable = Pick<RootDatabase<Buffer, Buffer>, 'resetReadTxn'> & { doesExist(key: Buffer): boolean }

const ANY_KEY = Buffer.alloc(1)

/**
 * Stops all use of LMDB once it has failed for good: when it could not write its root page, it refuses everything until
 * the process starts anew. lmdb does not pass that on: its transactions never settle then, and after one read that
 * throws the next may find nothing, which would be taken for a user agent that is gone.
 */
export class FailStop {
  readonly #root: Readable
  #failure: PushError | undefined

  constructor(root: Readable) {
    this.#root = root
  }

  /** @throws PushError storeDown once LMDB has failed for good */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Reads, synchronously: LMDB maps its file into memory. @throws PushError storeDown */
  read<T>(work: () => T): T {
    this.check()
    try {
      return work()
    } catch (error) {
      const down = storeDown(error)
      if (error instanceof Error && error.message.includes('MDB_PANIC')) this.#failure = down
      throw down
    }
  }

  /** Finds out, after a commit has failed, whether that was for good: a fresh read throws then. */
  probe(): void {
    try {
      this.read(() => {
        this.#root.resetReadTxn()
        this.#root.doesExist(ANY_KEY)
      })
    } catch {
      // `check` says so from now on.
    }
  }
}
