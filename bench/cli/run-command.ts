import path from 'node:path'
import { nowUs } from '../measure/recorder.ts'
import type { Plan } from '../plan/plan.ts'
import { summaryText, terminalOf, verdictLine, writeReport, writeResult } from '../report/report.ts'
import type { BenchResult } from '../result/result.ts'
import { type BenchContext, EXIT } from './context.ts'
import { planOf } from './plan-of.ts'
import { Progress } from './progress.ts'
import { run } from './run.ts'
import { type RunOptions, readRunOptions } from './run-options.ts'

const US_PER_S = 1e6

/** `pushgrid bench SCENARIO|FILE`: runs it, writes result and report, and says what came out. */
export async function runCommand(args: readonly string[], context: BenchContext): Promise<number> {
  const options = readRunOptions(args)
  const plan = await planOf(options.what, options.settings)
  const result = await runWatched(plan, options, context)
  const { stdout, stderr, env } = context
  if (!options.isQuiet) stdout.write(`${summaryText(result, terminalOf(stdout, env))}\n`)
  stdout.write(await writeFiles(result, options))
  for (const verdict of result.thresholds) (verdict.ok ? stdout : stderr).write(`${verdictLine(verdict)}\n`)
  return result.thresholds.every(({ ok }) => ok) ? EXIT.fine : EXIT.failed
}

/** Ctrl+C ends it early, with a result; once more, without one. */
async function runWatched(
  plan: Plan,
  options: RunOptions,
  { version, stderr, env }: BenchContext,
): Promise<BenchResult> {
  const startUs = nowUs()
  const sinceStartS = () => (nowUs() - startUs) / US_PER_S
  const progress = options.isQuiet
    ? undefined
    : new Progress(plan, stderr, terminalOf(stderr, env), sinceStartS)
  const ending = new AbortController()
  const interrupt = () => {
    if (ending.signal.aborted) process.exit(EXIT.interrupted)
    progress?.say('ending early: what was measured so far is the result (Ctrl+C again: without one)')
    ending.abort()
  }
  process.on('SIGINT', interrupt)
  try {
    return await run(plan, options, { version, signal: ending.signal, sinceStartS, progress })
  } finally {
    process.off('SIGINT', interrupt)
    progress?.end()
  }
}

/** Writes result and report; gives the lines that say where they are. */
async function writeFiles(result: BenchResult, { out, html }: RunOptions): Promise<string> {
  const stamp = result.startedAt.replaceAll(/[-:]|\.\d+/g, '')
  const name = `${result.scenario.name.replaceAll(/[^A-Za-z0-9._-]+/g, '-')}-${stamp}.json`
  const file = out.endsWith('.json') ? out : path.join(out, name)
  const report = html ?? file.replace(/\.json$/, '.html')
  await writeResult(result, file)
  await writeReport(result, report)
  return `result  ${file}\nreport  ${report}\n`
}
