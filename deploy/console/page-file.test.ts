import { createHash } from 'node:crypto'
import path from 'node:path'
import t from 'tap'
import { readPageFile } from './page-file.ts'

const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

t.test('the page that is built is one file, which asks for no other', async (t) => {
  const { content, scripts, styles } = readPageFile()
  const html = `${content}`
  t.match(html, '<title>Pushgrid console</title>')
  t.match(html, /<script type="module">.{10000}/s)
  t.match(html, /<style>.{1000}/s)
  t.notMatch(html, /<(?:script|img|iframe)[^>]* src=|<link[^>]* href="(?!data:)|@import|url\((?!["']?data:)/)
  for (const hashes of [scripts, styles]) t.match(hashes, /^'sha256-[\w+/]{43}='$/, 'there is one of each')
})

t.test('its policy names what stands in it, and its tag tells it from another', async (t) => {
  const folder = t.testdir({
    'one.html':
      '<script type="module">one\n<\\/script></script><style>a{}</style><script type="module">two</script>',
    'two.html': '<p>nothing</p>',
  })
  const [one, two] = ['one.html', 'two.html'].map((name) => readPageFile(path.join(folder, name)))
  t.match(one, { scripts: `${hashOf('one\n<\\/script>')} ${hashOf('two')}`, styles: hashOf('a{}') })
  t.match(two, { scripts: "'none'", styles: "'none'", content: Buffer.from('<p>nothing</p>') })
  for (const page of [one, two]) t.match(page?.etag, /^"[\w-]{43}"$/)
  t.not(one?.etag, two?.etag)
})

t.test('one that was not built is an error', async (t) => {
  t.throws(() => readPageFile(path.join(t.testdir(), 'index.html')), { code: 'ENOENT' })
})
