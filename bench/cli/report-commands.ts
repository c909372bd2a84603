import {
  compareResults,
  comparisonText,
  readResult,
  summaryText,
  terminalOf,
  writeComparison,
  writeReport,
} from '../report/report.ts'
import { type BenchContext, EXIT } from './context.ts'
import { type Flag, readArgs } from './flags.ts'
import { UsageError } from './usage-error.ts'

const FLAGS: Readonly<Record<string, Flag>> = {
  html: { placeholder: 'FILE', meaning: 'where the page goes' },
}

/** `pushgrid bench report RESULT.json`: the summary of a result, and its report. */
export async function reportCommand(args: readonly string[], { stdout, env }: BenchContext): Promise<number> {
  const { words, flags } = readArgs(args, FLAGS)
  const [file, ...more] = words
  if (file === undefined || more.length > 0)
    throw new UsageError('say `pushgrid bench report RESULT.json [--html FILE]`')
  const result = await readResult(file)
  const html = flags.get('html')?.[0] ?? file.replace(/(\.json)?$/, '.html')
  await writeReport(result, html)
  stdout.write(`${summaryText(result, terminalOf(stdout, env))}\nreport  ${html}\n`)
  return EXIT.fine
}

/** `pushgrid bench compare A.json B.json`: two or more results side by side. */
export async function compareCommand(
  args: readonly string[],
  { stdout, env }: BenchContext,
): Promise<number> {
  const { words, flags } = readArgs(args, FLAGS)
  if (words.length < 2) throw new UsageError('say `pushgrid bench compare A.json B.json [...] [--html FILE]`')
  const files = await Promise.all(words.map(async (file) => ({ file, result: await readResult(file) })))
  const comparison = compareResults(files)
  stdout.write(`${comparisonText(comparison, terminalOf(stdout, env))}\n`)
  const [html] = flags.get('html') ?? []
  if (html !== undefined) {
    await writeComparison(comparison, html)
    stdout.write(`comparison  ${html}\n`)
  }
  return EXIT.fine
}
