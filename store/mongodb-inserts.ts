import { type Filter, MongoBulkWriteError, type WriteError } from 'mongodb'
import type { Clock } from '../cluster/clock.ts'
import { PushError } from '../push/errors.ts'
import { type BatchLimits, BatchQueue } from './batch-queue.ts'
import type { DocumentCollection } from './mongodb-collection.ts'
import type { MessageDocument } from './mongodb-schema.ts'
import { storeDown } from './store-down.ts'

/** What became of one document of a batch. */
type Insertion = 'inserted' | 'duplicate' | PushError

const DUPLICATE_KEY = 11000
/** What a document takes up beside its record, in bytes. */
const DOCUMENT_BYTES = 250
/** Until a majority of the replica set has what another process has just inserted. */
const CONFIRM_PAUSE_MS = 20

/** Inserts messages, many in one command, each at most once. */
export class MongoInserts {
  readonly #messages: DocumentCollection<MessageDocument>
  readonly #clock: Clock
  readonly #waitMaxMs: number
  readonly #queue: BatchQueue<MessageDocument, Insertion>

  constructor(messages: DocumentCollection<MessageDocument>, clock: Clock, limits: BatchLimits) {
    this.#messages = messages
    this.#clock = clock
    this.#waitMaxMs = limits.waitMaxMs
    this.#queue = new BatchQueue(clock, limits, {
      perform: (documents) => insertAll(messages, documents),
      bytesOf: ({ record }) => DOCUMENT_BYTES + record.length(),
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
  async insert(document: MessageDocument): Promise<void> {
    const deadlineMs = this.#clock.monotonicMs() + this.#waitMaxMs
    while (this.#clock.monotonicMs() < deadlineMs) {
      const outcome = await this.#queue.run(document)
      if (outcome === 'inserted') return
      if (outcome instanceof PushError) throw outcome
      if (await this.#isDurable(document)) return
      await new Promise<void>((resolve) => void this.#clock.after(CONFIRM_PAUSE_MS, resolve))
    }
    throw new PushError('storeDown', 'no majority has the message')
  }

  async #isDurable({ _id, u }: MessageDocument): Promise<boolean> {
    const filter: Filter<MessageDocument> = { _id, u }
    const options = { projection: { _id: 1 }, readConcern: 'majority' } as const
    return (await this.#messages.findOne(filter, options)) !== null
  }
}

/** Inserts documents, in no order. @throws PushError storeDown when the outcome is unknown for all of them */
async function insertAll(
  messages: DocumentCollection<MessageDocument>,
  documents: readonly MessageDocument[],
): Promise<(document: MessageDocument, index: number) => Insertion> {
  const operations = documents.map((document) => ({ insertOne: { document } }))
  try {
    const { insertedCount } = await messages.bulkWrite(operations, { ordered: false })
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
