import { readFileSync } from 'node:fs'
import path from 'node:path'

/** The version of the software, from its package.json. */
export function version(): string {
  const file = path.join(import.meta.dirname, '../../package.json')
  const { version }: { version: string } = JSON.parse(readFileSync(file, 'utf8'))
  return version
}
