import type { Clock } from '../cluster/clock.ts'
import { ID_BYTES, type MessageId, messageIdFromBytes, type Uaid, uaidFromBytes } from '../push/ids.ts'
import { type BatchLimits, BatchQueue } from './batch-queue.ts'
import type { DocumentCollection } from './mongodb-collection.ts'
import { type MessageDocument, uuid } from './mongodb-schema.ts'

/** Messages of one user agent to delete. */
interface Removal {
  readonly uaid: Uaid
  readonly ids: readonly MessageId[]
}

/**
 * Deletes messages by their ids, many calls in one command. A bulk delete says how many documents it deleted, not which,
 * so they are looked for first, in the index alone; of two processes that delete a message at once both may say that
 * it was there.
 */
export class MongoRemovals {
  readonly #messages: DocumentCollection<MessageDocument>
  readonly #queue: BatchQueue<Removal, MessageId[]>

  constructor(messages: DocumentCollection<MessageDocument>, clock: Clock, limits: BatchLimits) {
    this.#messages = messages
    this.#queue = new BatchQueue(clock, limits, {
      perform: (removals) => this.#removeAll(removals),
      bytesOf: ({ ids }) => ID_BYTES * (1 + ids.length),
    })
  }

  /** Calls that wait for their turn. */
  get waiting(): number {
    return this.#queue.waiting
  }

  /** Deletes messages; resolves to the ids that were there. */
  remove(uaid: Uaid, ids: readonly MessageId[]): Promise<MessageId[]> {
    return ids.length === 0 ? Promise.resolve([]) : this.#queue.run({ uaid, ids })
  }

  async #removeAll(removals: readonly Removal[]): Promise<(removal: Removal) => MessageId[]> {
    const wanted = new Set(removals.flatMap(({ uaid, ids }) => ids.map((id) => keyOf(uaid, id))))
    const filter = {
      u: { $in: removals.map(({ uaid }) => uuid(uaid)) },
      _id: { $in: removals.flatMap(({ ids }) => ids.map(uuid)) },
    }
    const options = { projection: { _id: 1, u: 1 }, batchSize: wanted.size + 1 }
    const documents = await this.#messages.find(filter, options).toArray()
    const found = new Map(
      documents.map((document) => [
        keyOf(uaidFromBytes(document.u.buffer), messageIdFromBytes(document._id.buffer)),
        document,
      ]),
    )
    const operations = [...wanted].flatMap((key) => {
      const document = found.get(key)
      return document === undefined ? [] : [{ deleteOne: { filter: { u: document.u, _id: document._id } } }]
    })
    if (operations.length > 0) await this.#messages.bulkWrite(operations, { ordered: false })
    return ({ uaid, ids }) => ids.filter((id) => found.has(keyOf(uaid, id)))
  }
}

function keyOf(uaid: Uaid, id: MessageId): string {
  return uaid + id
}
