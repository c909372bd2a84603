import type { Clock, Random, Timer } from '../cluster/clock.ts'
import { within } from '../cluster/within.ts'
import type { Broadcast, BroadcastId, BroadcastVersion } from '../push/broadcast.ts'
import { PushError } from '../push/errors.ts'
import type { Log } from '../push/log.ts'
import type { Store } from '../store/store.ts'
import { answerTo, type BroadcastAnswer } from './broadcast-answer.ts'
import type { NamedBroadcasts } from './client-message.ts'

/** When broadcasts are read. */
export interface BroadcastsOptions {
  /** They are read this often, +-50 %: every hint that they changed may be lost. */
  broadcastRecheckMs: number
  /** How long any one operation of the store may take. */
  putTimeoutMs: number
}

/** Unless an operator says otherwise. */
export const BROADCAST_RECHECK_MS = 30_000

/** What broadcasts are read with. */
export interface BroadcastsDeps {
  readonly store: Pick<Store, 'listBroadcasts'>
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** A user agent that knows another version is a reason to read them, but no more often than this. */
const SUSPECTED_MS = 1000

/**
 * The broadcasts as the store has them, for all user agents of a node. What a node says of them is always what it has read last,
 * and it reads one time after the other: so all nodes come to the same value, whoever set it where, and none goes back to an older one.
 */
export class Broadcasts {
  /** Told of each broadcast that has another version than before. */
  onChange: (id: BroadcastId) => void = () => {}
  readonly #options: BroadcastsOptions
  readonly #deps: BroadcastsDeps
  #all: ReadonlyMap<BroadcastId, Broadcast> | undefined
  #values: ReadonlyMap<BroadcastId, BroadcastVersion> | undefined
  #reading: Promise<void> | undefined
  /** They may have changed since the reading under way began. */
  #dirty = false
  #readAtMs = Number.NEGATIVE_INFINITY
  #next: Timer | undefined
  #failing = false
  #closed = false

  constructor(options: BroadcastsOptions, deps: BroadcastsDeps) {
    this.#options = options
    this.#deps = deps
  }

  /** The version of a broadcast; undefined where there is none, or nothing has been read yet. */
  versionOf(id: BroadcastId): BroadcastVersion | undefined {
    return this.#values?.get(id)
  }

  /** All of them, as they were read last. */
  get all(): ReadonlyMap<BroadcastId, Broadcast> | undefined {
    return this.#all
  }

  /** Says what to tell a user agent that names broadcasts; see `answerTo`. */
  answer(named: NamedBroadcasts, subscribe: (id: BroadcastId) => boolean): BroadcastAnswer {
    const answer = answerTo(named, this.#values, subscribe)
    // It may have heard of a newer version at another node.
    if (answer.values.length > 0 && this.#deps.clock.monotonicMs() - this.#readAtMs >= SUSPECTED_MS)
      void this.read()
    return answer
  }

  /** Says what those are that there are of these. */
  current(ids: readonly BroadcastId[]): BroadcastAnswer {
    const values: [BroadcastId, BroadcastVersion][] = []
    for (const id of ids) {
      const version = this.versionOf(id)
      if (version !== undefined) values.push([id, version])
    }
    return { values, errors: [] }
  }

  /** Reads them, for they may have changed. Resolves when that is done or has failed; never rejects. */
  read(): Promise<void> {
    this.#dirty = true
    this.#reading ??= this.#readAll()
    return this.#reading
  }

  /** Reads no more. */
  close(): void {
    this.#closed = true
    this.#next?.cancel()
  }

  async #readAll(): Promise<void> {
    while (this.#dirty && !this.#closed) {
      this.#dirty = false
      await this.#readOnce()
    }
    this.#reading = undefined
    if (!this.#closed) this.#readLater()
  }

  async #readOnce(): Promise<void> {
    const { store, clock, log } = this.#deps
    const { putTimeoutMs } = this.#options
    this.#readAtMs = clock.monotonicMs()
    try {
      const late = () => {
        throw new PushError('storeDown', `no answer within ${putTimeoutMs} ms`)
      }
      this.#take(await within(clock, putTimeoutMs, store.listBroadcasts(), late))
      this.#failing = false
    } catch (error) {
      // A store that is down stays so for a while: say it once.
      if (!this.#failing) log.warn({ err: error }, 'broadcasts could not be read; trying again')
      this.#failing = true
    }
  }

  #readLater(): void {
    const { clock, random } = this.#deps
    this.#next?.cancel()
    const delayMs = this.#options.broadcastRecheckMs * (0.5 + random.fraction())
    this.#next = clock.after(delayMs, () => void this.read())
  }

  #take(broadcasts: readonly Broadcast[]): void {
    const before = this.#values
    this.#all = new Map(broadcasts.map((broadcast) => [broadcast.id, broadcast]))
    this.#values = new Map(broadcasts.map(({ id, version }) => [id, version]))
    for (const { id, version } of broadcasts) if (before?.get(id) !== version) this.onChange(id)
  }
}
