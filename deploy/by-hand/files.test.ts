import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import t from 'tap'
import { seededRandom } from '../../cluster/seeded-random.ts'
import { type KeptAgent, readAgentFile, writeAgentFile } from './agent-file.ts'
import { newChannel } from './subscription.ts'
import { keptVapid } from './vapid-file.ts'

const random = seededRandom(1)
const AGENT: KeptAgent = {
  url: 'ws://localhost:9/',
  uaid: '0123456789abcdef0123456789abcdef',
  channels: [newChannel('news', undefined, random)],
}

t.test(
  'what a user agent keeps is read again, is for its owner only, and leaves nothing behind',
  async (t) => {
    const folder = t.testdir()
    const file = path.join(folder, 'agent.json')
    await writeAgentFile(file, { ...AGENT, channels: [] }, random)
    await writeAgentFile(file, AGENT, random)
    t.match(await readAgentFile(file, undefined), AGENT)
    t.match(await readAgentFile(file, AGENT.url), AGENT)
    t.equal((await stat(file)).mode & 0o777, 0o600)
    t.same(await readdir(folder), ['agent.json'])
  },
)

t.test('without a file a new one begins', async (t) => {
  const file = path.join(t.testdir(), 'agent.json')
  t.same(await readAgentFile(file, undefined), { url: 'ws://localhost:8080/', channels: [] })
  t.same(await readAgentFile(file, 'wss://a.example/'), { url: 'wss://a.example/', channels: [] })
})

t.test('a file of something else, or of another server, is refused and left alone', async (t) => {
  const folder = t.testdir()
  const file = path.join(folder, 'agent.json')
  for (const text of ['', '{"format":"pushgrid agent 2"}', '{}', 'a secret', JSON.stringify(AGENT)]) {
    await writeFile(file, text)
    await t.rejects(readAgentFile(file, undefined), {
      message: /is not the file of a user agent: name another/,
      exitCode: 2,
    })
    t.equal(await readFile(file, 'utf8'), text)
  }
  await writeAgentFile(file, AGENT, random)
  await t.rejects(readAgentFile(file, 'wss://a.example/'), {
    message:
      /is of a user agent of ws:\/\/localhost:9\/: name another one with --file for wss:\/\/a.example\//,
    exitCode: 2,
  })
  await t.rejects(readAgentFile(folder, undefined), { message: /can't be read \(EISDIR\)/, exitCode: 2 })
  await t.rejects(writeAgentFile(path.join(folder, 'no/file'), AGENT, random), {
    message: /can't be written \(ENOENT\)/,
    exitCode: 1,
  })
})

t.test('VAPID keys are made once', async (t) => {
  const file = path.join(t.testdir(), 'vapid.json')
  const made = await keptVapid(file, random)
  t.match(await keptVapid(file, random), made)
  t.match(made, { publicKey: /^[\w-]{87}$/, privateKey: /^[\w-]{43}$/, subject: /^mailto:/ })
  t.equal((await stat(file)).mode & 0o777, 0o600)
  await writeFile(file, JSON.stringify({ publicKey: made.publicKey }))
  await t.rejects(keptVapid(file, random), { message: /is not a file of VAPID keys/, exitCode: 2 })
})
