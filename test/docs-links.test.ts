import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { DEPLOY, ROOT } from './support/deploy-folder.ts'

/*
 * A page that is renamed, or a heading that is worded anew, must not leave a link that leads nowhere: operators read these pages when
 * something is wrong already.
 */
const DOCS = path.join(ROOT, 'docs')
const INDEX = path.join(DOCS, 'README.md')

const pages = [
  path.join(ROOT, 'README.md'),
  path.join(ROOT, 'CONTRIBUTING.md'),
  ...markdownIn(DOCS),
  ...markdownIn(DEPLOY).filter((file) => path.basename(file) === 'README.md'),
]

function markdownIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.join(folder, name))
}

/** What a reader sees as prose: in code nothing is a link or a heading. */
function prose(file: string): string {
  return readFileSync(file, 'utf8')
    .replaceAll(/^ *```.*?^ *```$/gms, '')
    .replaceAll(/^ {4}.*$/gm, '')
}

/** The relative links of a page, as they are written; code that looks like one is none. */
function linksOf(file: string): string[] {
  const text = prose(file).replaceAll(/(?<!\[)`[^`\n]*`(?!\])/g, '')
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) =>
    /^[a-z]+:/.test(target) ? [] : [target],
  )
}

/** The anchors of a page, made from its headings as GitHub makes them. */
function anchorsOf(file: string): Set<string> {
  const seen = new Map<string, number>()
  const anchors = [...prose(file).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => {
    const anchor = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M}\p{Pc} -]/gu, '')
      .replaceAll(' ', '-')
    const before = seen.get(anchor) ?? 0
    seen.set(anchor, before + 1)
    return before === 0 ? anchor : `${anchor}-${before}`
  })
  return new Set(anchors)
}

function kindOf(file: string): 'file' | 'folder' | 'nothing' {
  const stats = statSync(file, { throwIfNoEntry: false })
  return stats === undefined ? 'nothing' : stats.isFile() ? 'file' : 'folder'
}

/** Why a link leads nowhere; undefined when it leads somewhere. */
function fault(page: string, link: string): string | undefined {
  const [target = '', anchor] = link.split('#')
  const file = target === '' ? page : path.resolve(path.dirname(page), target)
  const kind = kindOf(file)
  if (kind === 'nothing') return `${link}: there is no such file`
  if (anchor === undefined) return undefined
  if (kind === 'folder' || !file.endsWith('.md')) return `${link}: an anchor of something that is no page`
  return anchorsOf(file).has(anchor) ? undefined : `${link}: there is no such heading`
}

t.test('every relative link of every page leads somewhere', async (t) => {
  t.ok(pages.length > 20, `only ${pages.length} pages were found`)
  for (const page of pages) {
    const faults = linksOf(page).flatMap((link) => fault(page, link) ?? [])
    t.same(faults, [], path.relative(ROOT, page))
  }
  const links = pages.flatMap(linksOf)
  t.ok(links.length > 100, `only ${links.length} links were found`)
  t.ok(links.filter((link) => link.includes('#')).length > 10, 'links to headings are among them')
})

t.test('the index names every page of docs/ and every README of deploy/', async (t) => {
  const named = new Set(linksOf(INDEX).map((link) => path.resolve(DOCS, link.split('#')[0] ?? '')))
  const missing = [...markdownIn(DOCS), ...markdownIn(DEPLOY)]
    .filter((file) => file !== INDEX && path.dirname(file) !== DEPLOY)
    .filter((file) => file.startsWith(DOCS) || path.basename(file) === 'README.md')
    .filter((file) => !named.has(file))
  t.same(
    missing.map((file) => path.relative(ROOT, file)),
    [],
  )
})

t.test('the front page leads to the index', async (t) => {
  t.ok(linksOf(path.join(ROOT, 'README.md')).includes('docs/README.md'))
})
