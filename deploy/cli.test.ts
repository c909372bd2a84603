import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { parseServiceKey } from './service-keys.ts'

const CLI = path.join(import.meta.dirname, 'cli.js')

/** Runs the command line to its end. */
function pushgrid(args: readonly string[], variables: Record<string, string> = {}) {
  const { PATH = '' } = process.env
  return spawnSync(process.execPath, [CLI, ...args], { env: { PATH, ...variables }, encoding: 'utf8' })
}

t.test('--version says the version of the package', (t) => {
  const file = path.join(import.meta.dirname, '../../package.json')
  const { version }: { version: string } = JSON.parse(readFileSync(file, 'utf8'))
  t.match(pushgrid(['--version']), { status: 0, stdout: `${version}\n`, stderr: '' })
  t.end()
})

t.test('--help goes to stdout, for all and for each command', (t) => {
  t.match(pushgrid(['--help']), {
    status: 0,
    stdout: /Commands.*pushgrid keys new.*--ws-port/s,
    stderr: '',
  })
  t.match(pushgrid(['serve', '--help']), { status: 0, stdout: /^pushgrid serve.*--ws-port/s, stderr: '' })
  for (const role of ['node', 'endpoint'])
    t.match(pushgrid([role, '-h']), { status: 0, stdout: new RegExp(`^pushgrid ${role}.*--nats-url`, 's') })
  t.match(pushgrid(['store', '--help']), { status: 0, stdout: /^pushgrid store check/, stderr: '' })
  t.match(pushgrid(['store', 'check', '-h']), { status: 0, stdout: /^pushgrid store check/, stderr: '' })
  t.match(pushgrid(['agents', '--help']), { status: 0, stdout: /^pushgrid agents show/, stderr: '' })
  t.match(pushgrid(['keys', '--help']), { status: 0, stdout: /^pushgrid keys new/, stderr: '' })
  t.end()
})

t.test('keys new prints a fresh key that is accepted', (t) => {
  const [one, other] = [pushgrid(['keys', 'new']), pushgrid(['keys', 'new'])].map(({ stdout }) => stdout)
  t.match(one, /^[A-Za-z0-9_-]{43}\n$/)
  t.not(one, other)
  t.equal(parseServiceKey(one?.trim() ?? '')?.length, 32)
  t.end()
})

t.test('what is wrong is said in one line on stderr, with exit code 1', (t) => {
  const cases: readonly [readonly string[], Record<string, string>, RegExp][] = [
    [
      [],
      {},
      /say what to do: serve, node, endpoint, store check, store stats, agents show, agents drop, bench, keys new, agent, send/,
    ],
    [['srve'], {}, /"srve" is no command; did you mean serve\?/],
    [['dance'], {}, /"dance" is no command; --help lists all/],
    [['keys'], {}, /say `pushgrid keys new`/],
    [['store'], {}, /say `pushgrid store check`/],
    [['agents'], {}, /say `pushgrid agents show UAID`/],
    [
      ['agents', 'show', 'me@x'],
      {},
      /say which user agent: a UAID, 32 hexadecimal digits, not a text of 4 ch/,
    ],
    [
      ['store', 'stats', '--data-dir', '/nowhere'],
      {},
      /there is no store in \/nowhere: name the folder with/,
    ],
    [
      ['store', 'check'],
      {},
      /needs --mongodb-url \(PUSHGRID_MONGODB_URL\).*embedded store.*`pushgrid serve`/,
    ],
    [['store', 'check', '--mongodb-url', 'me:hunter2@x'], {}, /--mongodb-url is a text of 12 characters/],
    [['node'], {}, /pushgrid node needs PUSHGRID_NATS_URL and PUSHGRID_MONGODB_URL; `pushgrid serve`/],
    [['endpoint', '--host', '::'], {}, /pushgrid endpoint needs PUSHGRID_NATS_URL and PUSHGRID_MONGODB_URL/],
    [['node', '--workers', 'many'], {}, /--workers is "many": must be auto or a whole number from 1 to 1024/],
    [
      ['serve'],
      { PUSHGRID_WORKERS: '2' },
      /PUSHGRID_WORKERS is 2: `pushgrid serve` is one process; for more/,
    ],
    [['serve', '--ws-port', 'x'], {}, /--ws-port is "x": must be a whole number from 0 to 65535/],
    [['serve'], { PUSHGRID_WS_PORT: 'x' }, /PUSHGRID_WS_PORT is "x": must be/],
    [
      ['serve'],
      { PUSHGRID_NATS_URL: 'nats://me:hunter2@x' },
      /PUSHGRID_NATS_URL is set without PUSHGRID_MONGODB_URL/,
    ],
    [['serve', '--ws-prot', '1'], {}, /did you mean --ws-port\?/],
    [
      ['serve'],
      { PUSHGRID_DATA_DIR: path.join(CLI, 'data') },
      /the data folder .* can't be written to \(ENOTDIR\)/,
    ],
  ]
  for (const [args, variables, message] of cases) {
    const { status, stdout, stderr } = pushgrid(args, variables)
    t.match(stderr, message)
    t.match(stderr, /^pushgrid: [^\n]+\n$/, 'one line')
    t.notMatch(stderr, 'hunter2')
    t.equal(status, 1, args.join(' '))
    t.equal(stdout, '')
  }
  t.end()
})
