import { access, constants, mkdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Random } from '../cluster/clock.ts'
import { createPrivateFile } from './private-file.ts'
import { describeServiceKeys, formatServiceKey, newServiceKey, parseServiceKeys } from './service-keys.ts'
import { codeOf, StartError } from './start-error.ts'

/** Name of the file that holds the generated service key, one key per line, newest first. */
export const KEY_FILE = 'service-keys'

/** Only the owner may read what is in the data folder. */
const FOLDER_MODE = 0o700

/**
 * Makes the data folder unless it is there, and checks that it can be written to.
 * @throws StartError when it can't
 */
export async function openDataFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: FOLDER_MODE })
    await access(folder, constants.W_OK)
  } catch (error) {
    throw new StartError(
      `the data folder ${folder} can't be written to (${codeOf(error) ?? error}): choose another with --data-dir (PUSHGRID_DATA_DIR) or change its owner`,
      error,
    )
  }
}

/**
 * The service keys kept in the data folder, making one the first time. A file that is damaged is never replaced: the
 * endpoints in use out there were sealed with what it held.
 * @throws StartError when the file can't be read or holds anything but keys
 */
export async function keptServiceKeys(folder: string, random: Random): Promise<readonly Uint8Array[]> {
  const file = path.join(folder, KEY_FILE)
  try {
    const kept = await readKeyFile(file)
    if (kept !== undefined) return kept
    await createPrivateFile(file, `${formatServiceKey(newServiceKey(random))}\n`, random)
    // Read back what is there now: another process may have been first.
    const written = await readKeyFile(file)
    if (written !== undefined) return written
  } catch (error) {
    if (error instanceof StartError) throw error
    throw new StartError(`the service key file ${file} can't be used (${codeOf(error) ?? error})`, error)
  }
  throw new StartError(`the service key file ${file} was removed while it was made: start again`)
}

/**
 * Reads again the service keys kept in the data folder.
 * @throws StartError when they are not there any more, can't be read, or are damaged
 */
export async function readKeptServiceKeys(folder: string): Promise<readonly Uint8Array[]> {
  const file = path.join(folder, KEY_FILE)
  const keys = await readKeyFile(file).catch((error: unknown) => {
    if (error instanceof StartError) throw error
    throw new StartError(`the service key file ${file} can't be used (${codeOf(error) ?? error})`, error)
  })
  if (keys === undefined) throw new StartError(`the service key file ${file} is gone`)
  return keys
}

async function readKeyFile(file: string): Promise<readonly Uint8Array[] | undefined> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return undefined
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const keys = parseServiceKeys(lines)
  if (keys === undefined) {
    throw new StartError(
      `the service key file ${file} is damaged (it holds ${describeServiceKeys(lines)}): restore it from a backup; deleting it ends every subscription there is`,
    )
  }
  return keys
}
