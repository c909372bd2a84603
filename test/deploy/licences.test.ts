import { readFile } from 'node:fs/promises'
import path from 'node:path'
import t from 'tap'
import { DEPLOY, ROOT } from '../support/deploy-folder.ts'
import { finished } from '../support/finished.ts'

/** Licences that let Pushgrid be passed on with the unchanged package under its own. Another one is for a person to look at. */
const KNOWN = [
  'MIT',
  'MIT AND Zlib',
  'Apache-2.0',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'Unlicense',
  'MPL-2.0',
]

t.test('docs/licences.md is what package-lock.json says, and holds no surprise', async (t) => {
  const file = path.join(t.testdir(), 'licences.md')
  const { status, output } = await finished(process.execPath, [path.join(DEPLOY, 'licences.mjs'), file])
  t.equal(status, 0, output)
  const now = await readFile(file, 'utf8')
  t.equal(await readFile(path.join(ROOT, 'docs/licences.md'), 'utf8'), now, 'run `npm run licences`')
  const licences = Array.from(now.matchAll(/^\| `.*\| \(?([^|)]+?)\)? *\|$/gm), ([, licence = '']) => licence)
  t.ok(licences.length > 50)
  t.same(
    licences.filter((licence) => !KNOWN.includes(licence)),
    [],
  )
})
