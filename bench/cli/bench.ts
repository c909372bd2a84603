import path from 'node:path'
import { PlanError } from '../plan/plan-error.ts'
import { reportHtml } from '../report/html/report-page.ts'
import { ReportError } from '../report/report-error.ts'
import { resultSchemaText, writeResult, writeWhole } from '../report/result-file.ts'
import { verdictLine } from '../report/thresholds.ts'
import type { BenchResult } from '../result/result.ts'
import { NatsWorker } from '../workers/nats-worker.ts'
import { readArgs } from './flags.ts'
import { benchHelp } from './help.ts'
import { describeText, listText } from './list.ts'
import { planOf } from './plan-of.ts'
import { run } from './run.ts'
import { type RunOptions, readRunOptions } from './run-options.ts'
import { UsageError } from './usage-error.ts'

/** How `pushgrid bench` ends. */
export const EXIT = { fine: 0, failed: 1, usage: 2, notDone: 3, interrupted: 130 } as const

/** What no user has caused: their stack is worth more than a line. */
const DEFECTS = [TypeError, RangeError, ReferenceError]
const HELP: readonly (string | undefined)[] = ['--help', '-h', 'help']

/** What the command needs of the program that it is part of. */
export interface BenchContext {
  readonly version: string
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

/** `pushgrid bench ...`: resolves to the exit code. What goes wrong is said in one line. */
export async function benchCommand(args: readonly string[], context: BenchContext): Promise<number> {
  try {
    return await dispatch(args, context)
  } catch (error) {
    if (!(error instanceof Error) || DEFECTS.some((kind) => error instanceof kind)) throw error
    context.err(`pushgrid bench: ${error.message}\n`)
    return error instanceof UsageError || error instanceof PlanError || error instanceof ReportError
      ? EXIT.usage
      : EXIT.notDone
  }
}

async function dispatch([command, ...args]: readonly string[], context: BenchContext): Promise<number> {
  if (command === undefined)
    throw new UsageError(
      'say what to run: a scenario (`pushgrid bench list`) or a plan file; --help tells more',
    )
  if (HELP.includes(command) || args.some((arg) => arg === '--help' || arg === '-h'))
    return say(benchHelp(), context)
  switch (command) {
    case 'list':
      return say(listText(), context)
    case 'describe':
      return say(describeText(args), context)
    case 'schema':
      return say(resultSchemaText(), context)
    case 'worker':
      return worker(args, context)
    default:
      return runCommand([command, ...args], context)
  }
}

function say(text: string, { out }: BenchContext): number {
  out(text)
  return EXIT.fine
}

async function runCommand(args: readonly string[], context: BenchContext): Promise<number> {
  const options = readRunOptions(args)
  const plan = await planOf(options.what, options.settings)
  const ending = new AbortController()
  const interrupt = () => {
    if (ending.signal.aborted) process.exit(EXIT.interrupted)
    context.err('ending early: what was measured so far is the result (Ctrl+C again: without one)\n')
    ending.abort()
  }
  process.on('SIGINT', interrupt)
  try {
    const log = (line: string) => context.err(`${line}\n`)
    const result = await run(plan, options, { version: context.version, signal: ending.signal, log })
    await write(result, options, context)
    for (const verdict of result.thresholds) context.out(`${verdictLine(verdict)}\n`)
    return result.thresholds.every(({ ok }) => ok) ? EXIT.fine : EXIT.failed
  } finally {
    process.off('SIGINT', interrupt)
  }
}

async function write(result: BenchResult, { out, html }: RunOptions, context: BenchContext): Promise<void> {
  const stamp = result.startedAt.replaceAll(/[-:]|\.\d+/g, '')
  const name = `${result.scenario.name.replaceAll(/[^A-Za-z0-9._-]+/g, '-')}-${stamp}.json`
  const file = out.endsWith('.json') ? out : path.join(out, name)
  const report = html ?? file.replace(/\.json$/, '.html')
  await writeResult(result, file)
  await writeWhole(report, reportHtml(result))
  context.out(`result  ${file}\nreport  ${report}\n`)
}

async function worker(args: readonly string[], { err }: BenchContext): Promise<number> {
  const { flags } = readArgs(args, { nats: { placeholder: 'URL', meaning: '' } })
  const [url] = flags.get('nats') ?? []
  if (url === undefined) throw new UsageError('say where to wait for runs: pushgrid bench worker --nats URL')
  const waiting = await NatsWorker.start(url, (line) => err(`${line}\n`))
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
  await waiting.stop()
  return EXIT.fine
}
