import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import t, { type Test } from 'tap'
import { freePorts } from '../../bench/lab/free-ports.ts'
import { becomes } from '../support/becomes.ts'
import { DEPLOY } from '../support/deploy-folder.ts'
import { FiguresStream } from '../support/figures-stream.ts'
import { finished } from '../support/finished.ts'
import { LocalMongoServer } from '../support/mongodb-server.ts'
import { NATS_SERVER } from '../support/nats-server-program.ts'
import { UNHURRIED } from '../support/patient.ts'
import { requireProgram } from '../support/programs.ts'
import { PushgridProcess } from '../support/pushgrid-process.ts'
import { ServerProcess } from '../support/server-process.ts'
import { roundTrip } from './round-trip.ts'

const FOLDER = path.join(DEPLOY, 'nats')
const CONFIGURATION = path.join(FOLDER, 'nats-server.conf')
const SERVERS = [0, 1, 2]
/** Beginning with a letter, as the README demands. */
const password = () => `p${randomBytes(8).toString('hex')}`
const passwords = { route: password(), pushgrid: password(), admin: password() }

const program = await requireProgram(NATS_SERVER)
const ports = await freePorts(SERVERS.length * 3)
const [clientPorts, routePorts, monitorPorts] = [ports.slice(0, 3), ports.slice(3, 6), ports.slice(6)]
const servers = SERVERS.map((index) => new ServerProcess(command(index)))
t.teardown(() => Promise.all(servers.map((server) => server.kill('SIGKILL'))))
await Promise.all(servers.map((server) => server.says('Server is ready')))

function command(index: number) {
  return {
    name: `nats-${index + 1}`,
    program,
    entrypoint: NATS_SERVER.files[0],
    args: ['--config', CONFIGURATION],
    folder: FOLDER,
    env: { ...process.env, ...environment(index) },
  }
}

function environment(index: number): Readonly<Record<string, string>> {
  const route = (other: number) => `nats://route:${passwords.route}@127.0.0.1:${routePorts[other]}`
  return {
    NATS_NAME: `nats-${index + 1}`,
    NATS_LISTEN: `127.0.0.1:${clientPorts[index]}`,
    NATS_MONITOR: `127.0.0.1:${monitorPorts[index]}`,
    NATS_ROUTE_LISTEN: `127.0.0.1:${routePorts[index]}`,
    NATS_ROUTE_1: route(0),
    NATS_ROUTE_2: route(1),
    NATS_ROUTE_3: route(2),
    NATS_ROUTE_PASSWORD: passwords.route,
    NATS_PUSHGRID_PASSWORD: passwords.pushgrid,
    NATS_ADMIN_PASSWORD: passwords.admin,
  }
}

async function client(t: Test, user: string, pass: string): Promise<NatsConnection> {
  const connection = await connect({ servers: `127.0.0.1:${clientPorts[0]}`, user, pass, reconnect: false })
  t.teardown(() => connection.close())
  return connection
}

/** The first complaint of the server about this connection. */
async function complaint(connection: NatsConnection): Promise<string> {
  for await (const status of connection.status()) if (status.type === 'error') return String(status.error)
  return 'the connection ended without one'
}

t.test("nats-server's own check passes, with the sample of an environment, too", async (t) => {
  const sample = await finished('sh', [
    '-c',
    `set -a; . ${FOLDER}/nats.env; ${program} -t -c ${CONFIGURATION}`,
  ])
  t.equal(sample.status, 0, sample.output)
})

t.test('Pushgrid works with its account, across servers', async (t) => {
  const mongodb = await LocalMongoServer.start()
  t.teardown(() => mongodb.stop())
  const [nodePort, endpointPort] = await freePorts(2)
  const origin = `http://localhost:${endpointPort}`
  const settings = (server: number) => ({
    PUSHGRID_NATS_URL: `nats://pushgrid:${passwords.pushgrid}@127.0.0.1:${clientPorts[server]}`,
    PUSHGRID_MONGODB_URL: mongodb.url('pushgrid'),
    PUSHGRID_SERVICE_KEYS: '5'.repeat(64),
    PUSHGRID_PUBLIC_URL: origin,
    PUSHGRID_DRAIN_MS: '0',
    ...UNHURRIED,
  })
  const node = new PushgridProcess('node', { ...settings(0), PUSHGRID_WS_PORT: `${nodePort}` })
  const endpoint = new PushgridProcess('endpoint', { ...settings(1), PUSHGRID_HTTP_PORT: `${endpointPort}` })
  t.teardown(() => Promise.all([node, endpoint].map((one) => one.kill('SIGTERM'))))
  await Promise.all([node.listening, endpoint.listening])
  const eavesdropper = await client(t, 'admin', passwords.admin)
  const overheard = eavesdropper.subscribe('push.>')
  await eavesdropper.flush()
  await roundTrip(t, { wsUrl: `ws://127.0.0.1:${nodePort}/`, origin })
  const figures = await FiguresStream.open(origin)
  await figures.until((processes) => processes.length === 2)
  figures.close()
  for (const { output } of [node, endpoint]) t.notMatch(output, /ermissions/)
  await eavesdropper.flush()
  t.equal(overheard.getReceived(), 0, 'another account hears nothing of it')
})

t.test('another account does not reach it', async (t) => {
  const pushgrid = await client(t, 'pushgrid', passwords.pushgrid)
  pushgrid.subscribe('push.ua.x', { callback: (_error, message) => void message.respond('here') })
  await pushgrid.flush()
  const answer = await pushgrid.request('push.ua.x', 'ask', { timeout: 60_000 })
  t.equal(answer.string(), 'here')
  const admin = await client(t, 'admin', passwords.admin)
  await t.rejects(admin.request('push.ua.x', 'ask', { timeout: 60_000 }), /no responders/i)
})

t.test('strangers are refused', async (t) => {
  await t.rejects(client(t, 'pushgrid', 'wrong'), /Authorization Violation/)
  await t.rejects(
    connect({ servers: `127.0.0.1:${clientPorts[2]}`, reconnect: false }),
    /Authorization Violation/,
  )
})

t.test("Pushgrid's account may use no other subjects", async (t) => {
  const publisher = await client(t, 'pushgrid', passwords.pushgrid)
  const refused = complaint(publisher)
  publisher.publish('orders.new')
  t.match(await refused, /Permissions Violation for Publish to "orders.new"/)
  const listener = await client(t, 'pushgrid', passwords.pushgrid)
  const deaf = complaint(listener)
  listener.subscribe('>', { callback: () => {} })
  t.match(await deaf, /Permissions Violation for Subscription to ">"/)
})

t.test('a server that does not know the password gets no route', async (t) => {
  const [port, routePort, monitorPort] = await freePorts(3)
  const env = {
    ...command(0).env,
    NATS_NAME: 'stranger',
    NATS_LISTEN: `127.0.0.1:${port}`,
    NATS_MONITOR: `127.0.0.1:${monitorPort}`,
    NATS_ROUTE_LISTEN: `127.0.0.1:${routePort}`,
    NATS_ROUTE_1: `nats://route:wrong@127.0.0.1:${routePorts[0]}`,
    NATS_ROUTE_2: `nats://route:wrong@127.0.0.1:${routePorts[1]}`,
    NATS_ROUTE_3: `nats://route:wrong@127.0.0.1:${routePorts[2]}`,
  }
  const refused = new Promise<void>((resolve) => {
    const onLine = (line: string) => {
      if (/Authorization/i.test(line)) resolve()
    }
    const stranger = new ServerProcess({ ...command(0), name: 'stranger', env, onLine })
    t.teardown(() => stranger.kill('SIGKILL'))
  })
  await refused
  const known = async () => {
    const answer = await fetch(`http://127.0.0.1:${monitorPorts[0]}/routez`)
    const { routes } = (await answer.json()) as { routes: { remote_name: string }[] }
    return [...new Set(routes.map((route) => route.remote_name))].toSorted()
  }
  await becomes(t, known, ['nats-2', 'nats-3'])
})
