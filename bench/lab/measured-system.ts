import type { MeasuredProcess } from './measured-process.ts'

/** What is measured: a service made of one process or several, whose costs add up. */
export interface MeasuredSystem {
  readonly name: string
  readonly wsUrl: string
  readonly httpUrl: string
  /** Those that count; a database that belongs to it is not among them. */
  readonly processes: readonly MeasuredProcess[]
  stop(): Promise<void>
}

/** An amount for each process, in the order of `processes`. */
export type Amounts = readonly number[]

/** What is asked of each process. */
export type Gauge = 'cpuUs' | 'residentBytes'

/** Reads a gauge of each process. */
export function read({ processes }: MeasuredSystem, gauge: Gauge): Amounts {
  return processes.map((process) => process[gauge]())
}

/** What was added since `before`, for each of so many. */
export function addedEach(system: MeasuredSystem, gauge: Gauge, before: Amounts, count: number): Amounts {
  return read(system, gauge).map((amount, index) => (amount - (before[index] ?? 0)) / count)
}

/** All processes together. */
export function sum(amounts: Amounts): number {
  return amounts.reduce((total, amount) => total + amount, 0)
}

/** The sum, and what each process has of it where there are several: `210.4 us (node 80.1, endpoint 100.3, ...)`. */
export function described({ processes }: MeasuredSystem, amounts: Amounts, unit: string, digits = 1): string {
  const total = `${sum(amounts).toFixed(digits)} ${unit}`
  if (processes.length === 1) return total
  const shares = processes.map(({ name }, index) => `${name} ${(amounts[index] ?? 0).toFixed(digits)}`)
  return `${total} (${shares.join(', ')})`
}

/** The middle one of several measurements, by their sums: its parts belong together. */
export function median(measured: readonly Amounts[]): Amounts {
  return [...measured].sort((a, b) => sum(a) - sum(b))[Math.floor(measured.length / 2)] ?? []
}
