import { randomBytes } from 'node:crypto'

/** A running timer; cancelling one that has fired does nothing. */
export interface Timer {
  cancel(): void
}

/**
 * Time, passed in wherever it is needed, so that a simulation can own it.
 * Wall time decides expiry only; every wait and age is measured on the monotonic clock, which never jumps.
 */
export interface Clock {
  /** Wall time in milliseconds since the Unix epoch. */
  nowMs(): number
  /** Whole milliseconds since an arbitrary start in this process; never goes back. */
  monotonicMs(): number
  /** Calls `run` once, `delayMs` milliseconds from now. */
  after(delayMs: number, run: () => void): Timer
  /**
   * Calls `run` at the end of this turn of the event loop, when all that had arrived is handled: for work that is cheaper done once
   * for many than at once for each.
   */
  afterTurn(run: () => void): void
}

/** Randomness, passed in for the same reason as time. */
export interface Random {
  /** `count` bytes from a cryptographically secure source (a seeded one in simulation). */
  bytes(count: number): Uint8Array
  /** A number in [0, 1), for spreading work over time; never for secrets. */
  fraction(): number
}

/** The clock of the machine. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  // Whole, because V8 keeps small integers without allocating.
  monotonicMs: () => Math.floor(performance.now()),
  after(delayMs, run) {
    const handle = setTimeout(run, delayMs)
    return { cancel: () => clearTimeout(handle) }
  },
  afterTurn(run) {
    setImmediate(run)
  },
}

/** The monotonic time of the machine in milliseconds, as fine as it is to be had: for measurements that decide nothing. */
export function preciseMs(): number {
  return performance.now()
}

/** Milliseconds since the Unix epoch of a date in words, as Node gives those of certificates; NaN if it is none. */
export function dateMs(date: string): number {
  return Date.parse(date)
}

/** Bytes drawn from the kernel at a time: one call for 16 bytes costs as much as one for 4 kB. */
const POOL_BYTES = 4096

/** Makes the randomness of the machine, drawing from a small pool that is never handed out twice. */
export function createSystemRandom(): Random {
  let pool = randomBytes(POOL_BYTES)
  let used = 0
  return {
    bytes(count) {
      if (count > POOL_BYTES) return randomBytes(count)
      if (used + count > POOL_BYTES) {
        pool = randomBytes(POOL_BYTES)
        used = 0
      }
      used += count
      return pool.subarray(used - count, used)
    },
    fraction: () => Math.random(),
  }
}
