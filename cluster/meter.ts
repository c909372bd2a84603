import { preciseMs } from './clock.ts'

/** Takes measurements of one kind, such as durations in seconds; a histogram of a metrics library is one. */
export interface Meter {
  observe(value: number): void
}

/** A meter of nothing. */
export const NO_METER: Meter = { observe() {} }

/** A moment that a duration is measured from. */
export function startOfMeasurement(): number {
  return preciseMs()
}

/** The time that has passed since that moment, in seconds. */
export function secondsSince(startedAt: number): number {
  return (preciseMs() - startedAt) / 1000
}
