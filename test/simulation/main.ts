import { parseArgs } from 'node:util'
import { reportOf, traceOf } from './report.ts'
import { simulate } from './simulation.ts'

const USAGE = `Runs the simulation of the whole delivery with many seeds, or replays one.

  npm run sim -- --seeds 1000             the seeds 1 to 1000; stops at the first that breaks a rule
  npm run sim -- --seeds 1000 --first 50  the seeds 50 to 1049
  npm run sim -- --seed 42                seed 42, with everything that happens in it
`
const PROGRESS_EVERY = 100

await main()

async function main(): Promise<void> {
  const { seed, seeds, first } = readOptions()
  process.exitCode = seed === undefined ? await runMany(first, seeds) : await replay(seed)
}

function readOptions(): { seed: number | undefined; seeds: number; first: number } {
  try {
    const { values } = parseArgs({
      options: { seed: { type: 'string' }, seeds: { type: 'string' }, first: { type: 'string' } },
    })
    return {
      seed: values.seed === undefined ? undefined : integer('seed', values.seed),
      seeds: integer('seeds', values.seeds ?? '1000'),
      first: integer('first', values.first ?? '1'),
    }
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${USAGE}`)
    process.exit(2)
  }
}

function integer(option: string, text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0)
    throw new Error(`--${option} must be a whole number, not ${text}`)
  return value
}

async function runMany(first: number, seeds: number): Promise<number> {
  let facts = 0
  for (let seed = first; seed < first + seeds; seed++) {
    const outcome = await simulate(seed)
    facts += outcome.world.ledger.facts.length
    if (outcome.violation !== undefined) {
      process.stdout.write(`${reportOf(outcome)}\n`)
      return 1
    }
    const done = seed - first + 1
    if (done % PROGRESS_EVERY === 0)
      process.stdout.write(`${done} seeds, ${facts} facts, every rule was kept\n`)
  }
  process.stdout.write(`seeds ${first} to ${first + seeds - 1}: every rule was kept\n`)
  return 0
}

async function replay(seed: number): Promise<number> {
  const outcome = await simulate(seed)
  process.stdout.write(`${traceOf(outcome)}\n\n${reportOf(outcome)}\n`)
  return outcome.violation === undefined ? 0 : 1
}
