import { MongoNetworkError, MongoServerError, type UpdateFilter } from 'mongodb'
import type { Clock } from '../../cluster/clock.ts'
import type { BroadcastId } from '../../push/broadcast.ts'
import type { BroadcastCollection } from '../../store/mongodb-collection.ts'
import type { BroadcastDocument } from '../../store/mongodb-schema.ts'
import type { Dice } from './dice.ts'
import { matcherOf, updated } from './document-query.ts'
import type { Faults } from './faults.ts'
import { drawFate } from './store-fate.ts'
import type { StoreObserver } from './store-truth.ts'

/** What the collection works with. */
export interface SimulatedBroadcastsDeps {
  /** The time of the database: commands under way go on when the process has ended. */
  time: Pick<Clock, 'after'>
  /** That of the process, which gets no answer while it is paused. */
  clock: Clock
  dice: Dice
  faults: Faults
  /** The driver gives up on an answer after this long. */
  timeoutMs: number
  observer: Pick<StoreObserver, 'broadcastSet'>
  onFault: (what: string) => void
}

const DUPLICATE_KEY = 11000

/** The broadcasts of a simulated database as the driver of one process gives them: late, failing, and done all the same. */
export class SimulatedBroadcasts implements BroadcastCollection<BroadcastDocument> {
  readonly #documents: Map<string, BroadcastDocument>
  readonly #deps: SimulatedBroadcastsDeps

  /** @param documents those of all processes, as a majority has them */
  constructor(documents: Map<string, BroadcastDocument>, deps: SimulatedBroadcastsDeps) {
    this.#documents = documents
    this.#deps = deps
  }

  find(): { toArray(): Promise<BroadcastDocument[]> } {
    return { toArray: () => this.#run('find', () => [...this.#documents.values()]) }
  }

  updateOne(
    filter: object,
    update: UpdateFilter<BroadcastDocument>,
    { upsert }: { upsert: boolean },
  ): Promise<{ matchedCount: number; upsertedCount: number }> {
    return this.#run('update', () => {
      const id = idOf(filter)
      const before = this.#documents.get(id)
      const matches = before !== undefined && matcherOf(filter)(before)
      if (!matches && !upsert) return { matchedCount: 0, upsertedCount: 0 }
      if (!matches && before !== undefined) throw new MongoServerError({ code: DUPLICATE_KEY })
      const after = updated(before ?? ({ _id: id } as BroadcastDocument), update)
      this.#documents.set(id, after)
      this.#deps.observer.broadcastSet(id, after.version)
      return { matchedCount: matches ? 1 : 0, upsertedCount: matches ? 0 : 1 }
    })
  }

  deleteMany(filter: object): Promise<{ deletedCount: number }> {
    return this.#run('delete', () => {
      const id = idOf(filter)
      const wasThere = this.#documents.delete(id)
      if (wasThere) this.#deps.observer.broadcastSet(id, undefined)
      return { deletedCount: wasThere ? 1 : 0 }
    })
  }

  #run<R>(command: string, perform: () => R): Promise<R> {
    const { dice, faults, time, clock, timeoutMs, onFault } = this.#deps
    const { doneAfterMs, answeredAfterMs, fails, hangs } = drawFate(dice, faults, command)
    if (fails || hangs || answeredAfterMs > timeoutMs) onFault(`${command} of broadcasts fails or hangs`)
    return new Promise((resolve, reject) => {
      const answerAt = (ms: number, settle: () => void) => clock.after(Math.max(0, ms), settle)
      const lost = () => reject(new MongoNetworkError(`simulated: ${command} of broadcasts`))
      if (fails || answeredAfterMs > timeoutMs) answerAt(Math.min(answeredAfterMs, timeoutMs), lost)
      if (doneAfterMs === undefined) return
      time.after(doneAfterMs, () => {
        const outcome = attempt(perform)
        if (fails || answeredAfterMs > timeoutMs) return
        answerAt(answeredAfterMs - doneAfterMs, () =>
          outcome.ok ? resolve(outcome.value) : reject(outcome.error),
        )
      })
    })
  }
}

type Outcome<R> = { readonly ok: true; readonly value: R } | { readonly ok: false; readonly error: unknown }

function attempt<R>(perform: () => R): Outcome<R> {
  try {
    return { ok: true, value: perform() }
  } catch (error) {
    return { ok: false, error }
  }
}

function idOf(filter: object): BroadcastId {
  return String(Reflect.get(filter, '_id')) as BroadcastId
}
