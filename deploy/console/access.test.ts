import t from 'tap'
import { type ConsoleAccess, consoleAccess } from './access.ts'

const TOKEN = 'a-token-for-the-test'
const LOCAL = 'http://localhost:8082'
const KNOWN = 'https://push.example.org'

function access(
  console: 'auto' | 'on' | 'off',
  host: string,
  publicUrl: string,
  adminToken?: string,
): ConsoleAccess['kind'] {
  return consoleAccess({ console, host, adminToken }, publicUrl).kind
}

t.test('by default it is open where all of the service is of this machine, and nowhere else', async (t) => {
  for (const host of ['127.0.0.1', 'localhost', '::1'])
    for (const url of [LOCAL, 'https://127.0.0.1', 'http://[::1]:8082'])
      for (const token of [undefined, TOKEN])
        t.equal(access('auto', host, url, token), 'local', `${host} ${url}`)
  for (const [host, url] of [
    ['0.0.0.0', LOCAL],
    ['::', LOCAL],
    ['10.0.0.1', LOCAL],
    ['push.example.org', LOCAL],
    // Behind a proxy on the same machine.
    ['127.0.0.1', KNOWN],
    ['0.0.0.0', KNOWN],
  ] as const)
    for (const token of [undefined, TOKEN])
      t.equal(access('auto', host, url, token), 'nobody', `${host} ${url}`)
})

t.test('where it is on it is for who has the token', async (t) => {
  for (const host of ['127.0.0.1', '0.0.0.0'])
    for (const url of [LOCAL, KNOWN])
      t.strictSame(consoleAccess({ console: 'on', host, adminToken: TOKEN }, url), {
        kind: 'token',
        token: TOKEN,
      })
  t.equal(access('on', '127.0.0.1', LOCAL), 'local')
  for (const [host, url] of [
    ['127.0.0.1', KNOWN],
    ['0.0.0.0', LOCAL],
  ] as const)
    t.throws(() => access('on', host, url), {
      name: 'StartError',
      message: /^PUSHGRID_CONSOLE is on, and .*: it needs PUSHGRID_ADMIN_TOKEN, too$/,
    })
})

t.test('where it is off nobody sees it', async (t) => {
  t.equal(access('off', '127.0.0.1', LOCAL, TOKEN), 'nobody')
  t.equal(access('off', '0.0.0.0', KNOWN), 'nobody')
})
