import type { BenchResult } from '../result/result.ts'
import { measured, wholeOf } from './measures.ts'
import { type Operator, parseThreshold, type Threshold } from './threshold-syntax.ts'
import { digits } from './units.ts'

/** What became of a threshold in a run, as a result holds it: the value is in the unit that the expression is written in. */
export type Verdict = BenchResult['thresholds'][number]

/** Holds a result against thresholds. What did not occur in the run has failed: nobody should take silence for a pass. */
export function judge(result: BenchResult, thresholds: readonly Threshold[]): Verdict[] {
  return thresholds.map((threshold) => {
    const value = valueFor(result, threshold)
    const ok = value !== null && !holds(value, threshold.operator, threshold.limit)
    return { expression: threshold.expression, value, ok }
  })
}

/** A verdict in words: which expression, and what its measure was. */
export function verdictLine({ expression, value, ok }: Verdict): string {
  if (value === null) return `FAILED  ${expression}  (its measure did not occur in this run)`
  return `${ok ? 'passed' : 'FAILED'}  ${expression}  (it was ${digits(value)}${suffixOf(expression)})`
}

function valueFor(result: BenchResult, { measure, scale }: Threshold): number | null {
  const value = measured(result, measure)
  if (value === null) return null
  if (scale !== 'share') return value / scale
  const whole = wholeOf(result, measure)
  return whole === null ? null : (100 * value) / whole
}

function suffixOf(expression: string): string {
  try {
    const { suffix } = parseThreshold(expression)
    return suffix === '' ? '' : ` ${suffix}`
  } catch {
    // A result may have been written by a version that knew more measures.
    return ''
  }
}

function holds(value: number, operator: Operator, limit: number): boolean {
  switch (operator) {
    case '>':
      return value > limit
    case '>=':
      return value >= limit
    case '<':
      return value < limit
    case '<=':
      return value <= limit
    case '==':
      return value === limit
    case '!=':
      return value !== limit
  }
}
