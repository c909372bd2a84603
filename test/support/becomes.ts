import { isDeepStrictEqual } from 'node:util'
import type { Test } from 'tap'
import { systemClock } from '../../cluster/clock.ts'

/** How long something may take that follows at once on a machine with time for it. */
const SOON_MS = 60_000
const BETWEEN_LOOKS_MS = 20

/** Asserts that what is read is as wanted, or soon is: for what follows by itself, but not at once. */
export async function becomes<T>(
  t: Test,
  read: () => T | Promise<T>,
  wanted: T,
  message = 'it is so, or soon is',
): Promise<void> {
  t.strictSame(await readUntil(read, (value) => isDeepStrictEqual(value, wanted)), wanted, message)
}

/** Asserts that what is read is another than before, or soon is. */
export async function changes<T>(
  t: Test,
  read: () => T | Promise<T>,
  before: T,
  message = 'it is another, or soon is',
): Promise<void> {
  t.strictNotSame(await readUntil(read, (value) => !isDeepStrictEqual(value, before)), before, message)
}

/** Reads until the value is as wanted, or there was time enough for it; resolves to the last one. */
export async function readUntil<T>(read: () => T | Promise<T>, isWanted: (value: T) => boolean): Promise<T> {
  const endMs = systemClock.monotonicMs() + SOON_MS
  for (;;) {
    const value = await read()
    if (isWanted(value) || systemClock.monotonicMs() > endMs) return value
    await new Promise<void>((resolve) => void systemClock.after(BETWEEN_LOOKS_MS, resolve))
  }
}
