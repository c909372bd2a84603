import type { Labels } from './counters.ts'

/** What can become of a message, in the order in which it is shown. */
export const OUTCOMES = ['delivered', 'stored', 'dropped', 'refused'] as const

/** What became of a message, as an operator sees it: all reasons to refuse one are one. */
export type Outcome = (typeof OUTCOMES)[number]

/** What an outcome is called on the page. */
export const OUTCOME_WORDS: Readonly<Record<Outcome, string>> = {
  delivered: 'delivered at once',
  stored: 'stored',
  dropped: 'dropped',
  refused: 'refused',
}

/** Colours of outcomes, by their number in the palette. */
export const OUTCOME_COLOURS: Readonly<Record<Outcome, number>> = {
  delivered: 3,
  stored: 1,
  dropped: 5,
  refused: 2,
}

/** Which of them a series of `pushgrid_messages_total` counts: its label is one of the first three, or the name of a failure. */
export function outcomeOf(labels: Labels): Outcome {
  return OUTCOMES.find((outcome) => outcome === labels['outcome']) ?? 'refused'
}
