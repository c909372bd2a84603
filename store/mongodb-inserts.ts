import { type Binary, type Filter, MongoBulkWriteError, type OptionalId, type WriteError } from 'mongodb'
import type { Clock } from '../cluster/clock.ts'
import { PushError } from '../push/errors.ts'
import { type BatchLimits, BatchQueue } from './batch-queue.ts'
import type { DocumentCollection } from './mongodb-collection.ts'
import { storeDown } from './store-down.ts'

/** What became of one document of a batch. */
type Insertion = 'inserted' | 'duplicate' | PushError

const DUPLICATE_KEY = 11000
/** Until a majority of the replica set has what another process has just inserted. */
const CONFIRM_PAUSE_MS = 20

/** What inserts have to know of their documents. */
export interface InsertedDocuments<D> {
  /** About what a document takes up in memory and on the wire. */
  bytesOf(document: D): number
  /** How it is found again. */
  where(document: D): Filter<D>
}

/** Inserts documents whose id says all there is to say of them, many in one command, each at most once. */
export class MongoInserts<D extends { readonly _id: Binary }> {
  readonly #collection: DocumentCollection<D>
  readonly #clock: Clock
  readonly #waitMaxMs: number
  readonly #documents: InsertedDocuments<D>
  readonly #queue: BatchQueue<D, Insertion>

  constructor(
    collection: DocumentCollection<D>,
    clock: Clock,
    limits: BatchLimits,
    documents: InsertedDocuments<D>,
  ) {
    this.#collection = collection
    this.#clock = clock
    this.#waitMaxMs = limits.waitMaxMs
    this.#documents = documents
    this.#queue = new BatchQueue(clock, limits, {
      perform: (batch) => insertAll(collection, batch),
      bytesOf: (document) => documents.bytesOf(document),
    })
  }

  /** Documents that wait for their turn. */
  get waiting(): number {
    return this.#queue.waiting
  }

  /**
   * Resolves once the document is durable, whoever inserted it. When its id is there already, that may be by a write not
   * confirmed by a majority yet, or the document may be deleted while we look: so it is looked for and inserted in turn.
   * @throws PushError storeDown, with the outcome unknown; storeFull when nothing was done
   */
  async insert(document: D): Promise<'inserted' | 'there'> {
    const [inserted] = await this.#insert([document], ([only]) =>
      only === undefined ? [] : Promise.all([this.#queue.run(only)]),
    )
    return inserted === undefined ? 'there' : 'inserted'
  }

  /**
   * The same for the documents of one piece of work, which has had its turn: they do not wait for another one, and a queue that is full is
   * nothing to them. Resolves to those that were not there.
   */
  insertAll(documents: readonly D[]): Promise<D[]> {
    return this.#insert(documents, async (pending) => {
      const insertionOf = await insertAll(this.#collection, pending)
      return pending.map(insertionOf)
    })
  }

  async #insert(
    documents: readonly D[],
    attempt: (pending: readonly D[]) => Promise<Insertion[]> | Insertion[],
  ): Promise<D[]> {
    const deadlineMs = this.#clock.monotonicMs() + this.#waitMaxMs
    const inserted: D[] = []
    let pending = documents
    while (this.#clock.monotonicMs() < deadlineMs) {
      const insertions = await attempt(pending)
      const failure = insertions.find((insertion) => insertion instanceof PushError)
      if (failure !== undefined) throw failure
      inserted.push(...pending.filter((_, index) => insertions[index] === 'inserted'))
      const there = pending.filter((_, index) => insertions[index] === 'duplicate')
      const durable = await Promise.all(there.map((document) => this.#isDurable(document)))
      pending = there.filter((_, index) => !durable[index])
      if (pending.length === 0) return inserted
      await new Promise<void>((resolve) => void this.#clock.after(CONFIRM_PAUSE_MS, resolve))
    }
    throw new PushError('storeDown', 'no majority has the document')
  }

  async #isDurable(document: D): Promise<boolean> {
    const options = { projection: { _id: 1 }, readConcern: 'majority' } as const
    return (await this.#collection.findOne(this.#documents.where(document), options)) !== null
  }
}

/** Inserts documents, in no order. @throws PushError storeDown when the outcome is unknown for all of them */
async function insertAll<D extends { readonly _id: Binary }>(
  collection: DocumentCollection<D>,
  documents: readonly D[],
): Promise<(document: D, index: number) => Insertion> {
  // The driver's types doubt that a document of any kind has the id it has.
  const operations = documents.map((document) => ({
    insertOne: { document: document as unknown as OptionalId<D> },
  }))
  try {
    const { insertedCount } = await collection.bulkWrite(operations, { ordered: false })
    if (insertedCount !== documents.length) throw new PushError('storeDown', 'not all was inserted')
    return () => 'inserted'
  } catch (error) {
    const failures = failuresOf(error, documents.length)
    return (_, index) => {
      const failure = failures.get(index)
      if (failure === undefined) return 'inserted'
      return failure.code === DUPLICATE_KEY ? 'duplicate' : storeDown(failure.errmsg)
    }
  }
}

/**
 * The failures by index. The driver throws the same error when the connection broke or no majority answered: then
 * nothing is known of any document.
 */
function failuresOf(error: unknown, count: number): Map<number, WriteError> {
  if (!(error instanceof MongoBulkWriteError) || error.result.getWriteConcernError() !== undefined)
    throw storeDown(error)
  const failures = new Map([error.writeErrors].flat().map((failure) => [failure.index, failure]))
  if (failures.size === 0 || failures.size + error.insertedCount !== count) throw storeDown(error)
  return failures
}
