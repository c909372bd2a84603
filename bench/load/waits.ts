import type { Clock } from '../../cluster/clock.ts'

/** Waits of a run, all of which end at once when the run is to end early. */
export class Waits {
  readonly #clock: Clock
  readonly #wakers = new Set<() => void>()
  #isEnded = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get isEnded(): boolean {
    return this.#isEnded
  }

  /** Ends those of now and of later. */
  end(): void {
    this.#isEnded = true
    for (const wake of [...this.#wakers]) wake()
  }

  /** Resolves after so long, or at the end. */
  pause(ms: number): Promise<void> {
    return this.#until(ms, () => {})
  }

  /** Resolves when `start` calls back, after so long, or at the end; whether it did call back. */
  async called(withinMs: number, start: (done: () => void) => void): Promise<boolean> {
    let isCalled = false
    await this.#until(withinMs, (wake) =>
      start(() => {
        isCalled = true
        wake()
      }),
    )
    return isCalled
  }

  /** Looks now and then whether something has come about. */
  async reached(withinMs: number, everyMs: number, isReached: () => boolean): Promise<boolean> {
    const endMs = this.#clock.monotonicMs() + withinMs
    while (!isReached()) {
      const leftMs = endMs - this.#clock.monotonicMs()
      if (leftMs <= 0 || this.#isEnded) return false
      await this.pause(Math.min(everyMs, leftMs))
    }
    return true
  }

  #until(ms: number, start: (wake: () => void) => void): Promise<void> {
    if (this.#isEnded) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = () => {
        timer.cancel()
        this.#wakers.delete(wake)
        resolve()
      }
      const timer = this.#clock.after(ms, wake)
      this.#wakers.add(wake)
      start(wake)
    })
  }
}
