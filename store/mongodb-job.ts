import type { Clock, Timer } from '../cluster/clock.ts'
import { type Lease, type LeaseOptions, takeLease } from './mongodb-lease.ts'

/** A job that one process at a time does. */
export interface Job {
  /** Whether this process does it at the moment. */
  readonly isOurs: boolean
  /** Leaves it to another process. */
  stop(): Promise<void>
}

/** What a job is known by, and how long it waits for a process that has died. */
export type JobOptions = Omit<LeaseOptions, 'onWaiting'>

/**
 * Wants a job of a database from now on: takes its lease whenever nobody else has it. When the process that has it dies, another one takes
 * it over once the lease is over. Two may do it at once for a moment, when a lease ends while work is under way: the work itself must bear that.
 */
export function wantJob(options: JobOptions, clock: Clock): Job {
  return new WantedJob(options, clock)
}

class WantedJob implements Job {
  readonly #options: JobOptions
  readonly #clock: Clock
  #lease: Lease | undefined
  #pause: { readonly timer: Timer; readonly end: () => void } | undefined
  #stopped = false

  constructor(options: JobOptions, clock: Clock) {
    this.#options = options
    this.#clock = clock
    void this.#want()
  }

  get isOurs(): boolean {
    return this.#lease?.isHeld ?? false
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#pause?.timer.cancel()
    this.#pause?.end()
    await this.#lease?.release()
  }

  async #want(): Promise<void> {
    while (!this.#stopped) {
      const taken = await takeLease({ ...this.#options, onWaiting: () => {} }, this.#clock).catch(
        () => undefined,
      )
      if (taken?.outcome === 'taken') await this.#have(taken.lease)
      // Held by another one, or the database is away.
      else await this.#wait(this.#options.lifetimeMs)
    }
  }

  async #have(lease: Lease): Promise<void> {
    // It may have been stopped while it waited for the lease.
    if (this.#stopped) return lease.release()
    this.#lease = lease
    await lease.lost
    await lease.release()
    this.#lease = undefined
  }

  #wait(ms: number): Promise<void> {
    if (this.#stopped) return Promise.resolve()
    return new Promise((resolve) => {
      this.#pause = { timer: this.#clock.after(ms, resolve), end: resolve }
    })
  }
}
