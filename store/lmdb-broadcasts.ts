import type { Database } from 'lmdb'
import type { Broadcast, BroadcastId, BroadcastSource, BroadcastVersion } from '../push/broadcast.ts'
import type { BroadcastPut } from './store.ts'

/** By their number. */
const SOURCES: readonly BroadcastSource[] = ['operator', 'megaphone']

/**
 * Broadcasts, in one LMDB database:
 *
 *     id, ASCII  -> number of the source 1 | version, UTF-8
 *
 * All that writes runs in a transaction.
 */
export class LmdbBroadcasts {
  readonly #db: Database<Buffer, Buffer>

  constructor(db: Database<Buffer, Buffer>) {
    this.#db = db
  }

  /** All of them. */
  list(): Broadcast[] {
    return [...this.#db.getRange({})].map(({ key, value }) =>
      broadcastOf(key.toString('latin1') as BroadcastId, value),
    )
  }

  /** Sets one for the operator, unless it would be one more than `max`. */
  put(id: BroadcastId, version: BroadcastVersion, max: number): BroadcastPut {
    const before = this.#get(id)
    if (before === undefined && this.#db.getKeysCount({ limit: max }) >= max) return 'full'
    if (before?.version === version && before.source === 'operator') return 'unchanged'
    this.#set({ id, version, source: 'operator' })
    return before === undefined ? 'created' : 'changed'
  }

  /** Sets one to what a followed server has, if it stands at `former`. */
  follow(id: BroadcastId, version: BroadcastVersion, former: BroadcastVersion | undefined): boolean {
    const before = this.#get(id)
    if (before?.source === 'operator' || before?.version !== former) return false
    this.#set({ id, version, source: 'megaphone' })
    return true
  }

  /** Drops one; says whether it was there. */
  drop(id: BroadcastId): boolean {
    return this.#db.removeSync(keyOf(id))
  }

  #get(id: BroadcastId): Broadcast | undefined {
    const value = this.#db.get(keyOf(id))
    return value && broadcastOf(id, value)
  }

  #set({ id, version, source }: Broadcast): void {
    const value = Buffer.concat([Buffer.of(SOURCES.indexOf(source)), Buffer.from(version)])
    this.#db.putSync(keyOf(id), value)
  }
}

function keyOf(id: BroadcastId): Buffer {
  return Buffer.from(id, 'latin1')
}

function broadcastOf(id: BroadcastId, value: Buffer): Broadcast {
  const version = value.toString('utf8', 1) as BroadcastVersion
  return { id, version, source: SOURCES[value.readUInt8(0)] ?? 'operator' }
}
