import { planOf } from '../../bench/cli/plan-of.ts'
import { run } from '../../bench/cli/run.ts'
import { readRunOptions } from '../../bench/cli/run-options.ts'
import type { BenchResult } from '../../bench/result/result.ts'
import { systemClock } from '../../cluster/clock.ts'
import { checked, shortFlags } from './short-bench-run.ts'

/** Runs a scenario in short form in this process, which spares its start; flags win over those of the short form. */
export async function shortBench(args: readonly string[]): Promise<BenchResult> {
  const options = readRunOptions([...args, ...shortFlags(args)])
  const plan = await planOf(options.what, options.settings)
  const startMs = systemClock.monotonicMs()
  const sinceStartS = () => (systemClock.monotonicMs() - startMs) / 1000
  const { signal } = new AbortController()
  return checked(await run(plan, options, { version: 'test', signal, sinceStartS, progress: undefined }))
}
