import { existsSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import path from 'node:path'
import t from 'tap'
import { createSystemRandom, systemClock } from '../cluster/clock.ts'
import { SimulatedClock } from '../cluster/simulated-clock.ts'
import { selfSignedCertificate } from '../push/fixtures/certificate.ts'
import { newUaid, parseChannelId } from '../push/ids.ts'
import { CLUSTER, deps, fakeParts, KEYS, optionsFor } from './fixtures/fake-parts.ts'
import type { Role } from './role.ts'
import { startRole } from './roles.ts'

const random = createSystemRandom()

t.test('the endpoint opens last and closes first; the store outlives everything', async (t) => {
  const { parts, steps } = fakeParts()
  const serving = await startRole('serve', optionsFor(t.testdir()), parts, deps())
  t.same(steps, ['store open', 'node started', 'endpoint started'])
  t.equal(await serving.stop(), 'stopped')
  t.same(steps.slice(3), ['endpoint closed', 'node drained', 'store closed'])
})

t.test('says the real ports, and both servers know the real origin', async (t) => {
  const { parts, seen } = fakeParts()
  const serving = await startRole('serve', optionsFor(t.testdir()), parts, deps())
  const { wsPort, httpPort, publicUrl } = serving.listening
  t.equal(wsPort, 7001)
  t.ok(httpPort !== undefined && httpPort > 0)
  t.equal(publicUrl, `http://localhost:${httpPort}`)
  t.same(
    seen.map(({ options }) => options.publicUrl),
    [publicUrl, publicUrl],
  )
  await serving.stop()
})

t.test('a certificate is for both servers, for the origin, and what SIGHUP reads again', async (t) => {
  const { certificate, key } = selfSignedCertificate('one')
  const folder = t.testdir({ cert: certificate, key, data: {} })
  const files = { certificateFile: path.join(folder, 'cert'), keyFile: path.join(folder, 'key') }
  const args = ['--tls-cert-file', files.certificateFile, '--tls-key-file', files.keyFile]
  const { parts, seen, steps } = fakeParts()
  const serving = await startRole('serve', optionsFor(path.join(folder, 'data'), ...args), parts, deps())
  t.equal(serving.listening.publicUrl, `https://localhost:${serving.listening.httpPort}`)
  for (const { options } of seen) t.match(options.certificate, { ...files, certificate, key })
  serving.reload()
  t.notMatch(steps, ['node: cert'], 'nothing has changed')
  const other = selfSignedCertificate('other')
  writeFileSync(files.certificateFile, other.certificate)
  writeFileSync(files.keyFile, other.key)
  serving.reload()
  t.same(steps.slice(-2), ['node: cert', 'endpoint: cert'])
  await serving.stop()
  for (const [args, message] of [
    [['--tls-cert-file', folder, '--tls-key-file', folder], /EISDIR/],
    [['--tls-cert-file', files.certificateFile], /PUSHGRID_TLS_KEY_FILE belong together: only one/],
    [['--tls-key-file', files.keyFile], /PUSHGRID_TLS_KEY_FILE belong together: only one/],
  ] as const) {
    const bad = optionsFor(path.join(folder, 'data'), ...args)
    await t.rejects(startRole('serve', bad, parts, deps()), { name: 'StartError', message })
  }
})

t.test('an origin that is given is used as it is', async (t) => {
  const { parts, seen } = fakeParts()
  const options = optionsFor(t.testdir(), '--public-url', 'https://push.example.org')
  await (await startRole('serve', options, parts, deps())).stop()
  t.equal(seen[0]?.options.publicUrl, 'https://push.example.org')
})

t.test('an endpoint side has a console where its options say so', async (t) => {
  const known = ['--public-url', 'https://push.example.org']
  const token = ['--admin-token', '0123456789abcdef']
  const cases: readonly [Role, readonly string[], string | undefined][] = [
    ['serve', [], 'http://localhost:'],
    ['serve', token, 'http://localhost:'],
    ['serve', ['--console', 'off'], undefined],
    ['serve', known, undefined],
    ['serve', [...known, ...token], undefined],
    ['serve', [...known, ...token, '--console', 'on'], 'https://push.example.org/console/'],
    ['endpoint', [...CLUSTER, ...KEYS], 'http://localhost:'],
    ['node', [...CLUSTER, ...KEYS, '--http-port', '1'], undefined],
    ['node', [...CLUSTER, ...KEYS, ...known, '--console', 'on'], undefined],
  ]
  for (const [role, args, url] of cases) {
    const { parts, seen } = fakeParts()
    const serving = await startRole(role, optionsFor(t.testdir(), ...args), parts, deps())
    const { listening } = serving
    const console = seen.map(({ deps }) => deps.console).find((one) => one !== undefined)
    t.equal(console === undefined, url === undefined, `${role} ${args.join(' ')}`)
    if (url === undefined) t.notOk('consoleUrl' in listening)
    else {
      t.match(listening.consoleUrl, url)
      const wsPort = role === 'serve' ? 7001 : null
      t.match(JSON.parse(console?.settings ?? ''), { role, publicUrl: listening.publicUrl, wsPort })
      t.equal(console?.token, args.includes('on') ? token[1] : undefined)
    }
    await serving.stop()
  }
  const { parts, steps } = fakeParts()
  const without = optionsFor(t.testdir(), ...known, '--console', 'on')
  await t.rejects(startRole('serve', without, parts, deps()), {
    name: 'StartError',
    message: /^PUSHGRID_CONSOLE is on, .* needs PUSHGRID_ADMIN_TOKEN, too$/,
  })
  t.notOk(steps.includes('endpoint started'))
})

t.test('endpoints stay valid over a restart, and with given keys over all folders', async (t) => {
  const channelId = parseChannelId('01234567-89ab-4def-8123-456789abcdef')
  if (channelId === undefined) throw new Error('no channel id')
  const subscription = { uaid: newUaid(random), channelId }
  const tokenOf = async (dataDir: string, ...args: string[]) => {
    const { parts, seen } = fakeParts()
    await (await startRole('serve', optionsFor(dataDir, ...args), parts, deps())).stop()
    return seen[0]?.deps.tokens.sealEndpoint(subscription).token
  }
  const folders = t.testdir({ one: {}, other: {} })
  const one = path.join(folders, 'one')
  const other = path.join(folders, 'other')
  const keys = ['--service-keys', 'Q'.repeat(43)]
  t.equal(await tokenOf(one), await tokenOf(one))
  t.not(await tokenOf(one), await tokenOf(other))
  t.equal(await tokenOf(one, ...keys), await tokenOf(other, ...keys))
})

t.test('a part that can not start is named in one line, and what had started is stopped', async (t) => {
  const cases: readonly [string, string, string[]][] = [
    ['store open', "the store can't start: it is broken; choose another folder with --data-dir", []],
    ['node started', "the websocket side can't start: it is broken", ['store closed']],
    ['endpoint started', "the endpoint side can't start: it is broken", ['node drained', 'store closed']],
  ]
  for (const [broken, message, stopped] of cases) {
    const { parts, steps } = fakeParts(broken)
    await t.rejects(startRole('serve', optionsFor(t.testdir()), parts, deps()), {
      name: 'StartError',
      message,
    })
    t.same(steps.slice(steps.indexOf(broken) + 1), stopped, broken)
  }
})

t.test('each role of a cluster is made of its parts, stopped in the opposite order', async (t) => {
  const cases = {
    node: [['node started'], ['node drained']],
    endpoint: [['endpoint started'], ['endpoint closed']],
    serve: [
      ['node started', 'endpoint started'],
      ['endpoint closed', 'node drained'],
    ],
  } as const
  for (const role of ['node', 'endpoint', 'serve'] as const) {
    const { parts, steps } = fakeParts()
    const folder = path.join(t.testdir(), 'never made')
    const options = optionsFor(folder, ...CLUSTER, ...KEYS, '--public-url', 'https://push.example.org')
    const serving = await startRole(role, options, parts, deps())
    const [up, down] = cases[role]
    t.same(steps.splice(0), ['shared store open', `bus open as pushgrid ${role}`, ...up], role)
    t.equal(serving.listening.wsPort, role === 'endpoint' ? undefined : 7001)
    t.equal(serving.listening.httpPort === undefined, role === 'node')
    t.equal(await serving.stop(), 'stopped')
    t.same(steps, [...down, 'bus closed', 'store closed'], role)
    t.notOk(existsSync(folder), 'nothing is kept in the data folder')
  }
})

t.test(
  'a node of a cluster lets its user agents go slowly, and a stop may take that much longer',
  async (t) => {
    const cases: readonly [Role, readonly string[], number, number][] = [
      ['node', [], 30_000, 50_000],
      ['node', ['--drain-ms', '7'], 7, 20_007],
      ['serve', [], 0, 20_000],
      ['serve', ['--drain-ms', '7', '--stop-ms', '1000'], 7, 1007],
    ]
    for (const [role, args, drainMs, stopMs] of cases) {
      const { parts, seen } = fakeParts()
      const options = optionsFor(
        t.testdir(),
        ...CLUSTER,
        ...KEYS,
        '--public-url',
        'https://push.example',
        ...args,
      )
      const serving = await startRole(role, options, parts, deps())
      t.equal(seen[0]?.options.drainMs, drainMs, `${role} ${args.join(' ')}`)
      t.equal(serving.stopMs, stopMs)
      await serving.stop()
    }
  },
)

t.test('a node is told when the bus was away', async (t) => {
  const { parts, steps, buses } = fakeParts()
  const lines: string[] = []
  const options = optionsFor(t.testdir(), ...CLUSTER, ...KEYS, '--http-port', '1')
  const serving = await startRole('node', options, parts, deps(lines))
  steps.length = 0
  buses[0]?.lost()
  buses[0]?.restored()
  t.same(steps, ['node: bus lost', 'node: bus restored'])
  for (let times = 0; times < 5; times++) buses[0]?.failed('decode', new Error('what is that'))
  t.equal(lines.filter((line) => line.includes('what is that')).length, 1, 'a flood of failures is one line')
  await serving.stop()
})

t.test('workers share a port that their parent has tried, and only the first collects garbage', async (t) => {
  // Garbage collection and the sweep of receipts have a timer each. One more is that of the processes' agreement on the cells of NATS.
  for (const [worker, sharedPort, timers] of [
    [undefined, false, 3],
    [1, true, 3],
    [2, true, 1],
  ] as const) {
    const { parts, seen } = fakeParts()
    const clock = new SimulatedClock()
    const options = optionsFor(t.testdir(), ...CLUSTER, ...KEYS, '--http-port', '1')
    const place = worker && {
      number: worker,
      measureBy() {},
      gatherMetrics: async () => ({ type: '', text: '' }),
    }
    const serving = await startRole('node', options, parts, { ...deps(), clock }, place)
    t.equal(seen[0]?.options.sharedPort, sharedPort, `worker ${worker}`)
    t.equal(clock.waiting, timers, `worker ${worker}`)
    await serving.stop()
  }
})

t.test('with MongoDB alone a process serves under a lease, which it lets go of last', async (t) => {
  const { parts, steps } = fakeParts()
  const lines: string[] = []
  const serving = await startRole('serve', optionsFor(t.testdir(), ...CLUSTER.slice(2)), parts, deps(lines))
  t.same(steps.splice(0), ['lease taken', 'leased store open', 'node started', 'endpoint started'])
  t.match(lines.join(''), /"by":"another".*is it gone/)
  t.equal(await serving.stop(), 'stopped')
  t.same(steps, ['endpoint closed', 'node drained', 'store closed', 'lease released'])
})

t.test('a lease that another process holds stops the start; one that is lost ends the process', async (t) => {
  const options = optionsFor(t.testdir(), ...CLUSTER.slice(2))
  await t.rejects(startRole('serve', options, fakeParts('lease').parts, deps()), {
    name: 'StartError',
    message: `the database is in use by pushgrid, process ${process.pid} on ${hostname()}: stop that one, or give`,
  })
  const serving = await startRole('serve', options, fakeParts('renewal').parts, deps())
  t.equal(await serving.failed, 'the lease of the database is lost: it is late')
  await serving.stop()
  const unreachable = startRole('serve', options, fakeParts(CLUSTER[3]).parts, deps())
  await t.rejects(unreachable, {
    message: /^the store can't start: no server at the URL; check --mongodb-url/,
  })
})

t.test('half a cluster is refused in one line that says which half is missing', async (t) => {
  const [nats, mongodb] = [CLUSTER.slice(0, 2), CLUSTER.slice(2)]
  const cases: readonly [Role, readonly string[], RegExp][] = [
    ['serve', nats, /^PUSHGRID_NATS_URL is set without PUSHGRID_MONGODB_URL/],
    [
      'serve',
      [...CLUSTER, '--nats-url-file', 'f'],
      /^choose one of PUSHGRID_NATS_URL and PUSHGRID_NATS_URL_FILE$/,
    ],
    ['serve', ['--nats-url-file', 'f'], /^PUSHGRID_NATS_URL_FILE is set without PUSHGRID_MONGODB_URL/],
    ['node', ['--nats-url-file', 'none', ...mongodb], /NATS_URL_FILE names can't be read \(ENOENT\): none$/],
    ['serve', ['--nats-ca-file', 'ca.pem'], /^PUSHGRID_NATS_CA_FILE is set: it needs PUSHGRID_NATS_URL/],
    [
      'serve',
      [...CLUSTER, '--nats-nkey-file', 'n'],
      /^choose one of credentials in PUSHGRID_NATS_URL and PUSH/,
    ],
    ['node', KEYS, /^pushgrid node needs PUSHGRID_NATS_URL and PUSHGRID_MONGODB_URL/],
    ['endpoint', [...KEYS, ...mongodb], /^pushgrid endpoint needs PUSHGRID_NATS_URL beside PUSHGRID_M/],
    ['node', CLUSTER, /^pushgrid node needs PUSHGRID_SERVICE_KEYS/],
    ['endpoint', CLUSTER, /^pushgrid endpoint needs PUSHGRID_SERVICE_KEYS/],
    ['node', [...CLUSTER, ...KEYS], /^pushgrid node needs PUSHGRID_PUBLIC_URL/],
    [
      'serve',
      ['--workers', '2'],
      /^PUSHGRID_WORKERS is 2: `pushgrid serve` is one process; .* `pushgrid node`/,
    ],
  ]
  for (const [role, args, message] of cases) {
    const { parts, steps } = fakeParts()
    const folder = path.join(t.testdir(), 'never made')
    await t.rejects(startRole(role, optionsFor(folder, ...args), parts, deps()), {
      name: 'StartError',
      message,
    })
    t.same(steps, [], 'before anything is started')
    t.notOk(existsSync(folder))
  }
})

t.test('a cluster that is not there is named in one line, without a password', async (t) => {
  const cases: readonly [string, RegExp][] = [
    [CLUSTER[3] ?? '', /^the store can't start: no server at the URL; check --mongodb-url/],
    [
      'connection',
      /^no NATS server of nats:4222 takes this process \(Authorization Violation\); check --nats-url/,
    ],
  ]
  for (const [broken, message] of cases) {
    const { parts, steps } = fakeParts(broken)
    const clock = { ...systemClock, after: (_: number, run: () => void) => systemClock.after(0, run) }
    const options = optionsFor(t.testdir(), ...CLUSTER, ...KEYS)
    const starting = startRole('endpoint', options, parts, { ...deps(), clock })
    await t.rejects(starting, { name: 'StartError', message })
    t.notMatch(await starting.catch(String), 'hunter2')
    t.equal(steps.at(-1), broken === 'connection' ? 'store closed' : 'shared store open')
  }
})

t.test('a part that can not stop is logged and keeps no other from being stopped', async (t) => {
  const lines: string[] = []
  const { parts, steps } = fakeParts('endpoint closed')
  const serving = await startRole('serve', optionsFor(t.testdir()), parts, deps(lines))
  t.equal(await serving.stop(), 'failed')
  t.same(steps.slice(3), ['endpoint closed', 'node drained', 'store closed'])
  t.match(lines.join(''), 'endpoint did not stop properly')
})
