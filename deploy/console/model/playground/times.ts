/** Bits of a UUIDv7 before the time ends (RFC 9562 section 5.7), in hexadecimal digits. */
const TIME_DIGITS = 12
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** When the service has accepted a message, by its own clock, in milliseconds since the epoch; undefined where its id does not say. */
export function acceptedAtMs(version: string): number | undefined {
  if (!UUID_V7.test(version)) return undefined
  return Number.parseInt(version.replaceAll('-', '').slice(0, TIME_DIGITS), 16)
}

/** Says how long something took, as exactly as one cares to know. */
export function durationText(ms: number): string {
  const whole = Math.max(0, Math.round(ms))
  if (whole < 10_000) return `${whole.toLocaleString('en')} ms`
  const seconds = Math.round(whole / 1000)
  if (seconds < 120) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`
}
