import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { ROOT } from './deploy-folder.ts'

/** The pages for users and operators. */
export const DOCS = path.join(ROOT, 'docs')

/** The commands of a page, block by block. */
export async function blocksOf(name: string): Promise<string[]> {
  const text = await readFile(path.join(DOCS, name), 'utf8')
  return [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, code = '']) => code)
}
