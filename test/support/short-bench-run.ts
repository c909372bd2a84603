import type { ChildProcess } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Value } from '@sinclair/typebox/value'
import { type BenchResult, ResultSchema } from '../../bench/result/result.ts'
import { spawnBound } from './bound-process.ts'

const CLI = path.resolve(import.meta.dirname, '../../deploy/cli.js')
/** Small enough for two busy cores, long enough for everything to happen; nobody waits for what is settled already. */
const SHORT = ['--agents', '30', '--rate', '40', '--duration', '1s', '--warm-up', '300ms', '--settle', '60s']

/** How a run of `pushgrid bench` ended. */
export interface BenchRun {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** Undefined when it wrote none. */
  readonly result: BenchResult | undefined
}

/** How to run it. */
export interface BenchRunOptions {
  /** Told of the process as it starts. */
  readonly onStart?: (child: ChildProcess) => void
  /** Told each piece of what it writes to stderr. */
  readonly onProgress?: (text: string, child: ChildProcess) => void
}

/** Runs a scenario or a file in short form, as a process of its own; flags win over those of the short form. */
export async function benchRun(args: readonly string[], options: BenchRunOptions = {}): Promise<BenchRun> {
  const folder = await mkdtemp(path.join(tmpdir(), 'pushgrid-bench-'))
  const file = path.join(folder, 'result.json')
  try {
    const run = await bench([...args, ...shortFlags(args), '--out', file], options)
    const text = await readFile(file, 'utf8').catch(() => undefined)
    return { ...run, result: text === undefined ? undefined : checked(JSON.parse(text)) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Runs `pushgrid bench` with those arguments and no others. */
export function bench(
  args: readonly string[],
  options: BenchRunOptions = {},
): Promise<Omit<BenchRun, 'result'>> {
  const child = spawnBound(process.execPath, [CLI, 'bench', ...args])
  options.onStart?.(child)
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    options.onProgress?.(text, child)
  })
  return new Promise((resolve) => {
    child.once('close', (code) => {
      resolve({ code, stdout, stderr })
    })
  })
}

/** The flags of the short form, but for those that are given. */
export function shortFlags(args: readonly string[]): string[] {
  return SHORT.flatMap((word, index) =>
    index % 2 === 0 && !args.includes(word) ? [word, SHORT[index + 1] ?? ''] : [],
  )
}

/** A result that is as its schema says. @throws Error when it is not */
export function checked(result: unknown): BenchResult {
  const wrong = Value.Errors(ResultSchema, result).First()
  if (wrong !== undefined)
    throw new Error(`the result is not as its schema says: ${wrong.path} ${wrong.message}`)
  return result as BenchResult
}
