import type { Clock } from '../../cluster/clock.ts'
import { PushError } from '../../push/errors.ts'
import type { ChannelId, MessageId, Uaid } from '../../push/ids.ts'
import type { Message } from '../../push/message.ts'
import type { AwaitedReceipt, ReceiptOutcome } from '../../push/receipt.ts'
import type { Collections } from '../../store/mongodb-schema.ts'
import { MongoStore, type MongoStoreOptions } from '../../store/mongodb-store.ts'
import type { Store, StoreLimits } from '../../store/store.ts'
import type { Dice } from './dice.ts'
import type { Faults } from './faults.ts'
import { FaultyStore } from './faulty-store.ts'
import { MemoryStore } from './memory-store.ts'
import { SimulatedBroadcasts } from './simulated-broadcasts.ts'
import { SimulatedCollection } from './simulated-collection.ts'
import { SimulatedDatabase } from './simulated-database.ts'
import type { StoreObserver, StoreTruth } from './store-truth.ts'

/** embedded: the store of a single process, which dies with it. mongodb: the real MongoDB store on a simulated database. */
export type StoreKind = 'embedded' | 'mongodb'

/** What the stores of all processes work with. */
export interface StorageDeps {
  kind: StoreKind
  /** The true time. */
  time: Clock
  /** The dice of the database itself. */
  dice: Dice
  faults: Faults
  limits: StoreLimits
  /** Bytes that may wait in a process for the database. */
  waitingBytesMax: number
  observer: StoreObserver
  /** Told of everything that goes wrong; `id` names the message that may be there all the same, or still. */
  onFault: (what: string, id?: MessageId) => void
}

/** What is kept, and the store of each process on it. */
export interface Storage {
  readonly truth: StoreTruth
  /** The store as the process with this clock has it. */
  storeOf(clock: Clock, dice: Dice): Store
  /** Starts what a database does by itself. */
  start(): void
  /** The primary of the database steps down, where there is one. */
  stepDown(electionMs: number): void
}

/** Longest wait for one operation of the database. */
const OPERATION_TIMEOUT_MS = 2000
/** Short enough to meet it: clocks differ by up to 10 s. */
const EXPIRED_KEPT_MS = 30_000

/** Makes the storage of a world. */
export function createStorage(deps: StorageDeps): Storage {
  return deps.kind === 'embedded' ? embedded(deps) : mongodb(deps)
}

function embedded({ time, faults, limits, observer, onFault }: StorageDeps): Storage {
  const truth = new MemoryStore(limits, observer)
  return {
    truth,
    storeOf: (clock, dice) => new FaultyStore(truth, { time, clock, dice, faults, onFault }),
    start: () => {},
    stepDown: () => {},
  }
}

function mongodb(deps: StorageDeps): Storage {
  const { time, faults, limits, waitingBytesMax, observer, onFault } = deps
  const database = new SimulatedDatabase(deps)
  return {
    truth: database,
    start: () => database.startExpiry(),
    stepDown: (electionMs) => database.stepDown(electionMs),
    storeOf(clock, dice) {
      const common = { time, clock, dice, faults, database, timeoutMs: OPERATION_TIMEOUT_MS, onFault }
      const agents = new SimulatedCollection(common, {
        table: database.agents,
        set: (key, after) => database.setAgent(key, after),
      })
      const messages = new SimulatedCollection(common, {
        table: database.messages,
        set: (key, after, isEviction) => database.setMessage(key, after, isEviction),
      })
      const receipts = new SimulatedCollection(common, {
        table: database.receipts,
        set: (key, after) => database.setReceipt(key, after),
      })
      const endedReceipts = new SimulatedCollection(common, {
        table: database.endedReceipts,
        set: (key, after) => database.setEndedReceipts(key, after),
      })
      const options = {
        limits,
        clock,
        operationTimeoutMs: OPERATION_TIMEOUT_MS,
        waitingBytesMax,
        expiredKeptMs: EXPIRED_KEPT_MS,
        isAllowed: () => true,
        unreadable: () => {},
      }
      const broadcasts = new SimulatedBroadcasts(database.broadcasts, { ...common, observer })
      return new WatchedMongoStore(
        { agents, messages, broadcasts, receipts, endedReceipts },
        options,
        onFault,
      )
    },
  }
}

/** Tells of what fails or comes too late: a message may be there all the same, or still. */
class WatchedMongoStore extends MongoStore {
  readonly #onFault: StorageDeps['onFault']

  constructor(collections: Collections, options: MongoStoreOptions, onFault: StorageDeps['onFault']) {
    super(collections, options, async () => {})
    this.#onFault = onFault
  }

  override put(uaid: Uaid, message: Message, sends: number): Promise<void> {
    return this.#watched('put', message.id, super.put(uaid, message, sends))
  }

  override remove(uaid: Uaid, ids: readonly MessageId[], outcome: ReceiptOutcome): Promise<MessageId[]> {
    return this.#watched('remove', ids[0], super.remove(uaid, ids, outcome))
  }

  override removeTopic(
    uaid: Uaid,
    channelId: ChannelId,
    topic: string,
    upTo: MessageId,
    outcome: ReceiptOutcome,
  ): Promise<void> {
    return this.#watched('removeTopic', upTo, super.removeTopic(uaid, channelId, topic, upTo, outcome))
  }

  override settle(awaited: AwaitedReceipt, outcome: ReceiptOutcome): Promise<void> {
    return this.#watched('settle', awaited.id, super.settle(awaited, outcome))
  }

  override countSends(uaid: Uaid, ids: readonly MessageId[]): Promise<void> {
    return this.#watched('countSends', ids[0], super.countSends(uaid, ids))
  }

  #watched<T>(operation: string, id: MessageId | undefined, work: Promise<T>): Promise<T> {
    work.catch((error: unknown) => {
      const isRefused = error instanceof PushError && error.code === 'storeFull'
      // What was not even tried leaves no copy, unless it was to delete one.
      this.#onFault(`${operation} failed`, isRefused && operation === 'put' ? undefined : id)
    })
    return work
  }
}
