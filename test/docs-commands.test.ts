import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import t, { type Test } from 'tap'
import { ROOT } from './support/deploy-folder.ts'
import { blocksOf, DOCS } from './support/doc-blocks.ts'
import { finished } from './support/finished.ts'

/*
 * Commands that people copy from the pages. docs/quick-start.md, docs/by-hand.md and docs/receipts.md have tests of their own that run all of
 * theirs; that of the quick start needs root and a machine that may mount. What can be known without is looked at here.
 */
/** Runs the one block of the quick start that has some words in it, with folders of a test for those of the system. */
async function run(t: Test, words: string, folder: string): Promise<void> {
  const found = (await blocksOf('quick-start.md')).filter((block) => block.includes(words))
  t.equal(found.length, 1, `one block has ${words}`)
  const code = found
    .join()
    .replaceAll('/opt/pushgrid', ROOT)
    .replaceAll('/etc/', `${folder}/`)
    .replaceAll(/^(apt-get|caddy|systemctl|timeout) .*\n/gm, '')
  const { status, output } = await finished('bash', ['-euc', `NAME=push.test.example\n${code}`])
  t.equal(status, 0, output)
}

t.test('every command of every page is one for a shell', async (t) => {
  for (const name of (await readdir(DOCS)).filter((name) => name.endsWith('.md'))) {
    const { status, output } = await finished('bash', ['-nc', (await blocksOf(name)).join('\n')])
    t.equal(status, 0, `${name}: ${output}`)
    t.equal(output, '', name)
  }
})

t.test('the quick start makes the environment of three nats-servers', async (t) => {
  const folder = t.testdir()
  await run(t, 'NATS_LISTEN', folder)
  const servers = [1, 2, 3]
  const made = await Promise.all(
    servers.map((n) => readFile(path.join(folder, `nats/nats-${n}.env`), 'utf8')),
  )
  for (const [index, text] of made.entries()) {
    const values = new Map([...text.matchAll(/^(\w+)=(.*)$/gm)].map(([, name = '', value]) => [name, value]))
    const n = index + 1
    t.equal(values.get('NATS_NAME'), `nats-${n}`)
    t.equal(values.get('NATS_LISTEN'), `127.0.0.1:422${n}`)
    t.equal(values.get('NATS_MONITOR'), `127.0.0.1:822${n}`)
    t.equal(values.get('NATS_ROUTE_LISTEN'), `127.0.0.1:622${n}`)
    const password = values.get('NATS_ROUTE_PASSWORD')
    t.match(password, /^p[0-9a-f]{48}$/)
    for (const other of servers)
      t.equal(values.get(`NATS_ROUTE_${other}`), `nats://route:${password}@127.0.0.1:622${other}`)
    t.notMatch(text, /[A-Z]_PASSWORD$|example\.org/m, 'nothing of the sample is left')
  }
  const passwords = made.map((text) => text.match(/_PASSWORD=.*$/gm)?.join())
  t.equal(new Set(passwords).size, 1, 'all have the same passwords')
})

t.test('the quick start adapts the Caddyfile', async (t) => {
  const folder = t.testdir()
  await mkdir(path.join(folder, 'caddy'))
  const file = path.join(folder, 'caddy/Caddyfile')
  await writeFile(file, '')
  await run(t, '-e "s/push', folder)
  const alone = await readFile(file, 'utf8')
  t.match(alone, '{$PUSHGRID_PROXY_SITE:push.test.example} {')
  t.match(alone, '{$PUSHGRID_PROXY_NODES:127.0.0.1:8080} {')
  t.match(alone, '{$PUSHGRID_PROXY_ENDPOINTS:127.0.0.1:8082} {')
})
