/** How urgent a message is (RFC 8030 section 5.3), the least urgent first. */
export const URGENCIES = ['very-low', 'low', 'normal', 'high'] as const

/** One of them. */
export type Urgency = (typeof URGENCIES)[number]

/** What a message is that does not say. */
export const DEFAULT_URGENCY: Urgency = 'normal'
/** What a user agent wants at least that does not say: everything. */
export const NO_MIN_URGENCY: Urgency = 'very-low'

/** Reads the name of an urgency; undefined when it is none. */
export function parseUrgency(name: unknown): Urgency | undefined {
  return URGENCIES.find((urgency) => urgency === name)
}

/** Where an urgency stands among all: a greater number is more urgent. */
export function urgencyRank(urgency: Urgency): number {
  return URGENCIES.indexOf(urgency)
}

/** Tells whether a message is less urgent than a user agent wants it for now. */
export function isBelow(urgency: Urgency, min: Urgency): boolean {
  return urgencyRank(urgency) < urgencyRank(min)
}
