import { type FileHandle, link, open, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import type { Random } from '../cluster/clock.ts'
import { codeOf } from './start-error.ts'

/** Only the owner may read and write. */
const FILE_MODE = 0o600

/**
 * Writes a file that is not there yet, for its owner only: whole or not at all, and durable, whatever happens on the way. One that another
 * process has made meanwhile stays as it is.
 * @throws the error of the file system
 */
export async function createPrivateFile(file: string, text: string, random: Random): Promise<void> {
  const whole = await writeBeside(file, text, random)
  // A link, unlike a rename, never replaces what is there.
  await link(whole, file).catch((error: unknown) => {
    if (codeOf(error) !== 'EEXIST') throw error
  })
  await rm(whole)
  await syncFolder(file)
}

/**
 * Writes a file, for its owner only, in place of what is there: a reader finds the old or the new, and never a part.
 * @throws the error of the file system
 */
export async function replacePrivateFile(file: string, text: string, random: Random): Promise<void> {
  await rename(await writeBeside(file, text, random), file)
  await syncFolder(file)
}

/** Written under a name of its own first: another process may be at it, too. */
async function writeBeside(file: string, text: string, random: Random): Promise<string> {
  const whole = `${file}.${Buffer.from(random.bytes(8)).toString('hex')}.new`
  await withFile(whole, 'wx', async (handle) => {
    await handle.writeFile(text)
    await handle.sync()
  })
  return whole
}

function syncFolder(file: string): Promise<void> {
  return withFile(path.dirname(file), 'r', (handle) => handle.sync())
}

async function withFile(
  file: string,
  flags: string,
  use: (handle: FileHandle) => Promise<void>,
): Promise<void> {
  const handle = await open(file, flags, FILE_MODE)
  try {
    await use(handle)
  } finally {
    await handle.close()
  }
}
