import type { RootDatabase } from 'lmdb'
import { PushError } from '../push/errors.ts'
import type { FailStop } from './fail-stop.ts'
import { storeDown } from './store-down.ts'

/** What a queue of writes works with. */
export interface CommitQueueOptions {
  /** Writes that may wait for their turn; more are refused with `storeDown`. */
  readonly waitingMax: number
  /** Free disk space, in bytes, below which nothing is added: what deletes must have room left to do so. */
  readonly reserveBytes: number
  /** Free disk space in bytes. Asked once per commit. */
  readonly freeBytes: () => Promise<number>
}

/** Whether a write adds to the store: such a one is refused when the disk is nearly full. */
export type WriteKind = 'adds' | 'frees'

/** Writes done in one transaction: the event loop must turn in between, and a transaction must fit in memory. */
const GROUP_MAX = 256

interface Write {
  readonly kind: WriteKind
  /** Does the work inside a transaction; what it returns is called once that is durable. */
  apply(): () => void
  reject(error: PushError): void
}

/**
 * Group commit: all that is asked for while one transaction goes to the disk is done in the next, in the order
 * of asking, so that any number of concurrent writers share one fsync. Each piece of work runs alone
 * and synchronously, sees all work before it, and resolves once it is on the disk.
 */
export class CommitQueue {
  readonly #root: RootDatabase<Buffer, Buffer>
  readonly #failStop: FailStop
  readonly #options: CommitQueueOptions
  #waiting: Write[] = []
  #committing: Promise<void> | undefined
  #closed = false

  constructor(root: RootDatabase<Buffer, Buffer>, failStop: FailStop, options: CommitQueueOptions) {
    this.#root = root
    this.#failStop = failStop
    this.#options = options
  }

  /** Writes that wait for their turn. */
  get waiting(): number {
    return this.#waiting.length
  }

  /**
   * Does `work` in the next transaction; resolves to what it returned.
   * @throws PushError storeFull when it would add to a disk that is nearly full; nothing was done then
   * @throws PushError storeDown when too many wait (nothing was done) or the commit failed (the outcome is unknown)
   */
  run<T>(kind: WriteKind, work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new PushError('storeDown', 'the store is closed'))
      if (this.#waiting.length >= this.#options.waitingMax)
        return reject(new PushError('storeDown', 'too many writes wait for the disk'))
      const apply = () => {
        const value = work()
        return () => resolve(value)
      }
      this.#waiting.push({ kind, apply, reject })
      this.#committing ??= this.#commitAll()
    })
  }

  /** Does what waits, and refuses what comes after. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#committing
  }

  async #commitAll(): Promise<void> {
    // Writers that were woken together are still adding theirs.
    await undefined
    while (this.#waiting.length > 0)
      await this.#commit(await this.#admitted(this.#waiting.splice(0, GROUP_MAX)))
    this.#committing = undefined
  }

  /** The writes that may go on; the others are refused. */
  async #admitted(group: Write[]): Promise<Write[]> {
    if (!group.some(({ kind }) => kind === 'adds')) return group
    const refusal = await this.#refusal()
    if (refusal === undefined) return group
    return group.filter((write) => {
      if (write.kind === 'adds') write.reject(refusal)
      return write.kind !== 'adds'
    })
  }

  async #refusal(): Promise<PushError | undefined> {
    try {
      if ((await this.#options.freeBytes()) >= this.#options.reserveBytes) return undefined
      return new PushError('storeFull', 'the disk is full')
    } catch (error) {
      return storeDown(error)
    }
  }

  async #commit(group: readonly Write[]): Promise<void> {
    if (group.length === 0) return
    const settled: (() => void)[] = []
    try {
      this.#failStop.check()
      await this.#root.transaction(() => {
        for (const write of group) settled.push(applied(write))
      })
    } catch (error) {
      this.#failStop.probe()
      const down = storeDown(await reasonOf(error))
      for (const write of group) write.reject(down)
      return
    }
    for (const settle of settled) settle()
  }
}

/** Applies a write; one that throws fails alone. */
function applied(write: Write): () => void {
  try {
    return write.apply()
  } catch (error) {
    return () => write.reject(storeDown(error))
  }
}

/** lmdb gives the reason of a failed commit in a promise of its own, which ends the process unless someone waits for it. */
async function reasonOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !('commitError' in error)) return error
  try {
    await error.commitError
    return error
  } catch (reason) {
    return reason
  }
}
