import t from 'tap'
import { readPageFiles } from './page-files.ts'

t.test('the page that is built names only files that are there', async (t) => {
  const files = readPageFiles()
  const index = files.get('index.html')
  t.match(index, { type: 'text/html; charset=utf-8', isImmutable: false })
  const html = `${index?.content}`
  const named = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, url = '']) => url)
  t.ok(named.length >= 3, html)
  for (const url of named) {
    t.match(url, /^\/console\/assets\/.+-.{8}\.(?:js|css|svg)$/, 'of this server, with a digest in its name')
    t.ok(files.get(url.slice('/console/'.length))?.isImmutable, url)
  }
  t.notMatch(
    html,
    /<style|style="|<script(?! type="module" crossorigin src=)/,
    'nothing that its policy forbids',
  )
})

t.test('files have types, and tags that tell their contents apart', async (t) => {
  const folder = t.testdir({
    'index.html': 'page',
    assets: { 'a.js': 'one', 'b.css': 'two', 'c.svg': 'two' },
  })
  const files = readPageFiles(folder)
  t.same(Array.from(files, ([name, { type, isImmutable }]) => [name, type, isImmutable]).sort(), [
    ['assets/a.js', 'text/javascript; charset=utf-8', true],
    ['assets/b.css', 'text/css; charset=utf-8', true],
    ['assets/c.svg', 'image/svg+xml', true],
    ['index.html', 'text/html; charset=utf-8', false],
  ])
  t.equal(`${files.get('assets/a.js')?.content}`, 'one')
  const etags = new Set(Array.from(files.values(), ({ etag }) => etag))
  t.equal(etags.size, 3)
  for (const etag of etags) t.match(etag, /^"[\w-]{43}"$/)
})

t.test('what can not be served is an error', async (t) => {
  const folder = t.testdir({ assets: { 'a.exe': '' }, empty: {} })
  t.throws(() => readPageFiles(folder), /type of assets\/a\.exe/)
  t.throws(() => readPageFiles(`${folder}/not built`), { code: 'ENOENT' })
})
