import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { ConsolePage } from '../../endpoint/console.ts'

/** Where the build puts the page, with all that it is made of. */
const FILE = path.join(import.meta.dirname, 'page/index.html')
const SCRIPTS = /(?<=<script type="module">).*?(?=<\/script>)/gs
const STYLES = /(?<=<style>).*?(?=<\/style>)/gs

/** Reads the page of the console. @throws Error when it was not built */
export function readPageFile(file = FILE): ConsolePage {
  const content = readFileSync(file)
  const text = content.toString()
  return {
    content,
    etag: `"${createHash('sha256').update(content).digest('base64url')}"`,
    scripts: hashesOf(text.match(SCRIPTS)),
    styles: hashesOf(text.match(STYLES)),
  }
}

/** What may stand in a page, as its policy names it (CSP level 3, section 2.3.1). */
function hashesOf(parts: readonly string[] | null): string {
  if (parts === null) return "'none'"
  return parts.map((part) => `'sha256-${createHash('sha256').update(part).digest('base64')}'`).join(' ')
}
