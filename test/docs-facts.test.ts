import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { SCENARIOS } from '../bench/scenarios/scenarios.ts'
import { OPTIONS, type OptionName, variableOf } from '../deploy/options.ts'
import { CLOSE_CODES, FAILURES, WITHOUT_CLOSE_FRAME } from '../push/errors.ts'
import { INDEXES } from '../store/mongodb-schema.ts'
import { ROOT } from './support/deploy-folder.ts'

/*
 * What the pages repeat from the code: numbers, codes, names, and the words of messages. Whoever searches a page for what is on the screen
 * has to find it as it stands there.
 */
const DOCS = path.join(ROOT, 'docs')

/** Every page for users and operators, by its path: those of docs/, and what stands beside the files of deploy/. */
const PAGES = [
  'README.md',
  ...readdirSync(DOCS).map((name) => `docs/${name}`),
  ...readdirSync(path.join(ROOT, 'deploy'))
    .map((name) => `deploy/${name}/README.md`)
    .filter((name) => existsSync(path.join(ROOT, name))),
]

function textOf(name: string): string {
  return readFileSync(path.join(ROOT, name), 'utf8')
}

function page(name: string): string {
  return textOf(`docs/${name}`)
}

/** The part of a page under one heading of the second level. */
function section(name: string, heading: string): string {
  const [, text = ''] = page(name).split(`\n## ${heading}\n`)
  return text.split('\n## ')[0] ?? ''
}

/** The first cell of each row of the tables in a text, without the heads. */
function firstCells(text: string): string[] {
  return [...text.matchAll(/^\| (.+?) +\|.*$(?!\n\| ?-)/gm)].map(([, cell = '']) => cell)
}

t.test('http-api.md has every failure, and no other', async (t) => {
  const told = [...section('http-api.md', 'Failures').matchAll(/^\| +(\d{3}) \| +(\d{3}) \|/gm)]
  t.same(
    told.map(([, status, errno]) => `${status} ${errno}`).toSorted(),
    [...new Set(Object.values(FAILURES).map(({ status, errno }) => `${status} ${errno}`))].toSorted(),
  )
})

t.test('websocket-protocol.md has every close code with its reason, and no other', async (t) => {
  const told = [...section('websocket-protocol.md', 'Close codes').matchAll(/^\| +(\w+) \| `(\w+)`/gm)]
  t.same(
    told.map(([, code, reason]) => `${code} ${reason}`).toSorted(),
    Object.entries(CLOSE_CODES)
      .map(([reason, code]) => `${code === WITHOUT_CLOSE_FRAME ? 'none' : code} ${reason}`)
      .toSorted(),
  )
})

t.test('every option that a page names is there', async (t) => {
  const names = Object.keys(OPTIONS) as OptionName[]
  const variables = new Set<string>(names.map(variableOf))
  const others = /^PUSHGRID_(TEST|PROXY)_|^PUSHGRID_(COMMIT|PASSWORD)$|_$/
  for (const name of PAGES) {
    const named = [...new Set(textOf(name).match(/\bPUSHGRID_[A-Z0-9_]+/g))]
    const unknown = named.filter((one) => !variables.has(one) && !others.test(one))
    t.same(unknown, [], name)
  }
})

const UNITS: Readonly<Record<string, number>> = { s: 1000, days: 24 * 60 * 60 * 1000 }

t.test('defaults that pages name are those of the options', async (t) => {
  const shown = new Map<string, string>(
    Object.entries(OPTIONS).map(([name, { shown }]) => [variableOf(name), shown]),
  )
  const told = PAGES.flatMap((name) => [
    ...textOf(name).matchAll(/`(PUSHGRID_\w+)` \(([\d,.]+)(?: (s|days))?\)/g),
  ])
  t.ok(told.length > 10, `only ${told.length} were found`)
  for (const [words, variable = '', value = '', unit = ''] of told)
    t.equal(
      Number(value.replaceAll(',', '')) * (UNITS[unit] ?? 1),
      Number.parseFloat(shown.get(variable) ?? ''),
      words,
    )
})

t.test('every metric that a page names is in the guide for operators', async (t) => {
  const guide = new Set(page('operating.md').match(/(?<=^\| `)pushgrid_\w+/gm))
  for (const name of PAGES) {
    const named = [...new Set(textOf(name).match(/(?<=`)pushgrid_[a-z0-9_]+/g))]
    t.same(
      named.filter((one) => !guide.has(one)),
      [],
      name,
    )
  }
})

/** All of the code that may say something to somebody. */
function code(): string {
  return ['cluster', 'push', 'store', 'node', 'endpoint', 'deploy']
    .flatMap((folder) =>
      readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
        .filter((file) => /\.(ts|mjs|cfg)$/.test(file) && !file.endsWith('.test.ts'))
        .map((file) => readFileSync(path.join(ROOT, folder, file), 'utf8')),
    )
    .join('\n')
}

/** What differs each time stands in a quote as three dots, in capitals, or as the name of an option. */
const VARYING = /\.\.\.|\b(?:PORT|HOST|FILE|FOLDER|VALUE|VARIABLE|NAME|ORIGIN|N|A|B)\b|PUSHGRID_\w+/
/** Where the code puts a message together. */
const SEAMS =
  /[:;"()]|pushgrid (?:node|serve)\b|data folder\b|the store can't start|The VAPID token\b|\/data\.mdb/

/** The runs of words in what is quoted, as they have to stand in the code. */
function quotedWords(cells: readonly string[]): string[] {
  return cells
    .flatMap((cell) => cell.match(/(?<=`)[^`]+(?=`)/g) ?? [])
    .flatMap((quote) => quote.split(VARYING))
    .flatMap((words) => words.split(SEAMS))
    .map((words) => words.trim())
    .filter((words) => words.split(' ').length > 2)
}

t.test('messages that troubleshooting.md quotes are worded so in the code', async (t) => {
  const source = code().replaceAll(/' \+\n\s*'/g, '')
  for (const heading of ['It does not start', 'The log', 'HTTP answers']) {
    const words = quotedWords(firstCells(section('troubleshooting.md', heading)))
    t.ok(words.length > 10, `${heading}: only ${words.length} were found`)
    t.same(
      words.filter((one) => !source.includes(one)),
      [],
      heading,
    )
  }
})

t.test('mongodb.md has every index, and no other', async (t) => {
  const told = page('mongodb.md').matchAll(/^\| `(\w+)` `\{(.*?)\}`(?:, (TTL|sparse))?/gm)
  const made = Object.entries(INDEXES).flatMap(([collection, indexes]) =>
    indexes.map(({ key, expireAfterSeconds, sparse }) => [
      collection,
      Object.entries(key)
        .map((field) => field.join(': '))
        .join(', '),
      expireAfterSeconds !== undefined ? 'TTL' : sparse ? 'sparse' : '',
    ]),
  )
  t.same(
    Array.from(told, ([, collection, key, kind = '']) => [collection, key, kind].join()).toSorted(),
    made.map((index) => index.join()).toSorted(),
  )
})

t.test('benchmarks.md has every scenario, and no other', async (t) => {
  const told = section('benchmarks.md', 'Scenarios').match(/(?<=^\| `)\w+(?=`)/gm)
  t.same(told?.toSorted(), Object.keys(SCENARIOS).toSorted())
})

t.test('README says of every package why it is there, and of no other', async (t) => {
  const [, table = ''] = textOf('README.md').split('\n## Dependencies\n')
  const rows = [...table.matchAll(/^\| (?!-|package )(.+?) \|/gm)].map(([, cell = '']) => cell)
  const told = rows.flatMap((cell) => cell.replaceAll(/ \(`.*?`\)/g, '').match(/(?<=`)[^`, ]+(?=`)/g) ?? [])
  const { dependencies, devDependencies } = JSON.parse(textOf('package.json')) as Record<string, object>
  const there = Object.keys({ ...dependencies, ...devDependencies }).filter(
    (name) => !name.startsWith('@types/'),
  )
  const isNamed = (name: string) => told.some((one) => name === one || name === `@opentelemetry/${one}`)
  t.same(
    there.filter((name) => !isNamed(name)),
    [],
    'all are named',
  )
  t.equal(told.length, there.length, `no other: ${told}`)
})

const ROOMS = '\n## Find a room\n'

/** The files of a kind that a text names, as paths. */
function filesIn(text: string): string[] {
  return [...new Set(text.match(/(?<=`)[\w./-]+\.(?:ts|mjs|js|yml|cfg|service)(?=`)/g))]
}

t.test('every file of this tree that a page names is there', async (t) => {
  for (const name of [...PAGES, 'CONTRIBUTING.md']) {
    const [text = ''] = textOf(name).split(ROOMS)
    const paths = filesIn(text).filter((one) => one.includes('/'))
    const places = ['.', path.dirname(name)]
    const missing = paths.filter((one) => !places.some((place) => existsSync(path.join(ROOT, place, one))))
    t.same(missing, [], name)
  }
})

/** Tells whether a folder has code of its own. */
function hasCode(folder: string): boolean {
  const at = path.join(ROOT, folder)
  return statSync(at).isDirectory() && readdirSync(at).some((name) => name.endsWith('.ts'))
}

/** The folders with code at one place, as paths; those that only serve the tests beside them left out. */
function foldersOfCode(place: string): string[] {
  return readdirSync(path.join(ROOT, place))
    .filter((name) => !/^(node_modules|dist|fixtures)$/.test(name))
    .map((name) => path.join(place, name))
    .filter(hasCode)
}

t.test('the rooms of CONTRIBUTING.md: every folder, and where to start reading', async (t) => {
  const [, table = ''] = textOf('CONTRIBUTING.md').split(ROOMS)
  const rows = [...table.matchAll(/^\| `(\S+)\/` .*\| (.+) \|$/gm)]
  for (const [, folder = '', start = ''] of rows)
    for (const [file] of start.matchAll(/[^`, ]+/g))
      t.ok(existsSync(path.join(ROOT, folder, file)), `${folder}/${file}`)
  const named = new Set([...table.matchAll(/(?<=`)[\w./-]+(?=`)/g)].map(([one]) => path.basename(one)))
  const tops = foldersOfCode('.')
  t.ok(tops.length > 5, tops.join())
  for (const folder of [...tops, ...tops.flatMap(foldersOfCode)])
    t.ok(named.has(path.basename(folder)), folder)
})
