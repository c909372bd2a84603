import type { Clock, Timer } from '../cluster/clock.ts'

/** How often the watch looks at the time. */
const TICK_MS = 250
/** A process that stood still for a second finds its timer late by this at least. */
const LATE_MS = 1000 - TICK_MS

/**
 * Notices that this process stood still for a second or longer: SIGSTOP, a suspended machine, an event loop that was blocked.
 * It measures how late its own timer is. The monotonic clock does not go on while a machine is suspended, so the wall clock is
 * looked at, too; one that is set forward is taken for a stall, which costs a look into the store.
 */
export class StallWatch {
  readonly #clock: Clock
  readonly #stalled: (lostMs: number) => void
  #timer: Timer

  /** @param stalled told, once it is over, how long the process stood still, about */
  constructor(clock: Clock, stalled: (lostMs: number) => void) {
    this.#clock = clock
    this.#stalled = stalled
    this.#timer = this.#tickLater()
  }

  /** Stops watching. */
  close(): void {
    this.#timer.cancel()
  }

  #tickLater(): Timer {
    const { nowMs, monotonicMs } = { nowMs: this.#clock.nowMs(), monotonicMs: this.#clock.monotonicMs() }
    return this.#clock.after(TICK_MS, () => {
      const passedMs = Math.max(this.#clock.monotonicMs() - monotonicMs, this.#clock.nowMs() - nowMs)
      this.#timer = this.#tickLater()
      if (passedMs - TICK_MS >= LATE_MS) this.#stalled(passedMs)
    })
  }
}
