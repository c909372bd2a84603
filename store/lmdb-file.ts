import { open } from 'node:fs/promises'
import { join } from 'node:path'

/** Two pages of the smallest size: no LMDB file is shorter. */
const SHORTEST_BYTES = 8192
/** LMDB's magic number as it stands in the file, within the first bytes of its first page. */
const MAGIC = Buffer.from('dec0efbe', 'hex')

/**
 * Makes sure that what a folder has as its LMDB file, if anything, is one: LMDB would end the process over any other.
 * @throws Error of the file system, or one that says what is wrong with the file
 */
export async function checkLmdbFile(folder: string): Promise<void> {
  const path = join(folder, 'data.mdb')
  const file = await open(path, 'a+', 0o600)
  try {
    const { size } = await file.stat()
    // LMDB makes a new file of an empty one.
    if (size === 0) return
    const { buffer } = await file.read(Buffer.alloc(64), 0, 64, 0)
    if (size < SHORTEST_BYTES || !buffer.includes(MAGIC)) throw new Error(`${path} is no LMDB file`)
  } finally {
    await file.close()
  }
}
