import path from 'node:path'
import { Writable } from 'node:stream'
import t from 'tap'
import { createSystemRandom, systemClock } from '../cluster/clock.ts'
import { newUaid, parseChannelId } from '../push/ids.ts'
import type { Store } from '../store/store.ts'
import { createLog } from './log.ts'
import type { Options } from './options.ts'
import { readOptions } from './read-options.ts'
import { type Parts, type ServerDeps, type ServerOptions, serve } from './serve.ts'

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
    async openStore() {
      await step('store open')
      return store
    },
    async startNode(options, deps) {
      seen.push({ options, deps })
      await step('node started')
      return { port: 7001, drain: () => step('node drained') }
    },
    async startEndpoint(options, deps) {
      seen.push({ options, deps })
      await step('endpoint started')
      return { port: options.port, close: () => step('endpoint closed') }
    },
  }
  return { parts, steps, seen }
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
  const serving = await serve(optionsFor(t.testdir()), parts, deps())
  t.same(steps, ['store open', 'node started', 'endpoint started'])
  t.equal(await serving.stop(), 'stopped')
  t.same(steps.slice(3), ['endpoint closed', 'node drained', 'store closed'])
})

t.test('says the real ports, and both servers know the real origin', async (t) => {
  const { parts, seen } = fakeParts()
  const serving = await serve(optionsFor(t.testdir()), parts, deps())
  const { wsPort, httpPort, publicUrl } = serving.listening
  t.equal(wsPort, 7001)
  t.ok(httpPort > 0)
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
  await (await serve(options, parts, deps())).stop()
  t.equal(seen[0]?.options.publicUrl, 'https://push.example.org')
})

t.test('endpoints stay valid over a restart, and with given keys over all folders', async (t) => {
  const channelId = parseChannelId('01234567-89ab-4def-8123-456789abcdef')
  if (channelId === undefined) throw new Error('no channel id')
  const subscription = { uaid: newUaid(random), channelId }
  const tokenOf = async (dataDir: string, ...args: string[]) => {
    const { parts, seen } = fakeParts()
    await (await serve(optionsFor(dataDir, ...args), parts, deps())).stop()
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
    await t.rejects(serve(optionsFor(t.testdir()), parts, deps()), { name: 'StartError', message })
    t.same(steps.slice(steps.indexOf(broken) + 1), stopped, broken)
  }
})

t.test('a part that can not stop is logged and keeps no other from being stopped', async (t) => {
  const lines: string[] = []
  const { parts, steps } = fakeParts('endpoint closed')
  const serving = await serve(optionsFor(t.testdir()), parts, deps(lines))
  t.equal(await serving.stop(), 'failed')
  t.same(steps.slice(3), ['endpoint closed', 'node drained', 'store closed'])
  t.match(lines.join(''), 'endpoint did not stop properly')
})
