import type { BroadcastId, BroadcastVersion } from '../../push/broadcast.ts'
import type { Recorded } from './facts.ts'

/** What the store has of a broadcast, and since when. */
export interface BroadcastFacts {
  readonly version: BroadcastVersion | undefined
  readonly setAtMs: number
}

/** Everything that happened to broadcasts, and what follows from it. Versions have no order but that in which the store took them. */
export class BroadcastLedger {
  readonly #now = new Map<BroadcastId, BroadcastFacts>()
  /** When the store took a version: a place in the list of facts. */
  readonly #places = new Map<string, number>()
  /** The greatest place of what each link was told of each broadcast. */
  readonly #told = new Map<string, number>()
  /** When each link's wish to hear of a broadcast came to its node. */
  readonly #named = new Map<number, Map<BroadcastId, number>>()

  /** Adds a fact. */
  add({ fact, order, elapsedMs }: Recorded): void {
    switch (fact.kind) {
      case 'broadcastSet':
        this.#now.set(fact.broadcast, { version: fact.version, setAtMs: elapsedMs })
        if (fact.version !== undefined) this.#places.set(keyOf(fact.broadcast, fact.version), order)
        return
      case 'broadcastNamed':
        this.#name(fact.link, fact.broadcast, elapsedMs)
        return
      case 'broadcastTold': {
        const key = keyOf(fact.broadcast, fact.link)
        const place = this.placeOf(fact.broadcast, fact.version) ?? 0
        this.#told.set(key, Math.max(this.#told.get(key) ?? 0, place))
        return
      }
      default:
        return
    }
  }

  /** What the store has of a broadcast; undefined when it never had any. */
  now(broadcast: BroadcastId): BroadcastFacts | undefined {
    return this.#now.get(broadcast)
  }

  /** When the store took a version, as a place in the list of facts; undefined when it never did. */
  placeOf(broadcast: BroadcastId, version: string): number | undefined {
    return this.#places.get(keyOf(broadcast, version))
  }

  /** The place of the newest version that was ever written to a link. */
  newestTold(broadcast: BroadcastId, link: number): number {
    return this.#told.get(keyOf(broadcast, link)) ?? 0
  }

  /** The broadcasts that a link is subscribed to, each with the time at which its wish came. */
  namedOn(link: number): ReadonlyMap<BroadcastId, number> {
    return this.#named.get(link) ?? new Map()
  }

  #name(link: number, broadcast: BroadcastId, elapsedMs: number): void {
    const named = this.#named.get(link) ?? new Map<BroadcastId, number>()
    if (!named.has(broadcast)) named.set(broadcast, elapsedMs)
    this.#named.set(link, named)
  }
}

function keyOf(broadcast: BroadcastId, of: string | number): string {
  return `${broadcast} ${of}`
}
