import type { Clock } from '../cluster/clock.ts'
import { ID_BYTES, type MessageId, messageIdFromBytes, type Uaid, uaidFromBytes } from '../push/ids.ts'
import type { ReceiptOutcome } from '../push/receipt.ts'
import { type BatchLimits, BatchQueue } from './batch-queue.ts'
import type { DocumentCollection } from './mongodb-collection.ts'
import type { MongoReceipts } from './mongodb-receipts.ts'
import {
  awaitedReceiptOf,
  ENDING,
  type EndingDocument,
  type MessageDocument,
  uuid,
} from './mongodb-schema.ts'

/** Messages of one user agent to delete, and how they ended. */
interface Removal {
  readonly uaid: Uaid
  readonly ids: readonly MessageId[]
  readonly outcome: ReceiptOutcome
}

/**
 * Deletes messages by their ids, many calls in one command. A bulk delete says how many documents it deleted, not which,
 * and some have a receipt to be written, so they are looked for first; of two processes that delete a message at once both may say
 * that it was there.
 */
export class MongoRemovals {
  readonly #messages: DocumentCollection<MessageDocument>
  readonly #receipts: MongoReceipts
  readonly #queue: BatchQueue<Removal, MessageId[]>

  constructor(
    messages: DocumentCollection<MessageDocument>,
    receipts: MongoReceipts,
    clock: Clock,
    limits: BatchLimits,
  ) {
    this.#messages = messages
    this.#receipts = receipts
    this.#queue = new BatchQueue(clock, limits, {
      perform: (removals) => this.#removeAll(removals),
      bytesOf: ({ ids }) => ID_BYTES * (1 + ids.length),
    })
  }

  /** Calls that wait for their turn. */
  get waiting(): number {
    return this.#queue.waiting
  }

  /** Deletes messages that have ended with this outcome; resolves to the ids that were there. */
  remove(uaid: Uaid, ids: readonly MessageId[], outcome: ReceiptOutcome): Promise<MessageId[]> {
    return ids.length === 0 ? Promise.resolve([]) : this.#queue.run({ uaid, ids, outcome })
  }

  /** Deletes messages that have been read, after writing their outcome. */
  async removeFound(
    documents: readonly EndingDocument[],
    outcomeOf: (document: EndingDocument) => ReceiptOutcome,
  ): Promise<void> {
    await this.#settle(documents, outcomeOf)
    const operations = documents.map(({ u, _id }) => ({ deleteOne: { filter: { u, _id } } }))
    if (operations.length > 0) await this.#messages.bulkWrite(operations, { ordered: false })
  }

  /** The same for any number of one user agent. */
  async removeFoundOf(
    uaid: Uaid,
    documents: readonly EndingDocument[],
    outcomeOf: (document: EndingDocument) => ReceiptOutcome,
  ): Promise<void> {
    await this.#settle(documents, outcomeOf)
    const ids = documents.map(({ _id }) => _id)
    if (ids.length > 0) await this.#messages.deleteMany({ u: uuid(uaid), _id: { $in: ids } })
  }

  async #settle(
    documents: readonly EndingDocument[],
    outcomeOf: (document: EndingDocument) => ReceiptOutcome,
  ): Promise<void> {
    await this.#receipts.settleAll(
      documents.flatMap((document) => {
        const awaited = awaitedReceiptOf(document)
        return awaited === undefined ? [] : [{ awaited, outcome: outcomeOf(document) }]
      }),
    )
  }

  async #removeAll(removals: readonly Removal[]): Promise<(removal: Removal) => MessageId[]> {
    const outcomes = new Map<string, ReceiptOutcome>()
    // The first one to be asked for counts.
    for (const { uaid, ids, outcome } of removals.toReversed())
      for (const id of ids) outcomes.set(keyOf(uaid, id), outcome)
    const filter = {
      u: { $in: removals.map(({ uaid }) => uuid(uaid)) },
      _id: { $in: removals.flatMap(({ ids }) => ids.map(uuid)) },
    }
    const documents: EndingDocument[] = await this.#messages
      .find(filter, { projection: ENDING, batchSize: outcomes.size + 1 })
      .toArray()
    const found = new Map(documents.map((document) => [keyOfDocument(document), document]))
    const wanted = documents.filter((document) => outcomes.has(keyOfDocument(document)))
    await this.removeFound(wanted, (document) => outcomes.get(keyOfDocument(document)) ?? 'none')
    return ({ uaid, ids }) => ids.filter((id) => found.has(keyOf(uaid, id)))
  }
}

function keyOfDocument({ u, _id }: EndingDocument): string {
  return keyOf(uaidFromBytes(u.buffer), messageIdFromBytes(_id.buffer))
}

function keyOf(uaid: Uaid, id: MessageId): string {
  return uaid + id
}
