import { PlanError } from '../plan/plan-error.ts'
import { ReportError, resultSchemaText } from '../report/report.ts'
import { NatsWorker } from '../workers/nats-worker.ts'
import { type BenchContext, EXIT } from './context.ts'
import { readArgs } from './flags.ts'
import { benchHelp } from './help.ts'
import { describeText, listText } from './list.ts'
import { compareCommand, reportCommand } from './report-commands.ts'
import { runCommand } from './run-command.ts'
import { UsageError } from './usage-error.ts'

const HELP: readonly (string | undefined)[] = ['--help', '-h', 'help']
/** What no user has caused: their stack is worth more than a line. */
const DEFECTS = [TypeError, RangeError, ReferenceError]

/** `pushgrid bench ...`: resolves to the exit code. What goes wrong is said in one line. */
export async function benchCommand(args: readonly string[], context: BenchContext): Promise<number> {
  try {
    return await dispatch(args, context)
  } catch (error) {
    if (!(error instanceof Error) || DEFECTS.some((kind) => error instanceof kind)) throw error
    context.stderr.write(`pushgrid bench: ${error.message.replaceAll(/\s*[\r\n]+\s*/g, ' ')}\n`)
    const isUsage = [UsageError, PlanError, ReportError].some((kind) => error instanceof kind)
    return isUsage ? EXIT.usage : EXIT.notDone
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
    case 'report':
      return reportCommand(args, context)
    case 'compare':
      return compareCommand(args, context)
    case 'worker':
      return workerCommand(args, context)
    default:
      return runCommand([command, ...args], context)
  }
}

function say(text: string, { stdout }: BenchContext): number {
  stdout.write(text)
  return EXIT.fine
}

async function workerCommand(args: readonly string[], { stderr }: BenchContext): Promise<number> {
  const { flags } = readArgs(args, { nats: { placeholder: 'URL', meaning: 'where to wait for runs' } })
  const [url] = flags.get('nats') ?? []
  if (url === undefined) throw new UsageError('say where to wait for runs: pushgrid bench worker --nats URL')
  const waiting = await NatsWorker.start(url, (line) => stderr.write(`${line}\n`))
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
  await waiting.stop()
  return EXIT.fine
}
