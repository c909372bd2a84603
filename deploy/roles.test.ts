import { existsSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Writable } from 'node:stream'
import t from 'tap'
import { createSystemRandom, systemClock } from '../cluster/clock.ts'
import { InProcessBus } from '../cluster/in-process-bus.ts'
import type { NatsBusEvents } from '../cluster/nats-bus.ts'
import { settled } from '../cluster/simulated-clock.ts'
import { type AgentReply, type AgentRequest, PROCESSES_ADDRESS } from '../push/agent-requests.ts'
import { PushError } from '../push/errors.ts'
import { newUaid, parseChannelId } from '../push/ids.ts'
import type { Store } from '../store/store.ts'
import type { Parts, ServerDeps, ServerOptions } from './assembly.ts'
import { createLog } from './log.ts'
import type { Options } from './options.ts'
import { readOptions } from './read-options.ts'
import { type Role, startRole } from './roles.ts'

const random = createSystemRandom()

function optionsFor(dataDir: string, ...args: string[]): Options {
  const request = readOptions(['--data-dir', dataDir, '--ws-port', '0', '--http-port', '0', ...args], {})
  if (request.kind !== 'options') throw new Error('no options')
  return request.options
}

/** Parts that note what is done to them; `broken` is the step that fails. */
function fakeParts(broken?: string) {
  const steps: string[] = []
  const seen: { options: ServerOptions; deps: ServerDeps }[] = []
  const buses: NatsBusEvents[] = []
  const step = async (name: string) => {
    steps.push(name)
    if (name === broken) throw new Error('it is\nbroken')
  }
  const unused = () => Promise.reject(new Error('not used here'))
  const store: Store = {
    connect: unused,
    touch: unused,
    register: unused,
    unregister: unused,
    channelStatus: unused,
    dropAgent: unused,
    put: unused,
    list: unused,
    remove: unused,
    removeTopic: unused,
    countSends: unused,
    pending: unused,
    collectGarbage: unused,
    ping: unused,
    close: () => step('store closed'),
  }
  const parts: Parts = {
    async openEmbeddedStore() {
      await step('store open')
      return store
    },
    async openSharedStore({ url }) {
      await step('shared store open')
      if (broken === url) throw new PushError('storeDown', undefined, new Error(`no server at ${url}`))
      return store
    },
    async loadSharedBus() {
      return ({ nats }, events, { clock }) => {
        steps.push(`bus open as ${nats.name}`)
        buses.push(events)
        if (broken === 'connection') events.failed('connect', new Error('Authorization Violation'))
        else if (broken !== `cell ${nats.servers}`) events.restored()
        const bus = new InProcessBus<AgentRequest, AgentReply>({ clock, onListenerError: () => {} })
        bus.close = () => step('bus closed')
        return bus
      }
    },
    async startNode(options, deps) {
      seen.push({ options, deps })
      await step('node started')
      return {
        port: 7001,
        busLost: () => void steps.push('node: bus lost'),
        busRestored: () => void steps.push('node: bus restored'),
        drain: () => step('node drained'),
      }
    },
    async startEndpoint(options, deps) {
      seen.push({ options, deps })
      await step('endpoint started')
      return { port: options.port, close: () => step('endpoint closed') }
    },
  }
  return { parts, steps, seen, buses }
}

function deps(lines: string[] = []) {
  const output = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
  return { clock: systemClock, random, log: createLog({ logLevel: 'info' }, output) }
}

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

t.test('an origin that is given is used as it is', async (t) => {
  const { parts, seen } = fakeParts()
  const options = optionsFor(t.testdir(), '--public-url', 'https://push.example.org')
  await (await startRole('serve', options, parts, deps())).stop()
  t.equal(seen[0]?.options.publicUrl, 'https://push.example.org')
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

const CLUSTER = [
  '--nats-url',
  'nats://me:hunter2@nats:4222',
  '--mongodb-url',
  'mongodb://me:hunter2@mongo/push',
]
const KEYS = ['--service-keys', 'Q'.repeat(43)]

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

t.test('half a cluster is refused in one line that says which half is missing', async (t) => {
  const [nats, mongodb] = [CLUSTER.slice(0, 2), CLUSTER.slice(2)]
  const cases: readonly [Role, readonly string[], RegExp][] = [
    ['serve', nats, /^PUSHGRID_NATS_URL is set without PUSHGRID_MONGODB_URL/],
    ['serve', mongodb, /^PUSHGRID_MONGODB_URL is set without PUSHGRID_NATS_URL: .* not in this version yet/],
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
    ['endpoint', [...KEYS, ...mongodb], /^PUSHGRID_MONGODB_URL is set without PUSHGRID_NATS_URL/],
    ['node', CLUSTER, /^pushgrid node needs PUSHGRID_SERVICE_KEYS/],
    ['endpoint', CLUSTER, /^pushgrid endpoint needs PUSHGRID_SERVICE_KEYS/],
    ['node', [...CLUSTER, ...KEYS], /^pushgrid node needs PUSHGRID_PUBLIC_URL/],
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

t.test('the map of cells comes from a file, and is read again when told to', async (t) => {
  const folder = t.testdir({ cells: 'east=nats://a\n' })
  const file = path.join(folder, 'cells')
  const { parts, seen, buses, steps } = fakeParts()
  const lines: string[] = []
  const options = optionsFor(folder, '--nats-url-file', file, ...CLUSTER.slice(2), ...KEYS)
  const serving = await startRole('endpoint', options, parts, deps(lines))
  const health = () => seen[0]?.deps.busHealth()
  t.same(health(), { isReady: true, cells: { settled: true, byName: { east: { connected: true } } } })
  writeFileSync(file, 'east=nats://a;+west=nats://me:hunter2@b')
  serving.reload()
  await settled()
  const byName = { east: { connected: true }, west: { connected: true, change: 'adding' } }
  t.same(health(), { isReady: true, cells: { settled: true, byName } })
  t.equal(buses.length, 2)
  writeFileSync(file, 'east=nats://a;west')
  serving.reload()
  t.match(lines.at(-1), /"level":50.*the map of cells stays as it is: .* cell 2 has no name: must be/)
  t.match(health(), { cells: { byName } })
  rmSync(file)
  serving.reload()
  t.match(lines.at(-1), /the map of cells stays as it is: .* can't be read \(ENOENT\)/)
  buses[0]?.lost()
  t.match(health(), { isReady: true, cells: { byName: { east: { connected: false } } } })
  buses[1]?.lost()
  t.match(health(), { isReady: false, reason: 'no server of NATS is connected' })
  t.match(lines.at(-1), /"cell":"west".*the connection to NATS is lost/)
  t.notMatch(lines.join(), 'hunter2')
  t.equal(await serving.stop(), 'stopped')
  t.equal(steps.filter((step) => step === 'bus closed').length, 2)
})

t.test('a process starts without a cell that is away, and says so', async (t) => {
  const { parts, seen, buses } = fakeParts('cell b:4222')
  const lines: string[] = []
  const clock = {
    ...systemClock,
    after: (ms: number, run: () => void) => systemClock.after(ms === 2000 ? 0 : ms, run),
  }
  const cells = ['--nats-url', 'east=nats://a;west=nats://b']
  const options = optionsFor(t.testdir(), ...cells, ...CLUSTER.slice(2), ...KEYS)
  const serving = await startRole('endpoint', options, parts, { ...deps(lines), clock })
  t.match(lines.join(), /"cell":"west".*starting without this cell of NATS/)
  t.match(seen[0]?.deps.busHealth(), { isReady: true, cells: { byName: { west: { connected: false } } } })
  buses[1]?.restored()
  t.match(seen[0]?.deps.busHealth(), { cells: { byName: { west: { connected: true } } } })
  await serving.stop()
})

t.test('a process whose map differs from an older one is not ready; the older one is', async (t) => {
  const { parts, seen } = fakeParts()
  const lines: string[] = []
  const cells = ['--nats-url', 'east=nats://a;west=nats://b']
  const serving = await startRole(
    'endpoint',
    optionsFor(t.testdir(), ...cells, ...CLUSTER.slice(2), ...KEYS),
    parts,
    deps(lines),
  )
  const [endpoint] = seen
  const say = (process: string, ageMs: number, digest: string) => {
    const digests = { from: digest, to: digest }
    const statement = { process, ageMs, digests, isDisputed: false }
    endpoint?.deps.bus.tell(PROCESSES_ADDRESS, { kind: 'cells', statement })
  }
  say('a'.repeat(16), 0, '0'.repeat(16))
  t.match(endpoint?.deps.busHealth(), { isReady: true })
  t.match(lines.at(-1), /"level":40.*a newer process has another map of cells/)
  say('b'.repeat(16), 1_000_000, '0'.repeat(16))
  const reason = '1 other processes have had another map of cells for longer'
  t.match(endpoint?.deps.busHealth(), { isReady: false, reason })
  t.match(lines.at(-1), /"level":40.*this one is not ready until they agree/)
  await serving.stop()
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
