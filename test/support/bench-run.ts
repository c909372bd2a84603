import type { ChildProcess } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { BenchResult } from '../../bench/result/result.ts'
import { spawnBound } from './bound-process.ts'

const CLI = path.join(import.meta.dirname, '../../deploy/cli.js')

/** `pushgrid bench` as a process of its own, so that load and what is under load share no event loop. */
export interface BenchProcess {
  readonly child: ChildProcess
  /** What it has written so far. */
  readonly output: () => string
  readonly ended: Promise<BenchEnd>
}

/** How it ended. */
export interface BenchEnd {
  readonly code: number | null
  readonly output: string
  /** Absent: it left none. */
  readonly result?: BenchResult
}

/** A scenario as a file has it. */
export type ScenarioFile = Readonly<Record<string, unknown>>

/** Starts `pushgrid bench` with arguments after that word. */
export function startBenchCommand(args: readonly string[]): BenchProcess {
  const child = spawnBound(process.execPath, [CLI, 'bench', ...args])
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => {
      output += text
    })
  const ended = new Promise<BenchEnd>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      resolve({ code, output })
    })
  })
  return { child, output: () => output, ended }
}

/** Starts a scenario that the test wrote itself. @param scenario name of one that comes with it, or the content of a file */
export async function startBench(
  scenario: string | ScenarioFile,
  wsUrl: string,
  args: readonly string[] = [],
): Promise<BenchProcess> {
  const folder = await mkdtemp(path.join(tmpdir(), 'pushgrid-bench-test-'))
  const [plan, out] = [path.join(folder, 'plan.json'), path.join(folder, 'result.json')]
  if (typeof scenario !== 'string') await writeFile(plan, JSON.stringify(scenario))
  const name = typeof scenario === 'string' ? scenario : plan
  const bench = startBenchCommand([name, '--url', wsUrl, '--out', out, '--quiet', ...args])
  return { ...bench, ended: bench.ended.then((end) => withResult(end, out, folder)) }
}

/** Runs one to its end. @throws Error with its output when it leaves no result */
export async function runBench(
  scenario: string | ScenarioFile,
  wsUrl: string,
  args: readonly string[] = [],
): Promise<BenchResult> {
  const { ended } = await startBench(scenario, wsUrl, args)
  const { code, output, result } = await ended
  if (result === undefined) throw new Error(`pushgrid bench ended with ${code}: ${output}`)
  return result
}

async function withResult(end: BenchEnd, file: string, folder: string): Promise<BenchEnd> {
  try {
    return { ...end, result: JSON.parse(await readFile(file, 'utf8')) }
  } catch {
    return end
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
