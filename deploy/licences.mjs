// `npm run licences`: writes docs/licences.md from package-lock.json: under which licence each package comes that Pushgrid runs with.
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const FOLDER = 'node_modules/'
const HEAD = ['package', 'version', 'licence']
const root = path.resolve(import.meta.dirname, '..')
const { packages } = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8'))

const all = Object.entries(packages)
  .filter(([place, { dev, devOptional }]) => place !== '' && !dev && !devOptional)
  .map(([place, { name, version, license = 'UNKNOWN' }]) => [
    `\`${name ?? place.slice(place.lastIndexOf(FOLDER) + FOLDER.length)}\``,
    version,
    license,
  ])
  .sort((a, b) => (a.join() < b.join() ? -1 : 1))
// The same package may lie in several places.
const found = all.filter((row, index) => row.join() !== all[index - 1]?.join())
const counts = new Map()
for (const [, , license] of found) counts.set(license, (counts.get(license) ?? 0) + 1)
const summary = [...counts].sort(([, a], [, b]) => b - a).map(([license, count]) => `${license} (${count})`)

const table = [HEAD, [], ...found].map((row) =>
  HEAD.map((_, column) => {
    const width = Math.max(...[HEAD, ...found].map((cells) => cells[column].length))
    return `| ${row.length === 0 ? '-'.repeat(width) : row[column].padEnd(width)} `
  })
    .join('')
    .concat('|'),
)

writeFileSync(
  process.argv[2] ?? path.join(root, 'docs/licences.md'),
  `# Licences

Pushgrid itself is under the [Apache License 2.0](../LICENSE). These are the packages that it runs with, those for other systems among them, under the licences that they name themselves.
Made by \`npm run licences\`; a test sees to it that the list is that of \`package-lock.json\`.

${summary.join(', ')}.

${table.join('\n')}
`,
)
