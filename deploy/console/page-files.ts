import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { ConsoleFile } from '../../endpoint/console.ts'

/** Where the build puts the page. */
const FOLDER = path.join(import.meta.dirname, 'page')
/** Of files with a digest of what is in them in their names. */
const IMMUTABLE = 'assets/'
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** Reads the page of the console with all its parts, by their paths. @throws Error when it was not built, or has a part of unknown type */
export function readPageFiles(folder = FOLDER): ReadonlyMap<string, ConsoleFile> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  return new Map(
    entries.map((entry) => {
      const file = path.join(entry.parentPath, entry.name)
      return readPageFile(file, path.relative(folder, file).replaceAll(path.sep, '/'))
    }),
  )
}

function readPageFile(file: string, name: string): [string, ConsoleFile] {
  const type = TYPES[path.extname(name)]
  if (type === undefined) throw new Error(`nobody knows the type of ${name}`)
  const content = readFileSync(file)
  const etag = `"${createHash('sha256').update(content).digest('base64url')}"`
  return [name, { content, type, etag, isImmutable: name.startsWith(IMMUTABLE) }]
}
