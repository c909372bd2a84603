import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { KEY_FILE } from './data-folder.ts'
import { CLUSTER, deps, fakeParts, KEYS, optionsFor } from './fixtures/fake-parts.ts'
import { startRole } from './roles.ts'

const OLDER = 'a'.repeat(43)
const NEWER = `${'b'.repeat(42)}A`
const SUBSCRIPTION = { uaid: '1'.repeat(32), channelId: '22222222-2222-4222-8222-222222222222' }

t.test('keys are read from a file, and again on SIGHUP, for every role', async (t) => {
  for (const role of ['serve', 'node', 'endpoint'] as const) {
    const folder = t.testdir()
    const file = path.join(folder, 'keys')
    writeFileSync(file, `${OLDER}\n\n`)
    const { parts, seen } = fakeParts()
    const lines: string[] = []
    const args = role === 'serve' ? [] : CLUSTER
    const options = optionsFor(
      folder,
      ...args,
      '--service-keys-file',
      file,
      '--public-url',
      'https://a.example',
    )
    const serving = await startRole(role, options, parts, deps(lines))
    const tokens = seen[0]?.deps.tokens
    const sealed = tokens?.sealEndpoint(SUBSCRIPTION as never)
    for (const [text, opens, line] of [
      [`${NEWER},${OLDER}`, true, '"keys":2,"removed":0,"sealsWithAnother":true'],
      ['nonsense', true, 'PUSHGRID_SERVICE_KEYS_FILE names holds'],
      [NEWER, false, '"keys":1,"removed":1,"sealsWithAnother":false'],
    ] as const) {
      writeFileSync(file, text)
      const before = lines.length
      serving.reload()
      while (lines.length === before) await turn()
      t.match(lines.at(-1), line, `${role}: ${text}`)
      t.notMatch(lines.at(-1), OLDER)
      const opened = tokens?.openEndpoint(1, sealed?.token ?? '')
      t.equal(opened !== undefined, opens)
    }
    await serving.stop()
  }
})

t.test('the generated key file is read again, too', async (t) => {
  const folder = t.testdir()
  const { parts, seen } = fakeParts()
  const lines: string[] = []
  const serving = await startRole('serve', optionsFor(folder), parts, deps(lines))
  const before = lines.length
  writeFileSync(path.join(folder, KEY_FILE), OLDER)
  serving.reload()
  while (lines.length === before) await turn()
  t.match(lines.at(-1), '"removed":1')
  t.ok(seen[0]?.deps.tokens.sealEndpoint(SUBSCRIPTION as never))
  await serving.stop()
})

t.test('a start with a wrong file, or with keys twice, stops with one line', async (t) => {
  const folder = t.testdir({ keys: 'nonsense' })
  const file = ['--service-keys-file', path.join(folder, 'keys')]
  for (const [args, message] of [
    [file, /PUSHGRID_SERVICE_KEYS_FILE names holds 1 key of 8 characters: must be/],
    [['--service-keys-file', path.join(folder, 'none')], /can't be read \(ENOENT\)/],
    [[...file, ...KEYS], /choose one of PUSHGRID_SERVICE_KEYS and PUSHGRID_SERVICE_KEYS_FILE/],
  ] as const) {
    const options = optionsFor(folder, ...CLUSTER, ...args)
    await t.rejects(startRole('endpoint', options, fakeParts().parts, deps()), {
      name: 'StartError',
      message,
    })
  }
})
