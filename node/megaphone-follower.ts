import type { Bus } from '../cluster/bus.ts'
import type { Clock, Random, Timer } from '../cluster/clock.ts'
import { Counts } from '../cluster/counts.ts'
import { within } from '../cluster/within.ts'
import { type AgentReply, type AgentRequest, NODES_ADDRESS } from '../push/agent-requests.ts'
import type { Broadcast, BroadcastId, BroadcastVersion } from '../push/broadcast.ts'
import { PushError } from '../push/errors.ts'
import type { Log } from '../push/log.ts'
import type { Store } from '../store/store.ts'
import type { Broadcasts } from './broadcasts.ts'
import type { MegaphoneList } from './megaphone.ts'

/** How a Megaphone server is followed. */
export interface FollowerOptions {
  /** Time between two polls, +-10 %. */
  megaphonePollMs: number
  /** Broadcasts that there may be. */
  broadcastsMax: number
  /** How long any one operation of the store may take. */
  putTimeoutMs: number
}

/** Unless an operator says otherwise. */
export const FOLLOWER_OPTIONS = { megaphonePollMs: 30_000, broadcastsMax: 1000 }

/** What following works with. */
export interface FollowerDeps {
  readonly store: Pick<Store, 'followBroadcast'>
  readonly bus: Pick<Bus<AgentRequest, AgentReply>, 'tell'>
  readonly broadcasts: Pick<Broadcasts, 'all' | 'read'>
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Asks the server; undefined where the list with this tag is the newest still. */
  readonly ask: (etag: string | undefined) => Promise<MegaphoneList | undefined>
}

/** What a poll came to: it set something here, found all as it should be, or failed. */
export type PollOutcome = 'changed' | 'unchanged' | 'failed'

/** Processes that start together do not poll together. */
const START_MS = 1000
/** Longest pause after failures. */
const PAUSE_MAX_MS = 10 * 60_000

/**
 * Keeps the store's broadcasts as a Megaphone server has them, by polling it. Every node does so and agrees with the others on nothing: whoever
 * has polled tells, and the rest wait for another interval; a write is conditional on what was there before the poll,
 * so an answer that has become old meanwhile changes nothing. What an operator has set stays.
 */
export class MegaphoneFollower {
  readonly #options: FollowerOptions
  readonly #deps: FollowerDeps
  #timer: Timer | undefined
  #list: MegaphoneList | undefined
  #failures = 0
  #warnedOf: string | undefined
  readonly #polls = new Counts<PollOutcome>()
  #goodAtMs: number
  #closed = false

  constructor(options: FollowerOptions, deps: FollowerDeps) {
    this.#options = options
    this.#deps = deps
    this.#goodAtMs = deps.clock.monotonicMs()
    this.#pollAfter(deps.random.fraction() * Math.min(START_MS, options.megaphonePollMs))
  }

  /** Polls of this process since the start. */
  get polls(): ReadonlyMap<PollOutcome, number> {
    return this.#polls.all
  }

  /** Time since the last poll that succeeded, by whichever node; before the first one, since the start. */
  get ageMs(): number {
    return this.#deps.clock.monotonicMs() - this.#goodAtMs
  }

  /** A node has polled just now, perhaps this one: the next poll can wait. */
  polled(): void {
    this.#goodAtMs = this.#deps.clock.monotonicMs()
    if (this.#timer !== undefined) this.#pollAfter(this.#intervalMs())
  }

  /** Polls no more. */
  close(): void {
    this.#closed = true
    this.#timer?.cancel()
  }

  #pollAfter(delayMs: number): void {
    this.#timer?.cancel()
    if (this.#closed) return
    this.#timer = this.#deps.clock.after(delayMs, () => {
      this.#timer = undefined
      void this.#poll()
    })
  }

  async #poll(): Promise<void> {
    const { log, bus } = this.#deps
    try {
      const { settled, outcome } = await this.#follow()
      this.#polls.add(outcome)
      this.#goodAtMs = this.#deps.clock.monotonicMs()
      if (this.#failures > 0) log.info({}, 'the Megaphone server is followed again')
      this.#failures = 0
      bus.tell(NODES_ADDRESS, { kind: 'broadcasts', hint: 'polled' })
      this.#pollAfter(settled ? this.#intervalMs() : this.#deps.random.fraction() * START_MS)
    } catch (error) {
      // It may be down for days: say it once.
      if (this.#failures === 0)
        log.warn({ err: error }, 'the Megaphone server could not be followed; trying again')
      this.#polls.add('failed')
      this.#failures += 1
      this.#pollAfter(this.#pauseMs())
    }
  }

  /** Asks once, and writes what has changed. `settled` is false where somebody else has set something meanwhile. */
  async #follow(): Promise<{ settled: boolean; outcome: PollOutcome }> {
    const { broadcasts, bus, ask } = this.#deps
    await broadcasts.read()
    const before = broadcasts.all
    if (before === undefined) throw new PushError('storeDown', 'the broadcasts there are could not be read')
    this.#list = (await ask(this.#list?.etag)) ?? this.#list
    const changes = this.#changes(before)
    let refused = 0
    for (const [id, version] of changes) {
      const done = await this.#set(id, version, before.get(id)?.version)
      if (!done) refused += 1
    }
    if (changes.length > 0) bus.tell(NODES_ADDRESS, { kind: 'broadcasts', hint: 'changed' })
    return { settled: refused === 0, outcome: changes.length > refused ? 'changed' : 'unchanged' }
  }

  #changes(before: ReadonlyMap<BroadcastId, Broadcast>): [BroadcastId, BroadcastVersion][] {
    const { values = new Map<BroadcastId, BroadcastVersion>(), unfit = 0 } = this.#list ?? {}
    const changed = [...values].filter(([id, version]) => {
      const known = before.get(id)
      return known?.source !== 'operator' && known?.version !== version
    })
    const room = Math.max(0, this.#options.broadcastsMax - before.size)
    const added = changed.filter(([id]) => !before.has(id))
    this.#warnOf(unfit, Math.max(0, added.length - room))
    const left = new Set(added.slice(room).map(([id]) => id))
    return changed.filter(([id]) => !left.has(id))
  }

  /** Once for as long as it stays the same. */
  #warnOf(unfit: number, tooMany: number): void {
    const what = `${unfit} ${tooMany}`
    if (what !== this.#warnedOf && unfit + tooMany > 0)
      this.#deps.log.warn({ unfit, tooMany }, 'some broadcasts of the Megaphone server are left out')
    this.#warnedOf = what
  }

  #set(id: BroadcastId, version: BroadcastVersion, former: BroadcastVersion | undefined): Promise<boolean> {
    const { store, clock } = this.#deps
    const { putTimeoutMs } = this.#options
    return within(clock, putTimeoutMs, store.followBroadcast(id, version, former), () => {
      throw new PushError('storeDown', `no answer within ${putTimeoutMs} ms`)
    })
  }

  #intervalMs(): number {
    return this.#options.megaphonePollMs * (0.9 + 0.2 * this.#deps.random.fraction())
  }

  /** Doubles with each failure, with jitter: many processes may have failed at once. */
  #pauseMs(): number {
    const { megaphonePollMs } = this.#options
    const longestMs = Math.max(PAUSE_MAX_MS, megaphonePollMs)
    const pauseMs = Math.min(longestMs, megaphonePollMs * 2 ** Math.min(this.#failures - 1, 20))
    return pauseMs * (0.5 + 0.5 * this.#deps.random.fraction())
  }
}
