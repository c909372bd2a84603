import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { parse, YAMLParseError } from 'yaml'
import type { Plan } from './plan.ts'
import { PlanError } from './plan-error.ts'
import { resolvePlan } from './resolve.ts'

const FILE_MAX_BYTES = 1024 * 1024

/**
 * Reads a plan file, which is YAML or JSON (a JSON file is YAML, too).
 * @param flags settings of the command line, which win @throws PlanError that names the file, what is wrong and what would be right
 */
export async function readPlan(file: string, flags: Readonly<Record<string, unknown>>): Promise<Plan> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new PlanError(
      error.code === 'ENOENT' ? `there is no file ${file}` : `${file} can't be read (${error.code})`,
    )
  })
  if (text.length > FILE_MAX_BYTES) throw new PlanError(`${file} is longer than ${FILE_MAX_BYTES} bytes`)
  const plan = parsed(text, file)
  try {
    return resolvePlan(plan, flags, path.basename(file).replace(/\.[^.]*$/, ''))
  } catch (error) {
    if (error instanceof PlanError && !error.message.startsWith('--'))
      throw new PlanError(`${file}: ${error.message}`)
    throw error
  }
}

function parsed(text: string, file: string): unknown {
  try {
    return parse(text)
  } catch (error) {
    const at = error instanceof YAMLParseError ? error.linePos?.[0] : undefined
    const [what] = String(error instanceof Error ? error.message : error).split(/ at line \d+|\n/)
    throw new PlanError(`${file}${at === undefined ? '' : `:${at.line}:${at.col}`}: ${what}`)
  }
}
