import type { Clock } from '../cluster/clock.ts'
import { PushError } from '../push/errors.ts'

/** Limits of a queue of batches. */
export interface BatchLimits {
  /** Batches under way at a time. */
  readonly underWayMax: number
  /** Items in one batch. */
  readonly itemsMax: number
  /** Bytes in one batch, unless a single item is larger. */
  readonly batchBytesMax: number
  /** Bytes that may wait for their turn; more are refused with `storeFull`. */
  readonly waitingBytesMax: number
  /** An item that has waited longer for its turn is not done any more. */
  readonly waitMaxMs: number
}

/** What a queue of batches does with its items. */
export interface BatchWork<T, R> {
  /** Does a batch; resolves to what tells the result of each item. Rejects when the outcome is unknown for all. */
  perform(items: readonly T[]): Promise<(item: T, index: number) => R>
  /** About what an item takes up in memory and on the wire. */
  bytesOf(item: T): number
}

interface Waiting<T, R> {
  readonly item: T
  readonly bytes: number
  readonly deadlineMs: number
  resolve(result: R): void
  reject(error: unknown): void
}

/** So many items make it worth while to start a batch beside one that is under way. */
const OVERLAP_ITEMS = 32

/**
 * Coalesces concurrent calls: what is asked for in one turn of the event loop, or while one batch is under way, gathers for the
 * next, so that the price of a command to the database is shared by as many as there is load. Without load nothing waits longer
 * than a turn. An item is only in a batch that starts after it was asked for: a read sees what was written before.
 */
export class BatchQueue<T, R> {
  readonly #clock: Clock
  readonly #limits: BatchLimits
  readonly #work: BatchWork<T, R>
  #waiting: Waiting<T, R>[] = []
  #waitingBytes = 0
  #underWay = 0
  /** Whether batches are started at the end of this turn. */
  #starting = false

  constructor(clock: Clock, limits: BatchLimits, work: BatchWork<T, R>) {
    this.#clock = clock
    this.#limits = limits
    this.#work = work
  }

  /** Items that wait for their turn. */
  get waiting(): number {
    return this.#waiting.length
  }

  /**
   * Does an item in one of the next batches; resolves to its own result.
   * @throws PushError storeFull when too much waits; it was not done then
   * @throws PushError storeDown when it waited too long; it was not done then
   * @throws unknown what `perform` rejected with
   */
  run(item: T): Promise<R> {
    const bytes = this.#work.bytesOf(item)
    if (this.#waitingBytes + bytes > this.#limits.waitingBytesMax)
      return Promise.reject(new PushError('storeFull', 'too much waits for the database'))
    const deadlineMs = this.#clock.monotonicMs() + this.#limits.waitMaxMs
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, bytes, deadlineMs, resolve, reject })
      this.#waitingBytes += bytes
      this.#startSoon()
    })
  }

  /** The results of a batch arrive all at once, and those who got them often ask for something next: together they are one batch. */
  #startSoon(): void {
    if (this.#starting) return
    this.#starting = true
    this.#clock.afterTurn(() => {
      this.#starting = false
      this.#startBatches()
    })
  }

  #startBatches(): void {
    while (this.#waiting.length > (this.#underWay === 0 ? 0 : OVERLAP_ITEMS - 1)) {
      if (this.#underWay === this.#limits.underWayMax) return
      const batch = this.#nextBatch()
      if (batch.length > 0) void this.#perform(batch)
    }
  }

  /** Takes the first items that fit in one batch; drops those nobody waits for any more. */
  #nextBatch(): Waiting<T, R>[] {
    const { itemsMax, batchBytesMax } = this.#limits
    const nowMs = this.#clock.monotonicMs()
    const batch: Waiting<T, R>[] = []
    let bytes = 0
    let taken = 0
    for (const waiting of this.#waiting) {
      if (batch.length === itemsMax || (batch.length > 0 && bytes + waiting.bytes > batchBytesMax)) break
      taken += 1
      this.#waitingBytes -= waiting.bytes
      if (waiting.deadlineMs < nowMs) {
        waiting.reject(new PushError('storeDown', 'waited too long for the database'))
        continue
      }
      bytes += waiting.bytes
      batch.push(waiting)
    }
    this.#waiting.splice(0, taken)
    return batch
  }

  async #perform(batch: readonly Waiting<T, R>[]): Promise<void> {
    this.#underWay += 1
    try {
      const resultOf = await this.#work.perform(batch.map(({ item }) => item))
      for (const [index, { item, resolve }] of batch.entries()) resolve(resultOf(item, index))
    } catch (error) {
      for (const { reject } of batch) reject(error)
    } finally {
      this.#underWay -= 1
      if (this.#waiting.length > 0) this.#startSoon()
    }
  }
}
