import type { Clock, Random, Timer } from '../cluster/clock.ts'
import type { Uaid } from '../push/ids.ts'
import type { Store } from '../store/store.ts'
import { LAST_CONNECT_REFRESH_MS } from '../store/store.ts'

/** When connected user agents are looked after. */
export interface RecheckOptions {
  /** A connected user agent's stored messages are looked for this often, +-50 %: every hint may be lost. */
  recheckMs: number
  /** The first time is spread over 10 to 60 s after hello, or sooner where `recheckMs` is shorter. */
  firstRecheckMs: readonly [from: number, to: number]
  /** Whose bus is away, and once when it is back, is looked after within this time. */
  recheckSoonMs: number
}

/** Unless an operator says otherwise. */
export const RECHECK_OPTIONS: RecheckOptions = {
  recheckMs: 15 * 60_000,
  firstRecheckMs: [10_000, 60_000],
  recheckSoonMs: 30_000,
}

/** Whoever is looked after. */
export interface Rechecked {
  /** Something may be in the store. */
  check(): void
  /** Tells other sessions of its user agent that it is here: they may not have heard. */
  announce(): void
}

/** What looking after user agents works with. */
export interface RechecksDeps {
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  /** Whether hints reach a user agent at the moment, as far as is known. */
  isReachable(uaid: Uaid): boolean
  /** The store failed. */
  failed(error: unknown): void
}

/** One user agent that is looked after. */
export interface Rechecking {
  /** No longer looks after it. */
  stop(): void
}

/** User agents asked about in one query. */
const BATCH_MAX = 500
/** Rounds in which the time between two checks is cut. */
const SLOTS = 500
const SLOT_MIN_MS = 100

/**
 * Looks into the store for every connected user agent now and then: the last resort of liveness, when all hints were lost.
 * It asks for many of them in one query, and marks those seen that stay connected for days. User agents wait in
 * slots of time, so that an idle one costs no timer.
 */
export class Rechecks {
  readonly #options: RecheckOptions
  readonly #deps: RechecksDeps
  readonly #slots = new Map<number, Set<Entry>>()
  readonly #slotMs: number
  #next: number
  #timer: Timer | undefined

  constructor(options: RecheckOptions, deps: RechecksDeps) {
    this.#options = options
    this.#deps = deps
    this.#slotMs = Math.max(SLOT_MIN_MS, Math.floor(options.recheckMs / SLOTS))
    this.#next = this.#slotAt(0)
    this.#tickLater()
  }

  /** Looks after a user agent from now on. */
  add(rechecked: Rechecked, uaid: Uaid): Rechecking {
    const [from, to] = this.#options.firstRecheckMs
    const delayMs = Math.min(from + this.#deps.random.fraction() * (to - from), this.#options.recheckMs)
    const entry = new Entry(rechecked, uaid, this.#deps.clock.monotonicMs())
    this.#schedule(entry, delayMs)
    return entry
  }

  /** Looks after those concerned soon, spread over `recheckSoonMs`: hints may have been lost. */
  recheckSoon(concerns: (uaid: Uaid) => boolean): void {
    for (const entry of this.#all(concerns)) this.#scheduleSoon(entry)
  }

  /** The bus is back for those concerned. Each is told so when its turn comes, which is soon. */
  busRestored(concerns: (uaid: Uaid) => boolean): void {
    for (const entry of this.#all(concerns)) {
      entry.announces = true
      this.#scheduleSoon(entry)
    }
  }

  /** This process stood still: each is told, when its turn comes, as if the bus had been away. */
  stalled(): void {
    this.busRestored(() => true)
  }

  /** Stops for good. */
  close(): void {
    this.#timer?.cancel()
    this.#slots.clear()
  }

  #slotAt(delayMs: number): number {
    return Math.floor((this.#deps.clock.monotonicMs() + delayMs) / this.#slotMs)
  }

  #schedule(entry: Entry, delayMs: number): void {
    const at = Math.max(this.#next, this.#slotAt(delayMs))
    const slot = this.#slots.get(at) ?? new Set()
    this.#slots.set(at, slot)
    slot.add(entry)
    entry.slot = slot
  }

  #scheduleSoon(entry: Entry): void {
    entry.slot?.delete(entry)
    this.#schedule(entry, this.#soonMs())
  }

  #all(concerns: (uaid: Uaid) => boolean): readonly Entry[] {
    return [...this.#slots.values()].flatMap((slot) => [...slot].filter(({ uaid }) => concerns(uaid)))
  }

  #soonMs(): number {
    const { recheckSoonMs, recheckMs } = this.#options
    return this.#deps.random.fraction() * Math.min(recheckSoonMs, recheckMs)
  }

  #againMs({ uaid }: Entry): number {
    const { random } = this.#deps
    return this.#deps.isReachable(uaid) ? this.#options.recheckMs * (0.5 + random.fraction()) : this.#soonMs()
  }

  #tickLater(): void {
    this.#timer = this.#deps.clock.after(this.#slotMs, () => this.#tick())
  }

  #tick(): void {
    const now = this.#slotAt(0)
    const due: Entry[] = []
    for (; this.#next <= now; this.#next += 1) {
      due.push(...(this.#slots.get(this.#next) ?? []))
      this.#slots.delete(this.#next)
    }
    for (const entry of due) {
      this.#schedule(entry, this.#againMs(entry))
      this.#announce(entry)
    }
    for (let at = 0; at < due.length; at += BATCH_MAX) {
      this.#recheck(due.slice(at, at + BATCH_MAX)).catch(this.#deps.failed)
    }
    this.#tickLater()
  }

  #announce(entry: Entry): void {
    if (!entry.announces) return
    entry.announces = false
    entry.rechecked.announce()
  }

  async #recheck(entries: readonly Entry[]): Promise<void> {
    const { store, clock } = this.#deps
    await this.#touch(entries)
    const uaids = entries.map((entry) => entry.uaid)
    const pending = new Set(await store.pending(uaids, clock.nowMs()))
    for (const entry of entries) {
      if (pending.has(entry.uaid) && entry.slot !== undefined) entry.rechecked.check()
    }
  }

  async #touch(entries: readonly Entry[]): Promise<void> {
    const { store, clock } = this.#deps
    const nowMs = clock.monotonicMs()
    const old = entries.filter((entry) => nowMs - entry.touchedAtMs >= LAST_CONNECT_REFRESH_MS)
    if (old.length === 0) return
    await store.touch(
      old.map((entry) => entry.uaid),
      clock.nowMs(),
    )
    for (const entry of old) entry.touchedAtMs = nowMs
  }
}

/** A user agent in the slot of its next turn; in none once it has stopped. */
class Entry implements Rechecking {
  readonly rechecked: Rechecked
  readonly uaid: Uaid
  touchedAtMs: number
  slot: Set<Entry> | undefined
  /** At its next turn it announces itself; at its first one, because an older session may not have been listening yet as seen from here. */
  announces = true

  constructor(rechecked: Rechecked, uaid: Uaid, nowMs: number) {
    this.rechecked = rechecked
    this.uaid = uaid
    this.touchedAtMs = nowMs
  }

  stop(): void {
    this.slot?.delete(this)
    this.slot = undefined
  }
}
