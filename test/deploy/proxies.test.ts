import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { Agent } from 'node:https'
import { tmpdir } from 'node:os'
import path from 'node:path'
import t, { type Test } from 'tap'
import { request, Agent as UndiciAgent } from 'undici'
import webPush from 'web-push'
import { freePorts } from '../../bench/lab/free-ports.ts'
import { selfSignedCertificate } from '../../push/fixtures/certificate.ts'
import { Cluster } from '../support/cluster.ts'
import { DEPLOY } from '../support/deploy-folder.ts'
import { finished } from '../support/finished.ts'
import { Firefox } from '../support/firefox.ts'
import { requireProgram } from '../support/programs.ts'
import { Sender } from '../support/sender.ts'
import { ServerProcess } from '../support/server-process.ts'
import { RECIPES } from './proxies.ts'
import { roundTrip } from './round-trip.ts'

/** A node pings after 5 minutes, and waits 16 s (`idleTimeout` of its websockets). */
const SILENCE_MAX_MS = 316_000

const ADMIN_TOKEN = 'a-token-for-the-test'
const certificate = selfSignedCertificate('proxy')
const ca = certificate.certificate
const [port = 0, spare = 0, other = 0] = await freePorts(3)
/** All of them take turns at one address, which endpoints name. */
const origin = `https://localhost:${port}`
const wsUrl = `wss://localhost:${port}/`
const cluster = await Cluster.start({
  nodes: 2,
  endpoints: 2,
  env: {
    PUSHGRID_PUBLIC_URL: origin,
    PUSHGRID_TRUSTED_PROXIES: '127.0.0.1',
    PUSHGRID_CONSOLE: 'on',
    PUSHGRID_ADMIN_TOKEN: ADMIN_TOKEN,
  },
})
t.teardown(() => cluster.stop())
const address = (url: string) => new URL(url).host
const behind = {
  port,
  spare: [spare, other],
  nodes: [address(cluster.node(0).url), address(cluster.node(1).url)],
  endpoints: [address(cluster.endpoint(0).url), address(cluster.endpoint(1).url)],
  certificate,
} as const

/** Checks a recipe with the proxy's own means, and starts it. */
async function started(t: Test, name: keyof typeof RECIPES): Promise<ServerProcess> {
  const { program, adapt } = RECIPES[name]
  const folder = await mkdtemp(path.join(tmpdir(), 'pushgrid-proxy-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const file = await requireProgram(program)
  const { check, args, env } = await adapt(folder, behind)
  const { status, output } = await finished(file, check, env)
  t.equal(status, 0, output)
  t.notMatch(output, /\[warn/i)
  const proxy = new ServerProcess({ name, program: file, entrypoint: '', args, folder, ...(env && { env }) })
  t.teardown(() => proxy.kill('SIGTERM'))
  await proxy.ready(serves(proxy))
  return proxy
}

async function serves(proxy: ServerProcess): Promise<void> {
  const sender = new Sender(1, ca)
  const status = () => sender.send('GET', `${origin}/health`, undefined, {}).then((answer) => answer.status)
  while (!proxy.hasEnded && (await status().catch(() => 0)) !== 200);
  await sender.close()
}

for (const name of ['HAProxy', 'nginx', 'Caddy'] as const) {
  t.test(`${name}: messages arrive through TLS, also when an endpoint dies`, async (t) => {
    const proxy = await started(t, name)
    await roundTrip(t, { wsUrl, origin, ca, isProxied: true })
    const sender = new Sender(1, ca)
    t.teardown(() => sender.close())
    const metrics = await sender.send('GET', `${origin}/metrics`, undefined, {})
    t.equal(metrics.status, 404, 'metrics are not for everyone')
    await consoleWorks(t)
    await cluster.endpoint(0).kill('SIGKILL')
    await roundTrip(t, { wsUrl, origin, ca, isProxied: true })
    t.notMatch(proxy.output, '/wpush/', 'paths of endpoints are secrets, and not logged')
    await cluster.endpoint(0).restart()
    if (name === 'HAProxy') await firefox(t)
  })
}

/** The console is for who has the token, and its figures come at once. */
async function consoleWorks(t: Test): Promise<void> {
  const url = `${origin}/console`
  const dispatcher = new UndiciAgent({ connect: { ca } })
  t.teardown(() => dispatcher.destroy())
  t.equal((await request(`${url}/`, { dispatcher })).statusCode, 200)
  t.equal((await request(`${url}/figures`, { dispatcher })).statusCode, 401)
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
  const { statusCode, body } = await request(`${url}/figures`, { dispatcher, headers })
  t.equal(statusCode, 200)
  let events = 0
  for await (const chunk of body.setEncoding('utf8')) {
    events += `${chunk}`.split('data: ').length - 1
    // On a busy machine two may come together.
    if (events >= 2) break
  }
  t.ok(events >= 2)
}

/** Firefox and the real library that senders use. */
async function firefox(t: Test): Promise<void> {
  const browser = await Firefox.create(wsUrl, ca)
  t.teardown(() => browser.destroy())
  await browser.start()
  const subscription = await browser.subscribe('/proxied/')
  t.equal(new URL(subscription.endpoint).origin, origin)
  const agent = new Agent({ ca })
  t.teardown(() => agent.destroy())
  const sent = await webPush.sendNotification(subscription, 'through the proxy', { agent })
  t.equal(sent.statusCode, 201)
  t.match(await browser.received(1), [{ scope: '/proxied/', text: 'through the proxy' }])
  await browser.stop()
}

t.test('no proxy cuts a browser for its silence before its node does', async (t) => {
  const minutes = async (file: string, setting: RegExp) => {
    const text = await readFile(path.join(DEPLOY, 'proxy', file), 'utf8')
    return Array.from(text.matchAll(setting), ([, value]) => Number(value) * 60_000)
  }
  t.same(await minutes('haproxy.cfg', /timeout tunnel +(\d+)m/g), [360_000])
  t.same(await minutes('nginx.conf', /proxy_(?:read|send)_timeout (\d+)m/g), [360_000, 360_000])
  t.ok(360_000 > SILENCE_MAX_MS)
})
