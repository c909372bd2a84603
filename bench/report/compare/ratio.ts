import { tQuantile, tTails } from './student.ts'

/** How many times the values of one group are those of another, and how sure that is. */
export interface Ratio {
  /** Of the geometric means. */
  readonly ratio: number
  /** How probable it is to see as much of a difference by chance; undefined without repeated runs of both. */
  readonly p: number | undefined
  /** Where the true ratio is with this confidence (0.95); undefined without repeated runs. */
  interval(confidence: number): readonly [low: number, high: number] | undefined
}

/**
 * Welch's t on logarithms: what disturbs runs multiplies more than it adds, and two groups need not scatter alike. All values
 * have to be above 0.
 */
export function ratioOf(base: readonly number[], other: readonly number[]): Ratio {
  const [a, b] = [moments(base.map(Math.log)), moments(other.map(Math.log))]
  const difference = b.mean - a.mean
  const ratio = Math.exp(difference)
  if (base.length < 2 || other.length < 2) return { ratio, p: undefined, interval: () => undefined }
  const [errorA, errorB] = [a.variance / base.length, b.variance / other.length]
  const error = Math.sqrt(errorA + errorB)
  if (error === 0) return { ratio, p: difference === 0 ? 1 : 0, interval: () => [ratio, ratio] }
  const df = (errorA + errorB) ** 2 / (errorA ** 2 / (base.length - 1) + errorB ** 2 / (other.length - 1))
  return {
    ratio,
    p: tTails(difference / error, df),
    interval(confidence) {
      const reach = tQuantile(1 - confidence, df) * error
      return [Math.exp(difference - reach), Math.exp(difference + reach)]
    },
  }
}

/** Geometric mean: that whose ratio {@link ratioOf} gives. */
export function geometricMean(values: readonly number[]): number {
  return Math.exp(moments(values.map(Math.log)).mean)
}

/**
 * Holm's correction: which of several probabilities are too small for chance, when the chance of any false alarm among all
 * of them is to stay below `alpha`.
 * @returns for each the level it is held to; below it, it is significant, and an interval of confidence 1 - level leaves out 1
 */
export function holmLevels(probabilities: readonly number[], alpha: number): number[] {
  const levels = new Array<number>(probabilities.length).fill(alpha)
  const order = probabilities.map((p, index) => ({ p, index })).sort((a, b) => a.p - b.p)
  let stopped: number | undefined
  order.forEach(({ p, index }, rank) => {
    const level = stopped ?? alpha / (order.length - rank)
    // After the first that may be chance all others may be, too.
    if (p >= level) stopped ??= level
    levels[index] = level
  })
  return levels
}

function moments(values: readonly number[]): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { mean, variance: values.length > 1 ? squares / (values.length - 1) : 0 }
}
