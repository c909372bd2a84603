import { createHash } from 'node:crypto'
import { lineOf, type Recorded } from './facts.ts'
import type { Outcome } from './simulation.ts'

const ID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-f]{32}\b/g
/** Lines that were just before the rule broke are shown in any case. */
const LAST_LINES = 25

/** What makes up the life of a connection, messages apart. */
const LIVES: ReadonlySet<string> = new Set([
  'opening',
  'accepted',
  'helloSent',
  'welcomed',
  'closing',
  'browserLeft',
  'subscribed',
  'unsubscribed',
])

/** What a person needs of a run that broke a rule: what happened to the message or user agent it is about. */
export function reportOf({ seed, world, violation }: Outcome): string {
  if (violation === undefined) return `seed ${seed}: ${world.ledger.facts.length} facts, every rule was kept`
  const { facts } = world.ledger
  const ids = violation.message.match(ID) ?? []
  const link = violation.message.match(/link (\d+)/)?.[1]
  const lives = [
    ...ids.filter((id) => id.length === 32).map((uaid) => `uaid=${uaid.slice(0, 8)}`),
    `link=${link} `,
  ]
  const isAbout = (recorded: Recorded) => {
    const line = lineOf(recorded)
    if (isDisturbance(recorded) || ids.some((id) => line.includes(id))) return true
    return LIVES.has(recorded.fact.kind) && lives.some((life) => line.includes(life))
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

function isDisturbance({ fact }: Recorded): boolean {
  return fact.kind === 'fault' && !/failed|hangs|lost:/.test(fact.what)
}
