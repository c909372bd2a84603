import type {
  AnyBulkWriteOperation,
  BulkWriteOptions,
  CountDocumentsOptions,
  Document,
  Filter,
  FindOneAndUpdateOptions,
  FindOneOptions,
  FindOptions,
  UpdateFilter,
} from 'mongodb'

/**
 * What the store needs of a collection of the database. The driver's own collections have it; the simulation has another
 * one, so that the logic of the store meets every interleaving and every failure there.
 */
export interface DocumentCollection<T extends Document> {
  find(filter: Filter<T>, options: FindOptions): { toArray(): Promise<T[]> }
  findOne(filter: Filter<T>, options: Omit<FindOneOptions, 'timeoutMode'>): Promise<T | null>
  distinct<K extends keyof T & string>(key: K, filter: Filter<T>): Promise<T[K][]>
  countDocuments(filter: Filter<T>, options: CountDocumentsOptions): Promise<number>
  updateOne(filter: Filter<T>, update: UpdateFilter<T>, options?: { upsert?: boolean }): Promise<unknown>
  updateMany(filter: Filter<T>, update: UpdateFilter<T>): Promise<unknown>
  findOneAndUpdate(
    filter: Filter<T>,
    update: UpdateFilter<T>,
    options: FindOneAndUpdateOptions,
  ): Promise<T | null>
  deleteOne(filter: Filter<T>): Promise<unknown>
  deleteMany(filter: Filter<T>): Promise<{ readonly deletedCount: number }>
  bulkWrite(
    operations: readonly AnyBulkWriteOperation<T>[],
    options: BulkWriteOptions,
  ): Promise<{ readonly insertedCount: number }>
}

/** The same for broadcasts, whose ids are texts. */
export interface BroadcastCollection<T extends Document> {
  find(filter: object, options: FindOptions): { toArray(): Promise<T[]> }
  updateOne(
    filter: Filter<T>,
    update: UpdateFilter<T>,
    options: { upsert: boolean },
  ): Promise<{ readonly matchedCount: number; readonly upsertedCount: number }>
  deleteMany(filter: Filter<T>): Promise<{ readonly deletedCount: number }>
}
