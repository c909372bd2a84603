import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { planOf } from '../cli/plan-of.ts'
import { run } from '../cli/run.ts'
import { readRunOptions } from '../cli/run-options.ts'
import type { MeasuredSystem } from '../lab/measured-system.ts'
import { nowUs } from '../measure/recorder.ts'
import { writeReport } from '../report/report.ts'
import { writeResult, writeWhole } from '../report/result-file.ts'
import type { BenchResult } from '../result/result.ts'
import { setHtml, setText } from './set-page.ts'

/** A kind of system that the set is run on. */
export interface Mode {
  readonly label: string
  readonly start: () => Promise<MeasuredSystem>
}

/** What is run, on what, and where it goes. */
export interface StandardSet {
  /** Command lines of `pushgrid bench`, without the server. */
  readonly runs: readonly (readonly [scenario: string, ...args: string[]])[]
  readonly modes: readonly Mode[]
  readonly folder: string
  /** Ends it early; what was measured so far is the result. */
  readonly signal: AbortSignal
  /** Of Pushgrid. */
  readonly version: string
  readonly say: (line: string) => void
}

const US_PER_S = 1e6

/** Runs the set on one system after another; leaves a result and a report of each run, and a page with all of them. Resolves to what was measured. */
export async function runStandardSet(set: StandardSet): Promise<readonly BenchResult[]> {
  const results: BenchResult[] = []
  for (const mode of set.modes) results.push(...(await measureMode(mode, set)))
  if (results.length === 0) return results
  const page = path.join(set.folder, 'index.html')
  await writeWhole(page, setHtml(results, fileOf))
  set.say(`\n${setText(results)}\nreport  ${page}`)
  return results
}

/** Each run has a system of its own, so that none inherits what another one left behind. */
async function measureMode({ label, start }: Mode, set: StandardSet): Promise<readonly BenchResult[]> {
  const found: BenchResult[] = []
  for (const args of set.runs) {
    if (set.signal.aborted) break
    set.say(`${label}: ${args[0]}`)
    try {
      found.push(await measure(await start(), label, args, set))
    } catch (error) {
      // A machine without nats-server or a MongoDB server still gets the other half.
      set.say(`${label}: not measured, ${error instanceof Error ? error.message : String(error)}`)
      break
    }
  }
  return found
}

async function measure(
  system: MeasuredSystem,
  label: string,
  args: readonly string[],
  { folder, signal, version }: StandardSet,
): Promise<BenchResult> {
  try {
    const pids = system.processes.flatMap(({ name, pid }) => ['--pid', `${name}=${pid}`])
    const options = readRunOptions([...args, '--url', system.wsUrl, '--label', label, '--quiet', ...pids])
    const plan = await planOf(options.what, options.settings)
    const startUs = nowUs()
    const sinceStartS = () => (nowUs() - startUs) / US_PER_S
    const result = await run(plan, options, { version, signal, sinceStartS, progress: undefined })
    await mkdir(folder, { recursive: true })
    await writeResult(result, path.join(folder, `${fileOf(result)}.json`))
    await writeReport(result, path.join(folder, `${fileOf(result)}.html`))
    return result
  } finally {
    await system.stop()
  }
}

function fileOf({ label, scenario }: BenchResult): string {
  return `${scenario.name}-${label.replaceAll(' ', '-')}`
}
