import {
  type AnyBulkWriteOperation,
  type Binary,
  type Filter,
  MongoBulkWriteError,
  MongoNetworkError,
  type UpdateFilter,
} from 'mongodb'
import type { Clock } from '../../cluster/clock.ts'
import type { DocumentCollection } from '../../store/mongodb-collection.ts'
import type { Dice } from './dice.ts'
import { keyOf, updated } from './document-query.ts'
import type { Faults } from './faults.ts'
import type { SimulatedDatabase } from './simulated-database.ts'
import { drawFate, type Fate } from './store-fate.ts'
import type { Selection, Table } from './table.ts'

/** What a collection works with. */
export interface CollectionDeps {
  /** The time of the database: commands under way go on when the process has ended. */
  time: Clock
  /** That of the process, which gets no answer while it is paused. */
  clock: Clock
  dice: Dice
  faults: Faults
  database: SimulatedDatabase
  /** The driver gives up on an answer after this long. */
  timeoutMs: number
  onFault: (what: string) => void
}

/** How the database changes and reads the documents of one collection. */
export interface Documents<T extends Document> {
  readonly table: Table<T>
  set(key: string, after: T | undefined, isEviction?: boolean): void
}

interface Document {
  readonly _id: Binary
}

/** One document of a batch that was not inserted. */
interface WriteFailure {
  readonly index: number
  readonly code: number
  readonly errmsg: string
}

type Command = 'find' | 'insert' | 'update' | 'delete'

const DUPLICATE_KEY = 11000
const EXCEEDED_TIME_LIMIT = 262
const WRITE_CONCERN_TIMEOUT = 64

/**
 * A collection as the driver of one process gives it: commands take time, fail, are done in part, are answered too late
 * or not at all. A write is answered when a majority has it; but documents that are there already are no write.
 */
export class SimulatedCollection<T extends Document> implements DocumentCollection<T> {
  readonly #deps: CollectionDeps
  readonly #documents: Documents<T>

  constructor(deps: CollectionDeps, documents: Documents<T>) {
    this.#deps = deps
    this.#documents = documents
  }

  find(filter: Filter<T>, options: { sort?: unknown; limit?: number }): { toArray(): Promise<T[]> } {
    return { toArray: () => this.#run('find', () => this.#found(filter, options)) }
  }

  findOne(filter: Filter<T>, { readConcern }: { readConcern?: unknown }): Promise<T | null> {
    const { table } = this.#documents
    return this.#run('find', () => {
      const [found] = table.find(filter)
      if (readConcern !== 'majority') return found ?? null
      return found === undefined || this.#deps.database.majorityOf(table, keyOf(found._id)) === undefined
        ? null
        : found
    })
  }

  distinct<K extends keyof T & string>(key: K, filter: Filter<T>): Promise<T[K][]> {
    return this.#run('find', () => {
      const values = new Map(this.#documents.table.find(filter).map((each) => [String(each[key]), each[key]]))
      return [...values.values()]
    })
  }

  countDocuments(filter: Filter<T>, { limit }: { limit?: number }): Promise<number> {
    return this.#run('find', () => this.#documents.table.find(filter, { limit }).length)
  }

  updateOne(filter: Filter<T>, update: UpdateFilter<T>, options?: { upsert?: boolean }): Promise<unknown> {
    return this.#run('update', () => this.#update(filter, update, 1, options?.upsert))
  }

  updateMany(filter: Filter<T>, update: UpdateFilter<T>): Promise<unknown> {
    return this.#run('update', () => this.#update(filter, update))
  }

  findOneAndUpdate(filter: Filter<T>, update: UpdateFilter<T>): Promise<T | null> {
    return this.#run('update', () => this.#update(filter, update, 1)[0] ?? null)
  }

  deleteOne(filter: Filter<T>): Promise<unknown> {
    return this.#run('delete', () => this.#delete(filter, 1))
  }

  deleteMany(filter: Filter<T>): Promise<{ readonly deletedCount: number }> {
    return this.#run('delete', () => ({ deletedCount: this.#delete(filter) }))
  }

  async bulkWrite(operations: readonly AnyBulkWriteOperation<T>[]): Promise<{ insertedCount: number }> {
    const inserts = operations.flatMap((operation) =>
      'insertOne' in operation ? [operation.insertOne.document as T] : [],
    )
    if (inserts.length === operations.length) return this.#insertAll(inserts)
    const changes = operations.map((operation) => this.#changeBy(operation))
    await this.#run(
      operations.some((operation) => 'deleteOne' in operation) ? 'delete' : 'update',
      (fate) => {
        for (const change of changes) this.#nowOrLater(fate, change)
      },
    )
    return { insertedCount: 0 }
  }

  #changeBy(operation: AnyBulkWriteOperation<T>): () => void {
    if ('deleteOne' in operation) return () => this.#delete(operation.deleteOne.filter, 1)
    if ('updateOne' in operation && !Array.isArray(operation.updateOne.update)) {
      const { filter, update } = operation.updateOne
      return () => this.#update(filter, update, 1)
    }
    throw new Error('the simulated database has no such bulk write')
  }

  /** Many documents, each of which can fail alone; a write concern that failed says nothing of any. */
  async #insertAll(documents: readonly T[]): Promise<{ insertedCount: number }> {
    const noAnswer = this.#deps.dice.chance(0.5) ? WRITE_CONCERN_TIMEOUT : undefined
    const failures: WriteFailure[] = []
    const insertEach = (fate: Fate) => {
      for (const [index, document] of documents.entries())
        this.#nowOrLater(noAnswer ? undefined : fate, () => {
          const code = this.#insert(document)
          if (code !== undefined) failures.push({ index, code, errmsg: `simulated: ${code}` })
        })
    }
    try {
      await this.#run('insert', insertEach, () => failures.length < documents.length)
    } catch (error) {
      throw bulkError(failures, documents.length, error, noAnswer)
    }
    if (failures.length > 0) throw bulkError(failures, documents.length)
    return { insertedCount: documents.length }
  }

  #insert(document: T): number | undefined {
    const { dice, faults } = this.#deps
    const key = keyOf(document._id)
    if (this.#documents.table.get(key) !== undefined) return DUPLICATE_KEY
    if (dice.chance(faults.storeFailureRate)) return EXCEEDED_TIME_LIMIT
    this.#documents.set(key, document)
    return undefined
  }

  #found(filter: Filter<T>, { sort, limit }: { sort?: unknown; limit?: number }): T[] {
    const selection: Selection = { limit, ...(typeof sort === 'object' && sort !== null && { sort }) }
    return this.#documents.table.find(filter, selection)
  }

  #update(filter: Filter<T>, update: UpdateFilter<T>, limit?: number, upsert = false): T[] {
    const { table, set } = this.#documents
    const found = table.find(filter, { limit })
    const blank: object = { _id: Reflect.get(filter, '_id') }
    const before = found.length === 0 && upsert ? [blank as T] : found
    return before.map((document) => {
      const after = updated(document, update)
      set(keyOf(document._id), after)
      return after
    })
  }

  #delete(filter: Filter<T>, limit?: number): number {
    // The only command that names many documents one by one is that of the cap.
    const isEviction = limit === undefined && '$in' in Object(Reflect.get(filter, '_id'))
    const found = this.#documents.table.find(filter, { limit })
    for (const { _id } of found) this.#documents.set(keyOf(_id), undefined, isEviction)
    return found.length
  }

  /** A batch whose connection breaks is done in part: of the rest some is done later, some never. */
  #nowOrLater(fate: Fate | undefined, run: () => void): void {
    const { dice, time, faults } = this.#deps
    const part = fate?.fails ? dice.pick(['now', 'later', 'never']) : 'now'
    if (part === 'now') run()
    if (part === 'later') time.after(dice.within(faults.storeLateMs), run)
  }

  #run<R>(command: Command, perform: (fate: Fate) => R, hasWritten = () => command !== 'find'): Promise<R> {
    const { dice, faults, time, clock, timeoutMs, onFault } = this.#deps
    const fate = drawFate(dice, faults, command)
    if (fate.hangs) onFault(`${command} hangs`)
    return new Promise((resolve, reject) => {
      const fail = (why: string) => {
        onFault(`${command} failed`)
        reject(new MongoNetworkError(`simulated: ${command}: ${why}`))
      }
      const { doneAfterMs, answeredAfterMs, fails } = fate
      if (fails) clock.after(answeredAfterMs, () => fail('the connection broke'))
      else if ((doneAfterMs ?? 0) > timeoutMs) clock.after(timeoutMs, () => fail('no answer'))
      if (doneAfterMs === undefined) return
      time.after(doneAfterMs, () => {
        this.#atPrimary(
          () => {
            const result = perform(fate)
            if (fails || doneAfterMs > timeoutMs) return
            const onWayMs =
              answeredAfterMs - doneAfterMs + (hasWritten() ? this.#deps.database.majorityMs : 0)
            this.#answer(onWayMs, timeoutMs - doneAfterMs, () => resolve(result), fail)
          },
          fails ? () => {} : fail,
        )
      })
    })
  }

  /** Commands wait for a primary, half as long as for an answer. */
  #atPrimary(run: () => void, fail: (why: string) => void): void {
    const { database, time, clock, timeoutMs } = this.#deps
    const { electionMs } = database
    if (electionMs === 0) run()
    else if (electionMs < timeoutMs / 2) time.after(electionMs, () => this.#atPrimary(run, fail))
    else clock.after(timeoutMs / 2, () => fail('no primary'))
  }

  #answer(onWayMs: number, patienceMs: number, settle: () => void, fail: (why: string) => void): void {
    const { database, time, clock } = this.#deps
    if (onWayMs > patienceMs) {
      clock.after(patienceMs, () => fail('no answer'))
      return
    }
    const { stepDowns } = database
    const answeredMs = time.nowMs() + onWayMs
    clock.after(onWayMs, () => {
      if (database.steppedDown(stepDowns, answeredMs)) fail('the primary stepped down')
      else settle()
    })
  }
}

/** As the driver throws it: of a connection that broke, too. */
function bulkError(
  writeErrors: readonly WriteFailure[],
  count: number,
  cause?: unknown,
  writeConcernCode?: number,
): Error {
  const isBroken = cause !== undefined && writeConcernCode === undefined
  const code = cause === undefined ? writeErrors[0]?.code : writeConcernCode
  const error = isBroken ? cause : { message: 'simulated', code, writeErrors }
  const result = {
    insertedCount: isBroken ? 0 : count - writeErrors.length,
    getWriteConcernError: () => (writeConcernCode === undefined ? undefined : { code: writeConcernCode }),
  }
  // The driver exports no constructor of the result.
  return Reflect.construct(MongoBulkWriteError, [error, result])
}
