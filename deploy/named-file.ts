import { readFileSync } from 'node:fs'
import { type OptionName, variableOf } from './options.ts'
import { codeOf, StartError } from './start-error.ts'

/** Reads a file that an option names. @throws StartError when it can't be read */
export function readNamedFile(option: OptionName, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new StartError(
      `the file that ${variableOf(option)} names can't be read (${codeOf(error) ?? error}): ${file}`,
      error,
    )
  }
}
