import type { Ratio } from './ratio.ts'

/** What more of a measure means: a longer time, a greater cost, a higher speed. */
export type Kind = 'time' | 'cost' | 'speed'

/** How a group differs from the first, with what can be said of it. */
export interface Difference {
  readonly ratio: number
  /** Where the true ratio is, with this confidence; undefined without repeated runs. */
  readonly interval: readonly [low: number, high: number] | undefined
  readonly confidence: number
  /** Whether it is more than chance, and more than nobody would mind. */
  readonly isClear: boolean
  /** For whom it is good news, where it is clear. */
  readonly tone: 'better' | 'worse' | 'even'
  readonly words: string
}

/** Differences below this are none that anybody would mind, however sure they are. */
const TRIFLE = 0.01

const MORE: Readonly<Record<Kind, readonly [more: string, less: string]>> = {
  time: ['slower', 'faster'],
  cost: ['more', 'less'],
  speed: ['more', 'less'],
}

/** Puts a ratio into words; `level` is the probability below which it is no chance. */
export function describe(kind: Kind, { ratio, p, interval }: Ratio, level: number): Difference {
  const confidence = 1 - level
  const range = interval(confidence)
  const common = { ratio, interval: range, confidence }
  if (p === undefined || range === undefined)
    return { ...common, isClear: false, tone: 'even', words: `× ${times(ratio)}, from one run` }
  if (p >= level || isTrifle(range))
    return {
      ...common,
      isClear: false,
      tone: 'even',
      words: `${p < level ? 'the same within 1 %' : 'no significant difference'} (${signed(range[0])} to ${signed(range[1])} %)`,
    }
  const isMore = ratio > 1
  const tone = isMore === (kind === 'speed') ? 'better' : 'worse'
  const word = MORE[kind][isMore ? 0 : 1]
  return { ...common, isClear: true, tone, words: clearly(ratio, range, word) }
}

function isTrifle([low, high]: readonly [number, number]): boolean {
  return low > 1 - TRIFLE && high < 1 + TRIFLE
}

/** Up to twice as much in percent, as `12 % slower (8 to 16 %)`; beyond that in times. */
function clearly(ratio: number, [low, high]: readonly [number, number], word: string): string {
  if (ratio >= 2) return `× ${times(ratio)}, ${word} (× ${times(low)} to × ${times(high)})`
  const bounds = [Math.abs(low - 1), Math.abs(high - 1)].sort((a, b) => a - b)
  const [near = 0, far = 0] = bounds
  return `${percent(Math.abs(ratio - 1))} % ${word} (${percent(near)} to ${percent(far)} %)`
}

function signed(ratio: number): string {
  const text = percent(Math.abs(ratio - 1))
  return text === '0' ? '0' : `${ratio < 1 ? '−' : '+'}${text}`
}

function percent(share: number): string {
  return share < 0.1 ? String(Number((share * 100).toFixed(1))) : (share * 100).toFixed(0)
}

function times(ratio: number): string {
  return ratio.toFixed(ratio < 10 ? 2 : 0)
}
