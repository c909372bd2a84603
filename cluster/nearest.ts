/** Changes to a word beyond which it is another word rather than a slip. */
const SLIPS_MAX = 3

/** The candidate most like `word`, for "did you mean"; undefined when none is close. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: { candidate: string; slips: number } | undefined
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) > SLIPS_MAX) continue
    const slips = distance(word, candidate)
    if (slips <= SLIPS_MAX && slips < candidate.length / 2 && (best === undefined || slips < best.slips))
      best = { candidate, slips }
  }
  return best?.candidate
}

/** Levenshtein distance: insertions, deletions and replacements that turn one word into the other. */
function distance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const replaced = (above[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1)
      current.push(Math.min(replaced, (above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1))
    }
    above = current
  }
  return above[b.length] ?? 0
}
