import type { Clock, Timer } from '../cluster/clock.ts'
import type { Uaid } from '../push/ids.ts'
import { beyondCap } from './eviction.ts'
import type { DocumentCollection } from './mongodb-collection.ts'
import type { MongoRemovals } from './mongodb-removals.ts'
import { ENDING, type MessageDocument, uuid } from './mongodb-schema.ts'

/** What the cap is looked after with. */
export interface MongoCapDeps {
  readonly messages: Pick<DocumentCollection<MessageDocument>, 'find' | 'countDocuments'>
  readonly removals: Pick<MongoRemovals, 'removeFoundOf'>
  readonly clock: Clock
  /** Messages kept for one user agent; more are evicted now and then. */
  readonly storedMax: number
}

/** User agents gather for so long before they are looked at together. */
const GATHER_MS = 100
/** Beyond so many, user agents are left to a later put. */
const WAITING_MAX = 100

/**
 * Evicts what user agents have beyond the cap. It is soft, so no put waits for that, and user agents gather to be counted together: a
 * command for each costs as much as storing several messages. A look that fails, or is lost with the process, is made up for by one of the
 * next 32 puts.
 */
export class MongoCap {
  readonly #deps: MongoCapDeps
  readonly #gathered = new Set<Uaid>()
  #timer: Timer | undefined
  /** User agents that are being looked at: one group at a time. */
  #underWay = 0

  constructor(deps: MongoCapDeps) {
    this.#deps = deps
  }

  /** User agents that are still to be looked at. */
  get waiting(): number {
    return this.#gathered.size + this.#underWay
  }

  /** Looks at a user agent before long. */
  lookSoon(uaid: Uaid): void {
    if (this.#gathered.size < WAITING_MAX) this.#gathered.add(uaid)
    if (this.#underWay === 0) this.#startTimer()
  }

  /** Looks at nobody any more. */
  close(): void {
    this.#timer?.cancel()
    this.#gathered.clear()
  }

  #startTimer(): void {
    this.#timer ??= this.#deps.clock.after(GATHER_MS, () => void this.#look())
  }

  async #look(): Promise<void> {
    const uaids = [...this.#gathered]
    this.#gathered.clear()
    this.#timer = undefined
    this.#underWay = uaids.length
    // Whoever finds the database away has said so: those who put something before, and after.
    await this.#evictOf(uaids).catch(() => {})
    this.#underWay = 0
    if (this.#gathered.size > 0) this.#startTimer()
  }

  /** All of them together have seldom as much as one may have: only then it matters who has how much. */
  async #evictOf(uaids: readonly Uaid[]): Promise<void> {
    const { messages, storedMax } = this.#deps
    const limit = storedMax + 1
    const held = await messages.countDocuments({ u: { $in: uaids.map(uuid) } }, { limit })
    if (held < limit) return
    const [uaid] = uaids
    if (uaid !== undefined && uaids.length === 1) return this.#evict(uaid)
    const half = uaids.length >> 1
    await this.#evictOf(uaids.slice(0, half))
    await this.#evictOf(uaids.slice(half))
  }

  async #evict(uaid: Uaid): Promise<void> {
    const { messages, removals, storedMax } = this.#deps
    const options = {
      projection: { ...ENDING, channel: 1 },
      sort: { _id: 1 },
      batchSize: storedMax * 2,
    } as const
    const documents = await messages.find({ u: uuid(uaid) }, options).toArray()
    const entries = documents.map((document) => ({ document, channel: document.channel.buffer }))
    const excess = beyondCap(entries, storedMax).map(({ document }) => document)
    await removals.removeFoundOf(uaid, excess, () => 'notDelivered')
  }
}
