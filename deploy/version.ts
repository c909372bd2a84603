import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Software } from '../push/operations.ts'

/** The version of the software, from its package.json. */
export function version(): string {
  const file = path.join(import.meta.dirname, '../../package.json')
  const { version }: { version: string } = JSON.parse(readFileSync(file, 'utf8'))
  return version
}

/** Which software this is; the build notes its commit where it knows it. */
export function software(): Software {
  const commit = noted(path.join(import.meta.dirname, '../commit'))
  return { version: version(), ...(commit && { commit }) }
}

function noted(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return undefined
  }
}
