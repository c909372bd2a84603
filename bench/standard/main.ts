import { readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { planOf } from '../cli/plan-of.ts'
import { run } from '../cli/run.ts'
import { readRunOptions } from '../cli/run-options.ts'
import type { MeasuredSystem } from '../lab/measured-system.ts'
import { systemsOf } from '../lab/systems.ts'
import { nowUs } from '../measure/recorder.ts'
import { writeReport } from '../report/report.ts'
import { writeResult, writeWhole } from '../report/result-file.ts'
import type { BenchResult } from '../result/result.ts'
import { setHtml, setText } from './set-page.ts'

/*
 * `npm run bench`: a short standard set on Pushgrid as one process, then as a cluster on this machine; leaves a result and a report of each run, and one
 * page with all of them. Takes about two minutes.
 */
const SET: readonly (readonly [scenario: string, ...args: string[]])[] = [
  ['direct', '--agents', '500', '--rate', '300', '--warm-up', '4s', '--duration', '12s'],
  ['store', '--agents', '300', '--rate', '100', '--duration', '8s'],
  ['idle', '--agents', '5000', '--duration', '5s'],
]
const US_PER_S = 1e6
const MODES = [
  { label: 'one process', cluster: false },
  { label: 'cluster', cluster: true },
]

const [folder = path.resolve('bench-results', 'standard')] = process.argv.slice(2)
const ending = new AbortController()
process.once('SIGINT', () => ending.abort())

const results: BenchResult[] = []
for (const { label, cluster } of MODES) results.push(...(await measureMode(label, cluster)))
if (results.length === 0) process.exitCode = 3
else {
  const page = path.join(folder, 'index.html')
  await writeWhole(page, setHtml(results, fileOf))
  console.log(`\n${setText(results)}\nreport  ${page}`)
}

/** Each scenario has a system of its own, so that none inherits what another one left behind. */
async function measureMode(label: string, cluster: boolean): Promise<readonly BenchResult[]> {
  const [start] = systemsOf({ cluster })
  const found: BenchResult[] = []
  for (const [scenario, ...args] of SET) {
    if (start === undefined || ending.signal.aborted) break
    console.log(`${label}: ${scenario}`)
    try {
      found.push(await measure(await start(), label, [scenario, ...args]))
    } catch (error) {
      // A machine without nats-server or a MongoDB server still gets the other half.
      console.log(`${label}: not measured, ${error instanceof Error ? error.message : String(error)}`)
      break
    }
  }
  return found
}

async function measure(system: MeasuredSystem, label: string, args: readonly string[]): Promise<BenchResult> {
  try {
    const pids = system.processes.flatMap(({ name, pid }) => ['--pid', `${name}=${pid}`])
    const options = readRunOptions([...args, '--url', system.wsUrl, '--label', label, '--quiet', ...pids])
    const plan = await planOf(options.what, options.settings)
    const startUs = nowUs()
    const sinceStartS = () => (nowUs() - startUs) / US_PER_S
    const context = { version: version(), signal: ending.signal, sinceStartS, progress: undefined }
    const result = await run(plan, options, context)
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

function version(): string {
  const manifest: { version: string } = JSON.parse(
    readFileSync(path.join(import.meta.dirname, '../../../package.json'), 'utf8'),
  )
  return manifest.version
}
