import type { Clock } from '../../cluster/clock.ts'

/** What happens at given times. */
export interface OpenLoadOptions {
  readonly clock: Clock
  /** Microseconds, monotonic. */
  now(): number
  readonly startUs: number
  /** Gives one time after the other, in milliseconds since the start; undefined after the last. */
  readonly times: () => number | undefined
  /** @param intendedUs the time it was meant to happen at, which is now or a little earlier */
  readonly act: (intendedUs: number) => void
  readonly isEnded: () => boolean
}

/**
 * Lets things happen when they are due, whatever became of those before; what is late is done at once, and knows when it was meant to be. Timers have
 * whole milliseconds: on average things happen half a millisecond late.
 * @param done told after the last
 */
export function runOpenLoad(options: OpenLoadOptions, done: () => void): void {
  const { clock, now, startUs, times, act, isEnded } = options
  let nextMs = times()
  const turn = () => {
    while (nextMs !== undefined && !isEnded()) {
      const dueUs = startUs + nextMs * 1000
      const leftUs = dueUs - now()
      if (leftUs > 0) {
        clock.after(Math.ceil(leftUs / 1000), turn)
        return
      }
      act(dueUs)
      nextMs = times()
    }
    done()
  }
  turn()
}
