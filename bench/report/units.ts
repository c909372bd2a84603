// Imports nothing: it is part of the page of a report, too, so that a number looks the same in tables and in plots.

/** What a number of a report counts. */
export type Unit = 'ms' | 'us' | 's' | 'bytes' | 'perS' | 'count' | 'cores' | 'percent'

/** What stands for a value that there is none of. */
export const NOTHING = '–'

/** A number with its unit, as people read it: three digits that matter, and the step of the unit that fits. */
export function quantity(value: number | null | undefined, unit: Unit): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NOTHING
  if (value < 0) return `−${quantity(-value, unit)}`
  switch (unit) {
    case 'ms':
      return span(value)
    case 'us':
      return span(value / 1000)
    case 's':
      return value === 0 ? '0 s' : span(value * 1000)
    case 'bytes':
      return bytes(value)
    case 'perS':
      return `${digits(value)}/s`
    case 'cores':
      return `${digits(value)} ${value === 1 ? 'core' : 'cores'}`
    case 'percent':
      return percent(value)
    case 'count':
      return digits(value)
  }
}

/** A number with three digits that matter, and thousands apart; whole ones stay whole. */
export function digits(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 100) return grouped(Math.round(value))
  const size = Math.abs(value)
  if (size < 0.001) return value.toExponential(1)
  return value.toFixed(size >= 10 ? 1 : size >= 1 ? 2 : 3)
}

/** The same for an axis, whose ticks are round: without zeros at the end. */
export function tick(value: number, unit: Unit): string {
  return quantity(value, unit)
    .replace(/\.0+(?!\d)/, '')
    .replace(/(\.\d*[1-9])0+(?!\d)/, '$1')
}

function span(ms: number): string {
  if (ms === 0) return '0 ms'
  if (ms < 0.001) return `${digits(ms * 1_000_000)} ns`
  if (ms < 0.9995) return `${digits(ms * 1000)} µs`
  if (ms < 999.5) return `${digits(ms)} ms`
  if (ms < 180_000) return `${digits(ms / 1000)} s`
  if (ms < 7_200_000) return `${digits(ms / 60_000)} min`
  return `${digits(ms / 3_600_000)} h`
}

function bytes(value: number): string {
  if (value < 999.5) return `${digits(value)} B`
  if (value < 999_500) return `${digits(value / 1000)} kB`
  if (value < 999_500_000) return `${digits(value / 1_000_000)} MB`
  return `${digits(value / 1_000_000_000)} GB`
}

function grouped(whole: number): string {
  return String(whole).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** What is not quite all never reads as 100 %: 99.95 % and 99.996 % tell something else. */
function percent(value: number): string {
  const missing = 100 - value
  if (missing <= 0 || missing >= 0.5) return `${digits(value)} %`
  return `${value.toFixed(Math.min(8, 1 - Math.floor(Math.log10(missing))))} %`
}
