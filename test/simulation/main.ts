import { parseArgs } from 'node:util'
import { playEveryStep } from './every-step.ts'
import { huntAll } from './hunt.ts'
import { reportOf, traceOf } from './report.ts'
import { runSeeds } from './seed-pool.ts'
import { simulate } from './simulation.ts'

const USAGE = `Runs the simulation of the whole delivery with many seeds, or replays one.

  npm run sim -- --seeds 1000             the seeds 1 to 1000; stops at the first that breaks a rule
  npm run sim -- --seeds 1000 --first 50  the seeds 50 to 1049
  npm run sim -- --seeds 1000 --jobs 2    in two threads
  npm run sim -- --seed 42                seed 42, with everything that happens in it
  npm run sim -- --steps                  harms each process at every step of some short stories, until a rule is broken;
                                          --stride 7: at every 7th step; --story TEXT: only stories with that in their name
  npm run sim -- --planted                puts each known bug in, and says which seed finds it by which rule
`
const PROGRESS_EVERY = 100

interface Options {
  readonly seed: number | undefined
  readonly seeds: number
  readonly first: number
  readonly jobs: number
  readonly planted: boolean
  readonly steps: boolean
  readonly stride: number
  readonly story: string
}

await main()

async function main(): Promise<void> {
  const options = readOptions()
  if (options.planted) process.exitCode = await huntAll(options.jobs, print)
  else if (options.steps) process.exitCode = await runSteps(options)
  else process.exitCode = options.seed === undefined ? await runMany(options) : await replay(options.seed)
}

function readOptions(): Options {
  try {
    const { values } = parseArgs({
      options: {
        seed: { type: 'string' },
        seeds: { type: 'string' },
        first: { type: 'string' },
        jobs: { type: 'string' },
        planted: { type: 'boolean' },
        steps: { type: 'boolean' },
        stride: { type: 'string' },
        story: { type: 'string' },
      },
    })
    return {
      seed: values.seed === undefined ? undefined : integer('seed', values.seed),
      seeds: integer('seeds', values.seeds ?? '1000'),
      first: integer('first', values.first ?? '1'),
      jobs: Math.max(1, integer('jobs', values.jobs ?? '1')),
      planted: values.planted ?? false,
      steps: values.steps ?? false,
      stride: Math.max(1, integer('stride', values.stride ?? '1')),
      story: values.story ?? '',
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

async function runMany({ first, seeds, jobs }: Options): Promise<number> {
  let facts = 0
  let done = 0
  const range = Array.from({ length: seeds }, (_, index) => first + index)
  const broken = await runSeeds(range, jobs, (result) => {
    facts += result.facts
    done += 1
    if (done % PROGRESS_EVERY === 0) print(`${done} seeds, ${facts} facts`)
  })
  print(broken?.report ?? `seeds ${first} to ${first + seeds - 1}: every rule was kept`)
  return broken === undefined ? 0 : 1
}

async function runSteps({ stride, story }: Options): Promise<number> {
  let plays = 0
  for await (const { title, broken } of playEveryStep(stride, story)) {
    plays += 1
    if (broken === undefined) continue
    print(`${title}\n  ${broken}`)
    return 1
  }
  print(`${plays} plays: every rule was kept`)
  return 0
}

async function replay(seed: number): Promise<number> {
  const outcome = await simulate(seed)
  print(`${traceOf(outcome)}\n\n${reportOf(outcome)}`)
  return outcome.violation === undefined ? 0 : 1
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
