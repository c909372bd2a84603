import { readFile } from 'node:fs/promises'
import path from 'node:path'
import t from 'tap'
import { globalHelp, keysHelp, roleHelp, storeHelp } from './help.ts'
import { flagOf, OPTIONS, type Option, variableOf } from './options.ts'

const ALL = Object.entries<Option<unknown>>(OPTIONS)
const ROOT = path.resolve(import.meta.dirname, '../..')

t.test('help lists every option with its flag, variable and default', (t) => {
  for (const help of [globalHelp(), roleHelp('serve'), roleHelp('node'), roleHelp('endpoint')]) {
    const lines = help.split('\n')
    for (const [name, option] of ALL) {
      const line = lines.find((line) => line.startsWith(`  ${flagOf(name)} `))
      t.ok(line?.includes(` ${variableOf(name)} `), `${name} with its variable`)
      t.ok(line?.endsWith(` ${option.shown}`), `${name} with its default`)
    }
  }
  t.end()
})

t.test('help is set in columns and fits 100', (t) => {
  const lines = roleHelp('node').split('\n')
  for (const line of lines) t.ok(line.length <= 100, line)
  const heads = lines.filter((line) => line.startsWith('  --'))
  t.equal(heads.length, ALL.length)
  t.equal(new Set(heads.map((line) => line.indexOf('PUSHGRID_'))).size, 1, 'one column of variables')
  t.end()
})

t.test('help names every command', (t) => {
  for (const command of [
    'serve',
    'node',
    'endpoint',
    'store check',
    'keys new',
    'agent',
    'send',
    '--version',
  ])
    t.match(globalHelp(), `pushgrid ${command}`)
  t.match(keysHelp(), /^pushgrid keys new/)
  t.match(storeHelp(), /^pushgrid store check.*--mongodb-url URL +PUSHGRID_MONGODB_URL/s)
  t.end()
})

t.test('the README lists every option with its default', async (t) => {
  const rows = (await readFile(path.join(ROOT, 'README.md'), 'utf8'))
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
  for (const [name, option] of ALL) {
    const row = rows.find(([, variable]) => variable === `\`${variableOf(name)}\``)
    t.equal(row?.[2], option.shown, name)
    t.ok(row?.[3]?.startsWith(option.meaning), `what ${name} means`)
  }
})
