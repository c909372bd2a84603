const UNITS_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const
const PART = /^(\d+(?:\.\d+)?)(ms|s|m|h)/

/** What a right duration looks like; follows "must be" in messages. */
export const DURATION_EXPECTED = 'a duration like 30s, 1m30s, 500ms or 2h'

/** Milliseconds of a duration in words (`1m30s`), or of a number of seconds; undefined when it is none. */
export function parseDuration(value: string | number): number | undefined {
  if (typeof value === 'number') return value >= 0 ? value * 1000 : undefined
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000
  let rest = value
  let totalMs = 0
  while (rest !== '') {
    const [part, amount, unit] = PART.exec(rest) ?? []
    if (part === undefined) return undefined
    totalMs += Number(amount) * UNITS_MS[unit as keyof typeof UNITS_MS]
    rest = rest.slice(part.length)
  }
  return value === '' ? undefined : totalMs
}

/** Milliseconds in words, as short as they go: `1m30s`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`
  const parts = [
    [Math.floor(ms / UNITS_MS.h), 'h'],
    [Math.floor((ms % UNITS_MS.h) / UNITS_MS.m), 'm'],
    [Math.round((ms % UNITS_MS.m) / 100) / 10, 's'],
  ] as const
  return parts
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount}${unit}`)
    .join('')
}
