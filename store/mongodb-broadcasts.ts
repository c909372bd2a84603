import { MongoServerError } from 'mongodb'
import type { Broadcast, BroadcastId, BroadcastVersion } from '../push/broadcast.ts'
import { PushError } from '../push/errors.ts'
import type { BroadcastCollection } from './mongodb-collection.ts'
import type { BroadcastDocument } from './mongodb-schema.ts'
import type { BroadcastPut } from './store.ts'

const DUPLICATE_KEY = 11000
/** Of two that make one broadcast at once one may find it made, and is repeated. */
const PUT_ATTEMPTS = 5
/** What was read must never be undone by a change of the primary, or a user agent would be given an older version after a newer one. */
const MAJORITY = { readConcern: { level: 'majority' } } as const

/** Broadcasts, one document each, so that every change of one is atomic. They are few and seldom change. */
export class MongoBroadcasts {
  readonly #broadcasts: BroadcastCollection<BroadcastDocument>

  constructor(broadcasts: BroadcastCollection<BroadcastDocument>) {
    this.#broadcasts = broadcasts
  }

  /** All of them. */
  async list(): Promise<Broadcast[]> {
    const documents = await this.#broadcasts.find({}, MAJORITY).toArray()
    return documents.map(broadcastOf)
  }

  /** Sets one for the operator, unless it would be one more than `max`. */
  async put(id: BroadcastId, version: BroadcastVersion, max: number): Promise<BroadcastPut> {
    const all = await this.list()
    const before = all.find((other) => other.id === id)
    if (before === undefined && all.length >= max) return 'full'
    await this.#set(id, version)
    if (before === undefined) return 'created'
    return before.version === version && before.source === 'operator' ? 'unchanged' : 'changed'
  }

  /** Sets one to what a followed server has, if it stands at `former`. */
  async follow(
    id: BroadcastId,
    version: BroadcastVersion,
    former: BroadcastVersion | undefined,
  ): Promise<boolean> {
    // Where it should not be there, one that is fails the condition, and the insert with it.
    const condition = former === undefined ? { source: null } : { source: 'megaphone', version: former }
    const change = { $set: { source: 'megaphone', version } } as const
    try {
      const { matchedCount, upsertedCount } = await this.#broadcasts.updateOne(
        { _id: id, ...condition } as object,
        change,
        { upsert: former === undefined },
      )
      return matchedCount + upsertedCount > 0
    } catch (error) {
      if (isDuplicate(error)) return false
      throw error
    }
  }

  /** Drops one; says whether it was there. */
  async drop(id: BroadcastId): Promise<boolean> {
    const { deletedCount } = await this.#broadcasts.deleteMany({ _id: id })
    return deletedCount > 0
  }

  async #set(id: BroadcastId, version: BroadcastVersion): Promise<void> {
    const change = { $set: { source: 'operator', version } } as const
    for (let attempt = 1; attempt <= PUT_ATTEMPTS; attempt += 1) {
      try {
        await this.#broadcasts.updateOne({ _id: id }, change, { upsert: true })
        return
      } catch (error) {
        if (!isDuplicate(error)) throw error
      }
    }
    throw new PushError('storeDown', `the broadcast was made and dropped ${PUT_ATTEMPTS} times meanwhile`)
  }
}

function isDuplicate(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === DUPLICATE_KEY
}

function broadcastOf({ _id, version, source }: BroadcastDocument): Broadcast {
  return { id: _id, version, source }
}
