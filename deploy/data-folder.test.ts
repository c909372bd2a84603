import { mkdir, readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import t from 'tap'
import { createSystemRandom } from '../cluster/clock.ts'
import { KEY_FILE, keptServiceKeys, openDataFolder } from './data-folder.ts'
import { StartError } from './start-error.ts'

const random = createSystemRandom()

t.test('makes the folder, for the owner only, and leaves nothing in it', async (t) => {
  const folder = path.join(t.testdir(), 'a/b')
  await openDataFolder(folder)
  t.equal((await stat(folder)).mode & 0o777, 0o700)
  t.same(await readdir(folder), [])
  await openDataFolder(folder)
})

t.test('says in one line that the folder can not be written to', async (t) => {
  const file = path.join(t.testdir({ file: '' }), 'file')
  await t.rejects(openDataFolder(path.join(file, 'data')), {
    name: 'StartError',
    message: /^the data folder .*file\/data can't be written to \(ENOTDIR\): choose another with --data-dir/,
  })
  await t.rejects(openDataFolder(file), { message: /can't be written to \(EEXIST\)/ })
})

t.test('makes a key once, readable by the owner only, and reads it ever after', async (t) => {
  const folder = t.testdir()
  const made = await keptServiceKeys(folder, random)
  t.equal(made.length, 1)
  t.equal(made[0]?.length, 32)
  t.same(await readdir(folder), [KEY_FILE])
  t.equal((await stat(path.join(folder, KEY_FILE))).mode & 0o777, 0o600)
  t.same(await keptServiceKeys(folder, random), made)
})

t.test('of several processes that make one at a time, all use the same', async (t) => {
  const folder = t.testdir()
  const rounds = await Promise.all(
    Array.from({ length: 8 }, () => keptServiceKeys(folder, createSystemRandom())),
  )
  for (const keys of rounds) t.same(keys, rounds[0])
})

t.test('reads several keys, newest first, as an operator writes them', async (t) => {
  const folder = t.testdir({ [KEY_FILE]: `${'ab'.repeat(32)}\r\n\n  ${'Q'.repeat(43)}` })
  const keys = await keptServiceKeys(folder, random)
  t.same(keys, [Buffer.from('ab'.repeat(32), 'hex'), Buffer.from('Q'.repeat(43), 'base64url')])
})

t.test('a damaged file is refused without a word of it, and left as it is', async (t) => {
  const damaged = {
    empty: '',
    blank: '\n \n',
    short: 'Q'.repeat(42),
    torn: `${'Q'.repeat(43)}\n${'R'.repeat(20)}`,
  }
  for (const [name, text] of Object.entries(damaged)) {
    const folder = t.testdir({ [KEY_FILE]: text })
    const error = await keptServiceKeys(folder, random).catch((error: unknown) => error)
    t.ok(error instanceof StartError, name)
    t.match(error, {
      message: /service-keys is damaged \(it holds \d keys? of [\d, ]*characters\): restore it/,
    })
    t.notMatch(String(error), 'QQQQ')
    t.equal(await readFile(path.join(folder, KEY_FILE), 'utf8'), text)
  }
})

t.test('a file that can not be read is refused, not replaced', async (t) => {
  const folder = t.testdir()
  await mkdir(path.join(folder, KEY_FILE))
  await t.rejects(keptServiceKeys(folder, random), { message: /service-keys can't be used \(EISDIR\)/ })
})

t.test('what an interrupted start left behind is no obstacle', async (t) => {
  const folder = t.testdir({ [`${KEY_FILE}.0123456789abcdef.new`]: 'half a k' })
  const [key] = await keptServiceKeys(folder, random)
  t.equal(key?.length, 32)
  t.same(await keptServiceKeys(folder, random), [key])
})
