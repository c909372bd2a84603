import { createHash } from 'node:crypto'
import { readAssets } from './assets.ts'
import type { Figure } from './figure.ts'
import { html, Markup, scriptJson } from './markup.ts'

/** What a page is made of. */
export interface Page {
  readonly title: string
  readonly body: Markup
  readonly figures: readonly Figure[]
  /** Everything the page was made from, embedded for programs and for the next reader. */
  readonly raw: unknown
}

/** A whole page in one file: it opens from a disk, loads nothing, and runs no script but its own. */
export function documentText({ title, body, figures, raw }: Page): string {
  const { css, scripts } = readAssets()
  const hashes = scripts.map((code) => `'sha256-${createHash('sha256').update(code).digest('base64')}'`)
  // A second wall behind the escaping: a script that came in with some text would not be run.
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src ${hashes.join(' ')}; base-uri 'none'; form-action 'none'`
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${new Markup(css)}</style>
</head>
<body>
<a class="skip" href="#content">To the content</a>
${body}
<script type="application/json" id="figures-json">${new Markup(scriptJson(figures))}</script>
<script type="application/json" id="raw-json">${new Markup(scriptJson(raw))}</script>
${scripts.map((code) => html`<script>${new Markup(code)}</script>`)}
</body>
</html>
`
  return page.text
}
