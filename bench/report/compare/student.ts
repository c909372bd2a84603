/** Steps of Simpson's rule: far more than six digits need for any number of runs. */
const STEPS = 2000

/**
 * Probability that Student's t, with so many degrees of freedom (a fraction, too), is farther from 0 than `t` on either side.
 * With t = sqrt(df) tan(angle) its density is cos(angle)^(df - 1), which is smooth and ends at a right angle.
 */
export function tTails(t: number, df: number): number {
  const angle = Math.atan(Math.abs(t) / Math.sqrt(df))
  return Math.min(1, integral(df, angle, Math.PI / 2) / integral(df, 0, Math.PI / 2))
}

/** The t beyond which, on both sides together, only `tails` of the probability lies. */
export function tQuantile(tails: number, df: number): number {
  let low = 0
  let high = Math.PI / 2
  for (let round = 0; round < 60; round += 1) {
    const middle = (low + high) / 2
    if (tTails(Math.sqrt(df) * Math.tan(middle), df) > tails) low = middle
    else high = middle
  }
  return Math.sqrt(df) * Math.tan(low)
}

/** Of cos(angle)^(df - 1), by Simpson's rule. */
function integral(df: number, from: number, to: number): number {
  const width = (to - from) / STEPS
  let sum = 0
  for (let step = 0; step <= STEPS; step += 1) {
    const weight = step === 0 || step === STEPS ? 1 : step % 2 === 1 ? 4 : 2
    sum += weight * Math.max(0, Math.cos(from + step * width)) ** (df - 1)
  }
  return (sum * width) / 3
}
