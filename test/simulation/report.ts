import { createHash } from 'node:crypto'
import { lineOf, type Recorded } from './facts.ts'
import type { Outcome } from './simulation.ts'

const ID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-f]{32}\b/g
/** Lines that were just before the rule broke are shown in any case. */
const LAST_LINES = 25

/** What a person needs of a run that broke a rule: what happened to the message or user agent it is about. */
export function reportOf({ seed, world, violation }: Outcome): string {
  if (violation === undefined) return `seed ${seed}: ${world.ledger.facts.length} facts, every rule was kept`
  const { facts } = world.ledger
  const about = new Set(violation.message.match(ID)?.map((id) => (id.length === 32 ? id.slice(0, 8) : id)))
  const links = violation.message.match(/link (\d+)/)
  const isAbout = (recorded: Recorded) => {
    const line = lineOf(recorded)
    const isOfLink = links !== null && isLife(recorded) && line.includes(`link=${links[1]} `)
    return isOfLink || isDisturbance(recorded) || [...about].some((id) => line.includes(id))
  }
  return [
    `seed ${seed} breaks a rule after ${violation.elapsedMs} ms:`,
    `  ${violation.message}`,
    'what it is about, and what went wrong:',
    ...facts.filter(isAbout).slice(-60).map(lineOf),
    'all that happened last:',
    ...facts.slice(-LAST_LINES).map(lineOf),
    `replay: npm run sim -- --seed ${seed}`,
  ].join('\n')
}

/** The whole trace of a run. */
export function traceOf({ world }: Outcome): string {
  return world.ledger.facts.map(lineOf).join('\n')
}

/** A short name for a run: two runs with the same digest are the same. */
export function digestOf(outcome: Outcome): string {
  return createHash('sha256').update(traceOf(outcome)).digest('hex').slice(0, 16)
}

function isLife({ fact }: Recorded): boolean {
  return (
    fact.kind !== 'wrote' && fact.kind !== 'received' && fact.kind !== 'ackArrived' && fact.kind !== 'acked'
  )
}

function isDisturbance({ fact }: Recorded): boolean {
  return fact.kind === 'fault' && !/failed|hangs|lost:/.test(fact.what)
}
