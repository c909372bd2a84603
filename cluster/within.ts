import type { Clock } from './clock.ts'

/**
 * Waits for a promise, but no longer than `timeoutMs`; then calls `late` for what to go on with (or throw) instead.
 * The work itself is not stopped: after a time-out its outcome is unknown, and a late failure is ignored.
 */
export function within<T>(clock: Clock, timeoutMs: number, work: Promise<T>, late: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(timeoutMs, () => {
      try {
        resolve(late())
      } catch (error) {
        reject(error)
      }
    })
    // Settled in one step: each promise in between would cost as much as the timer.
    work.then(
      (result) => {
        timer.cancel()
        resolve(result)
      },
      (error) => {
        timer.cancel()
        reject(error)
      },
    )
  })
}
