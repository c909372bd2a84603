import { LRUCache } from 'lru-cache'
import type { Clock } from './clock.ts'

/** How often something may happen. */
export interface Rate {
  /** In the long run. */
  readonly perSecond: number
  /** At once, after a while without any. */
  readonly burst: number
}

interface Bucket {
  fullAtMs: number
}

/**
 * Token buckets, one for each key, of which each is one number: the time at which it will be full again. Those not used for
 * longest are forgotten beyond `keysMax`, which can only let too much through.
 */
export class RateLimit {
  readonly #intervalMs: number
  readonly #toleranceMs: number
  readonly #clock: Clock
  readonly #buckets: LRUCache<string, Bucket>

  /** @param keysMax keys remembered */
  constructor({ perSecond, burst }: Rate, keysMax: number, clock: Clock) {
    this.#intervalMs = 1000 / perSecond
    this.#toleranceMs = (burst - 1) * this.#intervalMs
    this.#clock = clock
    this.#buckets = new LRUCache({ max: keysMax })
  }

  /** Takes one token. @returns 0, or if there is none the milliseconds until there is one */
  take(key: string): number {
    const nowMs = this.#clock.monotonicMs()
    const bucket = this.#buckets.get(key)
    const fullAtMs = bucket === undefined ? nowMs : Math.max(nowMs, bucket.fullAtMs)
    const waitMs = fullAtMs - nowMs - this.#toleranceMs
    if (waitMs > 0) return waitMs
    const next = fullAtMs + this.#intervalMs
    if (bucket === undefined) this.#buckets.set(key, { fullAtMs: next })
    else bucket.fullAtMs = next
    return 0
  }
}
