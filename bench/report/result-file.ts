import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Value } from '@sinclair/typebox/value'
import { type BenchResult, RESULT_FORMAT, ResultSchema } from '../result/result.ts'
import { decodeHistogram } from './histogram.ts'
import { ReportError } from './report-error.ts'

/** A result and the file that it is from. */
export interface ResultFile {
  readonly file: string
  readonly result: BenchResult
}

/**
 * Reads a result and makes sure that it is one.
 * @throws ReportError with which file, which part of it, and what is wrong
 */
export async function readResult(file: string): Promise<BenchResult> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new ReportError(error.code === 'ENOENT' ? `${file}: there is no such file` : error.message)
  })
  return parseResult(text, file)
}

/** Makes a result of a file's text; see {@link readResult}. */
export function parseResult(text: string, file: string): BenchResult {
  const value = parseJson(text, file)
  refuseOtherFormats(value, file)
  if (!Value.Check(ResultSchema, value)) throw new ReportError(`${file}: ${firstError(value)}`)
  for (const [name, latency] of Object.entries(value.latencies)) {
    for (const side of ['intended', 'service'] as const) {
      try {
        decodeHistogram(latency[side].histogram)
      } catch {
        throw new ReportError(`${file}: /latencies/${name}/${side}/histogram is no compressed HdrHistogram`)
      }
    }
  }
  return value
}

/** Writes a result for people and programs; whoever reads the file meanwhile sees the old one or the new one, never half of it. */
export async function writeResult(result: BenchResult, file: string): Promise<void> {
  await writeWhole(file, `${JSON.stringify(result, null, 2)}\n`)
}

/** The JSON schema of a result, for programs that read one. */
export function resultSchemaText(): string {
  const schema = { $schema: 'https://json-schema.org/draft/2020-12/schema', ...ResultSchema }
  return `${JSON.stringify(schema, null, 2)}\n`
}

/** Writes a file in one step, with the folders that it needs. */
export async function writeWhole(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(path.resolve(file)), { recursive: true })
  const half = `${file}.${randomUUID()}.part`
  try {
    await writeFile(half, text)
    await rename(half, file)
  } catch (error) {
    await rm(half, { force: true })
    throw error
  }
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new ReportError(`${file}: is not JSON: ${error instanceof Error ? error.message : error}`)
  }
}

/** Said first: in a file of another format everything else would be wrong, too. */
function refuseOtherFormats(value: unknown, file: string): void {
  const format = typeof value === 'object' && value !== null && 'format' in value ? value.format : undefined
  if (format === RESULT_FORMAT) return
  const what =
    format === undefined
      ? 'is no result of pushgrid bench (it has no "format")'
      : `has format ${JSON.stringify(format)}, this version reads ${RESULT_FORMAT}`
  throw new ReportError(`${file}: ${what}`)
}

function firstError(value: unknown): string {
  const error = Value.Errors(ResultSchema, value).First()
  if (error === undefined) return 'is no result of pushgrid bench'
  const found = error.value === undefined ? 'nothing' : JSON.stringify(error.value).slice(0, 60)
  const { message } = error
  return `${error.path || '/'}: ${message.charAt(0).toLowerCase()}${message.slice(1)}, found ${found}`
}
