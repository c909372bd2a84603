import type { Collection, MongoClient } from 'mongodb'
import type { Clock, Timer } from '../cluster/clock.ts'
import { createMongoClient, databaseOf } from './mongodb-client.ts'
import { storeDown } from './store-down.ts'

/**
 * What a lease is for. serve: to serve from this database alone, without a bus. garbage: to collect the garbage of all who serve
 * from it.
 */
export type LeasePurpose = 'serve' | 'garbage'

/** A lease in the collection `leases`. */
interface LeaseDocument {
  readonly _id: LeasePurpose
  /** Random, so that no two processes have the same. */
  readonly holder: string
  /** Who that is, for people. */
  readonly name: string
  /** How often it was renewed. */
  readonly renewals: number
}

/** Who wants the lease, and how long it lasts. */
export interface LeaseOptions {
  /** mongodb:// or mongodb+srv:// URL; its path names the database. */
  readonly url: string
  readonly purpose: LeasePurpose
  /** An id that nobody else has. */
  readonly holder: string
  /** What to call this process where another one is refused because of it. */
  readonly name: string
  /** A lease that was not renewed for so long may be taken by another process. */
  readonly lifetimeMs: number
  /** The holder gives up so long before that. */
  readonly marginMs: number
  /** Time between two renewals, and between two looks at somebody else's lease. */
  readonly renewMs: number
  /** Longest wait for one answer of the database. */
  readonly operationTimeoutMs: number
  /** Told once, with its name, when another process holds the lease: it takes `lifetimeMs` to see that it is gone. */
  readonly onWaiting: (by: string) => void
}

/** Unless a test says otherwise: a renewal may fail three times, and an election of a new primary take 10 s. */
export const LEASE_DEFAULTS = { lifetimeMs: 20_000, marginMs: 4000, renewMs: 3000 }

/** What became of the attempt to take the lease. */
export type LeaseOutcome =
  | { readonly outcome: 'taken'; readonly lease: Lease }
  /** Somebody holds it, and renewed it while we looked. */
  | { readonly outcome: 'held'; readonly by: string }

/** A lease that is held. */
export interface Lease {
  /** Whether it is still ours for certain; false from `marginMs` before anybody else can have it. */
  readonly isHeld: boolean
  /** Resolves with the reason when it is lost; never once it is released. */
  readonly lost: Promise<string>
  /** Gives it back, so that another process need not wait. */
  release(): Promise<void>
}

const LEASES = 'leases'

/**
 * Takes the lease of a database, waiting for the end of one whose holder does not renew it any more.
 *
 * No two clocks are compared. A lease that another process holds is taken when it was not renewed for `lifetimeMs`, measured
 * here since it was first seen, on condition that it is still the same. The holder counts from when it *sent* its last renewal,
 * which was before anybody could see it, and gives up earlier.
 * @throws PushError storeDown
 */
export async function takeLease(options: LeaseOptions, clock: Clock): Promise<LeaseOutcome> {
  let client: MongoClient | undefined
  try {
    client = createMongoClient(options.url, options.operationTimeoutMs)
    const leases = client.db(databaseOf(options.url)).collection<LeaseDocument>(LEASES)
    const taken = await take(leases, options, clock)
    if (taken.outcome === 'taken')
      return { outcome: 'taken', lease: new HeldLease(client, leases, options, clock, taken.sinceMs) }
    await client.close()
    return taken
  } catch (error) {
    await client?.close()
    throw storeDown(error)
  }
}

type Taken =
  | { readonly outcome: 'taken'; readonly sinceMs: number }
  | Extract<LeaseOutcome, { outcome: 'held' }>

async function take(
  leases: Collection<LeaseDocument>,
  { purpose, holder, name, lifetimeMs, renewMs, onWaiting }: LeaseOptions,
  clock: Clock,
): Promise<Taken> {
  let seen: { holder: string; renewals: number; atMs: number } | undefined
  for (;;) {
    const sinceMs = clock.monotonicMs()
    const over = seen !== undefined && sinceMs - seen.atMs >= lifetimeMs ? seen : undefined
    // Inserts where nobody has it; where somebody does the condition fails, and the insert with it.
    const condition = over === undefined ? { holder } : { holder: over.holder, renewals: over.renewals }
    const change = { $set: { holder, name, renewals: 0 } }
    const { matchedCount, upsertedCount } = await leases
      .updateOne({ _id: purpose, ...condition }, change, { upsert: true })
      .catch(ignoreDuplicate)
    if (matchedCount + upsertedCount > 0) return { outcome: 'taken', sinceMs }
    const other = await leases.findOne({ _id: purpose })
    if (other === null) continue
    if (seen !== undefined && (other.holder !== seen.holder || other.renewals !== seen.renewals))
      return { outcome: 'held', by: other.name }
    if (seen === undefined) onWaiting(other.name)
    seen ??= { holder: other.holder, renewals: other.renewals, atMs: clock.monotonicMs() }
    await new Promise<void>((resolve) => void clock.after(renewMs, resolve))
  }
}

/** 11000 is the one code that every server of this protocol has: the document is there, and not as we wanted it. */
function ignoreDuplicate(error: unknown) {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code !== 11000) throw error
  return { matchedCount: 0, upsertedCount: 0 }
}

class HeldLease implements Lease {
  readonly lost: Promise<string>
  readonly #client: MongoClient
  readonly #leases: Collection<LeaseDocument>
  readonly #options: LeaseOptions
  readonly #clock: Clock
  /** When what renewed it last was sent. */
  #sinceMs: number
  #renewing: Promise<void> = Promise.resolve()
  #next: Timer | undefined
  #end: Timer | undefined
  #over = false
  #lose: (reason: string) => void = () => {}

  constructor(
    client: MongoClient,
    leases: Collection<LeaseDocument>,
    options: LeaseOptions,
    clock: Clock,
    sinceMs: number,
  ) {
    this.#client = client
    this.#leases = leases
    this.#options = options
    this.#clock = clock
    this.#sinceMs = sinceMs
    this.lost = new Promise((resolve) => {
      this.#lose = resolve
    })
    this.#renewLater()
    this.#giveUpLater()
  }

  get isHeld(): boolean {
    return !this.#over && this.#leftMs() > 0
  }

  async release(): Promise<void> {
    this.#stop()
    await this.#renewing
    // Whoever comes next waits for its end, if this fails.
    const { purpose, holder } = this.#options
    await this.#leases.deleteOne({ _id: purpose, holder }).catch(() => {})
    await this.#client.close()
  }

  #leftMs(): number {
    const { lifetimeMs, marginMs } = this.#options
    return this.#sinceMs + lifetimeMs - marginMs - this.#clock.monotonicMs()
  }

  #renewLater(): void {
    this.#next = this.#clock.after(this.#options.renewMs, () => {
      this.#renewing = this.#renew()
    })
  }

  async #renew(): Promise<void> {
    const { purpose, holder } = this.#options
    const sentMs = this.#clock.monotonicMs()
    try {
      const { matchedCount } = await this.#leases.updateOne(
        { _id: purpose, holder },
        { $inc: { renewals: 1 } },
      )
      if (matchedCount === 0) return this.#giveUp('another process has it, or it was removed')
      this.#sinceMs = sentMs
      this.#giveUpLater()
    } catch {
      // Perhaps the next one reaches the database; if none does the lease ends.
    }
    if (!this.#over) this.#renewLater()
  }

  #giveUpLater(): void {
    if (this.#over) return
    this.#end?.cancel()
    this.#end = this.#clock.after(Math.max(0, this.#leftMs()), () => {
      this.#giveUp(`it could not be renewed for ${this.#clock.monotonicMs() - this.#sinceMs} ms`)
    })
  }

  #giveUp(reason: string): void {
    if (this.#over) return
    this.#stop()
    this.#lose(reason)
  }

  #stop(): void {
    this.#over = true
    this.#next?.cancel()
    this.#end?.cancel()
  }
}
