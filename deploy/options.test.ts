import { availableParallelism } from 'node:os'
import fc from 'fast-check'
import t from 'tap'
import { parseAddressRange } from '../push/client-address.ts'
import { flagOf, OPTIONS, type Option, type Options, variableOf } from './options.ts'
import { type Environment, readOptions } from './read-options.ts'
import { StartError } from './start-error.ts'

const KEY = 'Q'.repeat(43)
const OTHER_KEY = 'ab'.repeat(32)
const ALL = Object.entries<Option<unknown>>(OPTIONS)

/** A right value of each option that is not its default, and what it is read as. */
const SAMPLES: { readonly [Name in keyof Options]: readonly [string, unknown] } = {
  host: ['::1', '::1'],
  wsPort: ['0', 0],
  httpPort: ['18082', 18082],
  publicUrl: ['HTTPS://Push.Example.org:443/', 'https://push.example.org'],
  tlsCertFile: ['/etc/pushgrid/fullchain.pem', '/etc/pushgrid/fullchain.pem'],
  tlsKeyFile: ['/etc/pushgrid/privkey.pem', '/etc/pushgrid/privkey.pem'],
  natsUrl: [
    'nats://me:pass%2Cword@one:4223, nats://[::1]/',
    [
      {
        name: 'main',
        change: 'none',
        config: {
          servers: ['one:4223', '[::1]:4222'],
          tls: false,
          credentials: { kind: 'password', user: 'me', password: 'pass,word' },
        },
      },
    ],
  ],
  natsUrlFile: ['/etc/pushgrid/cells', '/etc/pushgrid/cells'],
  natsCredsFile: ['/run/secrets/nats.creds', '/run/secrets/nats.creds'],
  natsNkeyFile: ['nkey', 'nkey'],
  natsCaFile: ['/etc/ca.pem', '/etc/ca.pem'],
  mongodbUrl: ['mongodb://u:p@one,two:27018/push?w=majority', 'mongodb://u:p@one,two:27018/push?w=majority'],
  dataDir: ['/srv/push grid', '/srv/push grid'],
  serviceKeys: [`${KEY}, ${OTHER_KEY}`, [Buffer.from(KEY, 'base64url'), Buffer.from(OTHER_KEY, 'hex')]],
  serviceKeysFile: ['/run/secrets/keys', '/run/secrets/keys'],
  storedMax: ['7', 7],
  agentLifetimeMs: ['86400000', 86_400_000],
  diskReserveBytes: ['0', 0],
  waitingWritesMax: ['15', 15],
  collectIntervalMs: ['10', 10],
  collectRestMs: ['30000', 30_000],
  collectMax: ['9', 9],
  receiptSweepMs: ['50', 50],
  receiptReadersMax: ['5', 5],
  receiptRecheckMs: ['2000', 2000],
  ackGraceMs: ['200', 200],
  askTimeoutMs: ['3000', 3000],
  putTimeoutMs: ['1500', 1500],
  bodyLimitBytes: ['4096', 4096],
  vapidCacheMax: ['11', 11],
  verificationsMax: ['16', 16],
  pendingAsksMax: ['12', 12],
  pendingBytesMax: ['65536', 65_536],
  checkAgainMs: ['500', 500],
  checksMax: ['13', 13],
  channelPerSecond: ['5', 5],
  channelBurst: ['50', 50],
  agentPerSecond: ['6', 6],
  agentBurst: ['60', 60],
  countedMax: ['1000', 1000],
  adminToken: ['0123456789abcdef==', '0123456789abcdef=='],
  broadcastsMax: ['20', 20],
  broadcastRecheckMs: ['100', 100],
  megaphoneUrl: ['https://megaphone.example/v1/broadcasts', 'https://megaphone.example/v1/broadcasts'],
  megaphoneToken: ['fedcba9876543210', 'fedcba9876543210'],
  megaphonePollMs: ['5000', 5000],
  bodyBytesMax: ['1048576', 1_048_576],
  requestTimeoutMs: ['20000', 20_000],
  trustedProxies: [
    '10.0.0.0/8, ::1',
    [parseAddressRange('10.0.0.0/8'), parseAddressRange('::1')].filter((range) => range !== undefined),
  ],
  addressMax: ['20', 20],
  addressSilentMax: ['21', 21],
  silentMax: ['26', 26],
  hellosPerSecond: ['22', 22],
  hellosBurst: ['23', 23],
  registersPerSecond: ['24', 24],
  registersBurst: ['25', 25],
  inFlightMax: ['14', 14],
  ackTimeoutMs: ['30000', 30_000],
  sendsMax: ['3', 3],
  helloTimeoutMs: ['4000', 4000],
  hellosMax: ['18', 18],
  helloQueueMs: ['3000', 3000],
  channelsMax: ['19', 19],
  recheckMs: ['60000', 60_000],
  recheckSoonMs: ['2000', 2000],
  commandsMax: ['17', 17],
  socketBufferBytes: ['65536', 65_536],
  readRetryMs: ['100', 100],
  drainMs: ['1000', 1000],
  workers: ['3', 3],
  stopMs: ['6000', 6000],
  traceUrl: ['http://collector:4318/v1/traces', 'http://collector:4318/v1/traces'],
  traceName: ['push-east', 'push-east'],
  traceRatio: ['0.5', 0.5],
  console: ['off', 'off'],
  accessLog: ['on', 'on'],
  logLevel: ['warn', 'warn'],
}

function read(args: readonly string[], environment: Environment = {}): Options {
  const request = readOptions(args, environment)
  if (request.kind !== 'options') throw new Error(`read as ${request.kind}`)
  return request.options
}

/** The one line that reading stops with. */
function refusal(args: readonly string[], environment: Environment = {}): string {
  try {
    readOptions(args, environment)
  } catch (error) {
    if (error instanceof StartError) return error.message
    throw error
  }
  throw new Error('was accepted')
}

t.test('without anything every option has its default', (t) => {
  const options = read([])
  for (const [name, option] of ALL) t.equal(options[name as keyof Options], option.initial, name)
  t.match(options, { host: '127.0.0.1', wsPort: 8080, httpPort: 8082, dataDir: './data' })
  t.match(options, { ackGraceMs: 250, bodyLimitBytes: 5630, storedMax: 500, inFlightMax: 100 })
  t.end()
})

t.test('every option is a flag and a variable, and the flag wins', (t) => {
  for (const [name, option] of ALL) {
    const [text, value] = SAMPLES[name as keyof Options]
    t.not(value, option.initial, `the sample of ${name} is no default`)
    for (const [way, options] of [
      ['--flag value', read([flagOf(name), text])],
      ['--flag=value', read([`${flagOf(name)}=${text}`])],
      ['variable', read([], { [variableOf(name)]: ` ${text}\n` })],
      ['flag over variable', read([flagOf(name), text], { [variableOf(name)]: '!' })],
    ] as const) {
      t.same(options[name as keyof Options], value, `${name} by ${way}`)
    }
  }
  t.end()
})

t.test('the names are those that the design promises', (t) => {
  const promised = ['HOST', 'WS_PORT', 'HTTP_PORT', 'PUBLIC_URL', 'DATA_DIR', 'SERVICE_KEYS', 'ACK_GRACE_MS']
  const also = ['BODY_LIMIT_BYTES', 'STORED_MAX', 'IN_FLIGHT_MAX']
  const broadcasts = ['ADMIN_TOKEN', 'MEGAPHONE_URL', 'MEGAPHONE_POLL_MS']
  const variables = ALL.map(([name]) => variableOf(name))
  for (const name of [...promised, ...also, ...broadcasts]) t.ok(variables.includes(`PUSHGRID_${name}`), name)
  t.equal(flagOf('wsPort'), '--ws-port')
  t.end()
})

t.test('workers are as many as there are cores, where that is left to us', (t) => {
  t.equal(read(['--workers', 'auto']).workers, availableParallelism())
  t.end()
})

t.test('an empty variable counts as unset, an empty flag does not', (t) => {
  t.equal(read([], { PUSHGRID_WS_PORT: '  ' }).wsPort, 8080)
  t.equal(refusal(['--ws-port', '']), '--ws-port is empty: must be a whole number from 0 to 65535')
  t.end()
})

t.test('a bad value is refused in one line: which option, what it was, what would be right', (t) => {
  const cases: readonly [string, string, RegExp][] = [
    ['WS_PORT', 'http', /^PUSHGRID_WS_PORT is "http": must be a whole number from 0 to 65535$/],
    ['WS_PORT', '65536', /^PUSHGRID_WS_PORT is "65536": must be/],
    ['WS_PORT', '-1', /^PUSHGRID_WS_PORT is "-1": must be/],
    ['WS_PORT', '80.5', /^PUSHGRID_WS_PORT is "80.5": must be/],
    ['WS_PORT', '0x50', /^PUSHGRID_WS_PORT is "0x50": must be/],
    ['HOST', 'http://x', /^PUSHGRID_HOST is "http:\/\/x": must be an IP address or a host name/],
    ['HOST', 'a\nb', /^PUSHGRID_HOST is "a\\nb": must be/],
    ['PUBLIC_URL', 'push.example.org', /^PUSHGRID_PUBLIC_URL is "push.example.org": must be an http:\/\//],
    ['PUBLIC_URL', 'https://example.org/push', /^PUSHGRID_PUBLIC_URL is "https:\/\/example.org\/push": must/],
    ['PUBLIC_URL', 'https://example.org/?', /must be an http:\/\/ or https:\/\/ URL/],
    ['PUBLIC_URL', 'ws://example.org', /must be an http:\/\/ or https:\/\/ URL/],
    [
      'TRUSTED_PROXIES',
      '10.0.0.0/8,proxy',
      /^PUSHGRID_TRUSTED_PROXIES is "10.0.0.0\/8,proxy": must be IP addresses/,
    ],
    ['TRUSTED_PROXIES', '10.0.0.0/33', /must be IP addresses or ranges/],
    ['WORKERS', '0', /^PUSHGRID_WORKERS is "0": must be auto or a whole number from 1 to 1024$/],
    ['WORKERS', 'all', /^PUSHGRID_WORKERS is "all": must be auto or/],
    ['LOG_LEVEL', 'loud', /^PUSHGRID_LOG_LEVEL is "loud": must be one of trace, debug, info/],
    ['DATA_DIR', 'a\0b', /^PUSHGRID_DATA_DIR is "a\\u0000b": must be the path of a folder$/],
    ['BODY_LIMIT_BYTES', '4095', /must be a whole number from 4096 to/],
  ]
  for (const [name, text, message] of cases)
    t.match(refusal([], { [`PUSHGRID_${name}`]: text }), message, `${name}=${JSON.stringify(text)}`)
  t.match(refusal([], { PUSHGRID_HOST: 'é'.repeat(500) }), /^.{1,160}$/, 'a long value is cut')
  t.end()
})

t.test('secrets are described, never shown', (t) => {
  const short = KEY.slice(1)
  const line = refusal([], { PUSHGRID_SERVICE_KEYS: `${OTHER_KEY},${short}` })
  t.match(line, /^PUSHGRID_SERVICE_KEYS is 2 keys of 64, 42 characters: must be 1 to 4 keys of 32 bytes/)
  t.notMatch(line, short)
  t.notMatch(line, OTHER_KEY)
  t.match(refusal(['--service-keys', `${KEY},${KEY}`]), /2 keys of 43, 43 characters/, 'one key twice')
  const five = Array.from({ length: 5 }, (_, index) => `${index}`.repeat(43)).join()
  t.match(refusal(['--service-keys', five]), /is 5 keys of/)

  const url = refusal([], { PUSHGRID_PUBLIC_URL: 'https://me:hunter2@example.org' })
  t.match(url, /^PUSHGRID_PUBLIC_URL is a text of 30 characters with an "@" \(not shown\): must be/)
  for (const text of ['nats:/me:hunter2', 'nats://me:hunter2@', 'redis://hunter2@x', 'nats://a,hunter2'])
    t.match(
      refusal([], { PUSHGRID_NATS_URL: text }),
      /^PUSHGRID_NATS_URL is a text of \d+ characters \(not shown\)/,
    )
  for (const text of [
    'mongo://me:hunter2@x',
    'mongodb://me:hunt/er2@x',
    'mongodb://',
    'mongodb://me:hunt@er2@x',
  ])
    t.match(
      refusal([], { PUSHGRID_MONGODB_URL: text }),
      /^PUSHGRID_MONGODB_URL is a text of .* \(not shown\)/,
    )
  for (const text of ['short', `${KEY} ${KEY}`, 'é'.repeat(20), '='.repeat(16)])
    t.match(
      refusal(['--admin-token', text]),
      /^--admin-token is a text of \d+ characters \(not shown\): must/,
    )
  t.match(refusal([], { PUSHGRID_MEGAPHONE_URL: 'https://me:hunter2@x' }), /\(not shown\)/)
  t.match(refusal([], { PUSHGRID_MEGAPHONE_URL: 'ftp://x/' }), /^PUSHGRID_MEGAPHONE_URL is "ftp:/)
  t.notMatch(refusal([`--service-key=${KEY}`]), KEY, 'a misspelt flag')
  t.notMatch(refusal(['--ws-port', '1', KEY]), KEY, 'a value that lost its flag')
  t.end()
})

t.test('unknown flags are refused with the one that was meant', (t) => {
  t.equal(refusal(['--ws-prot', '1']), '"--ws-prot" is no option; did you mean --ws-port?')
  t.equal(refusal(['--wsPort', '1']), '"--wsPort" is no option; did you mean --ws-port?')
  t.match(refusal(['--frobnicate']), /^"--frobnicate" is no option; `pushgrid serve --help` lists all$/)
  t.match(refusal(['-p', '1']), /^"-p" is no option/)
  t.equal(refusal(['--host']), '--host needs a value')
  t.match(refusal(['8080']), /^argument 1 after the command belongs to no flag/)
  t.end()
})

t.test('help is asked for anywhere on the line', (t) => {
  t.same(readOptions(['--ws-port', '1', '--help'], {}), { kind: 'help' })
  t.same(readOptions(['-h'], {}), { kind: 'help' })
  t.end()
})

t.test('options that depend on each other are checked together', (t) => {
  t.match(
    refusal([], { PUSHGRID_ACK_GRACE_MS: '300' }),
    /^PUSHGRID_ASK_TIMEOUT_MS is 2500: must be more than .* = 2500$/,
  )
  t.equal(read([], { PUSHGRID_ACK_GRACE_MS: '299' }).ackGraceMs, 299)
  t.match(refusal(['--ws-port', '90', '--http-port', '90']), /^PUSHGRID_HTTP_PORT is 90: must differ/)
  t.equal(read(['--ws-port', '0', '--http-port', '0']).httpPort, 0)
  t.end()
})

t.test('whatever is given, reading ends in valid options or one line', (t) => {
  const names = ALL.map(([name]) => name)
  const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.webUrl(), fc.integer().map(String))
  const name = fc.constantFrom(...names)
  const argument = fc.oneof(
    name.map(flagOf),
    fc.tuple(name.map(flagOf), text).map((pair) => pair.join('=')),
    text,
  )
  const environment = fc.dictionary(name.map(variableOf), text)
  let accepted = 0
  fc.assert(
    fc.property(fc.array(argument, { maxLength: 6 }), environment, (args, environment) => {
      try {
        if (readOptions(args, environment).kind === 'options') accepted += 1
      } catch (error) {
        if (!(error instanceof StartError) || /[\r\n]/.test(error.message)) throw error
      }
    }),
    { numRuns: 3000 },
  )
  t.ok(accepted > 0, 'some were valid')
  t.end()
})
