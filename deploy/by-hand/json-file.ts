import { readFile } from 'node:fs/promises'
import type { Static, TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { Random } from '../../cluster/clock.ts'
import { replacePrivateFile } from '../private-file.ts'
import { codeOf, StartError, WrongUse } from '../start-error.ts'

/** What a file should hold. */
export interface Form<T extends TSchema> {
  readonly schema: T
  /** What it is, after "is not" in messages. */
  readonly what: string
  /** What to do about a file that is something else. */
  readonly advice: string
}

/**
 * Reads a file of JSON.
 * @returns undefined when there is none
 * @throws WrongUse when it can't be read, or holds something else. What it holds is not shown: it may be secret
 */
export async function readJsonFile<T extends TSchema>(
  file: string,
  { schema, what, advice }: Form<T>,
): Promise<Static<T> | undefined> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined
    throw new WrongUse(`${file} can't be read (${codeOf(error) ?? error})`, error)
  })
  if (text === undefined) return undefined
  const value = parsed(text)
  if (Value.Check(schema, value)) return value
  throw new WrongUse(`${file} is not ${what}: ${advice}`)
}

/** Writes a file of JSON, for its owner only, in place of what was there. @throws StartError */
export async function writeJsonFile(file: string, value: object, random: Random): Promise<void> {
  await replacePrivateFile(file, `${JSON.stringify(value, undefined, 2)}\n`, random).catch(
    (error: unknown) => {
      throw new StartError(`${file} can't be written (${codeOf(error) ?? error})`, error)
    },
  )
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
