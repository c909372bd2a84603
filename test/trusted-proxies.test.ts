import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import t from 'tap'
import { freePorts } from '../bench/lab/free-ports.ts'
import { HAPROXY } from './support/haproxy-program.ts'
import { requireProgram } from './support/programs.ts'
import { proxyHeader } from './support/proxy-header.ts'
import { ServerProcess } from './support/server-process.ts'
import { UPGRADE } from './support/silent-socket.ts'
import { startSingleSystem } from './support/single-system.ts'

/*
 * Whose connections are whose, behind a real HAProxy and without one. Clients come from addresses of 127.0.0.0/8, which are all of this
 * machine; each may have so many websockets.
 */

const ADDRESS_MAX = 2
/** Where HAProxy's own connections to the node come from. */
const PROXY_ADDRESS = '127.0.0.9'
const ALLOWED = 101
const REFUSED = 429

const system = await startSingleSystem({
  env: {
    PUSHGRID_TRUSTED_PROXIES: PROXY_ADDRESS,
    PUSHGRID_ADDRESS_MAX: `${ADDRESS_MAX}`,
    // They say nothing, and stay for as long as the test takes.
    PUSHGRID_HELLO_TIMEOUT_MS: '60000',
  },
})
t.teardown(() => system.stop())
const nodePort = Number(new URL(system.wsUrl).port)
const [tcpPort = 0, httpPort = 0] = await freePorts(2)
await startHaproxy()
const open: Socket[] = []
t.teardown(() => {
  for (const socket of open) socket.destroy()
})

/** Two ways through HAProxy: bytes with a PROXY header before them, and requests with X-Forwarded-For. */
async function startHaproxy(): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'pushgrid-haproxy-'))
  const file = path.join(folder, 'haproxy.cfg')
  const server = `server node 127.0.0.1:${nodePort} source ${PROXY_ADDRESS}`
  const lines = [
    'defaults',
    '  timeout connect 5s',
    '  timeout client 60s',
    '  timeout server 60s',
    '  timeout tunnel 60s',
    'listen bytes',
    '  mode tcp',
    `  bind 127.0.0.1:${tcpPort}`,
    `  ${server} send-proxy-v2`,
    'listen requests',
    '  mode http',
    '  option forwardfor',
    `  bind 127.0.0.1:${httpPort}`,
    `  ${server}`,
  ]
  await writeFile(file, `${lines.join('\n')}\n`)
  const program = await requireProgram(HAPROXY)
  const haproxy = new ServerProcess({
    name: 'HAProxy',
    program,
    entrypoint: '',
    args: ['-db', '-f', file],
    folder,
  })
  t.teardown(async () => {
    await haproxy.kill('SIGTERM')
    await rm(folder, { recursive: true })
  })
  await haproxy.ready(listens(tcpPort))
}

async function listens(port: number): Promise<void> {
  while (
    !(await fetch(`http://127.0.0.1:${port}/health`).then(
      ({ ok }) => ok,
      () => false,
    ))
  );
}

/** Asks for a websocket, with this before the request, or more headers in it. @returns the status of the answer */
async function upgrade(
  from: string,
  port: number,
  { before = Buffer.alloc(0), headers = '' }: { before?: Uint8Array; headers?: string } = {},
): Promise<number> {
  const socket = opened(from, port)
  socket.write(Buffer.concat([before, Buffer.from(UPGRADE.replace('\r\n\r\n', `\r\n${headers}\r\n`))]))
  return statusOf(socket)
}

function opened(localAddress: string, port: number): Socket {
  const socket = connect({ port, host: '127.0.0.1', localAddress })
  open.push(socket.on('error', () => {}))
  return socket
}

/** The status of the next answer; NaN when the connection ends without one. */
async function statusOf(socket: Socket): Promise<number> {
  const answer = await new Promise<Buffer>((resolve) => {
    socket.once('data', resolve).once('close', () => resolve(Buffer.alloc(0)))
  })
  return Number(answer.toString('latin1', 9, 12) || Number.NaN)
}

/** The statuses of the answers until the connection ends, or there are two. */
async function statusesOf(socket: Socket): Promise<number[]> {
  let text = ''
  const statuses = () => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status))
  await new Promise<void>((resolve) => {
    socket
      .once('close', () => resolve())
      .on('data', (data) => {
        text += data.toString('latin1')
        if (statuses().length > 1) resolve()
      })
  })
  return statuses()
}

for (const [way, port] of [
  ['PROXY protocol', tcpPort],
  ['X-Forwarded-For', httpPort],
] as const) {
  t.test(`${way} of a trusted proxy: each client counts by its own address`, async (t) => {
    const [one, other] = way === 'PROXY protocol' ? ['127.0.2.1', '127.0.2.2'] : ['127.0.3.1', '127.0.3.2']
    const statuses: number[] = []
    for (let count = 0; count <= ADDRESS_MAX; count++) statuses.push(await upgrade(one, port))
    t.same(statuses, [ALLOWED, ALLOWED, REFUSED])
    t.equal(await upgrade(other, port), ALLOWED)
    const made = { headers: 'X-Forwarded-For: 198.51.100.1\r\n' }
    t.equal(
      await upgrade(one, port, made),
      REFUSED,
      'what the client itself says of its address does not count',
    )
  })
}

t.test('a client behind a proxy can not say another address by a PROXY header of its own', async (t) => {
  const full = '127.0.2.3'
  for (let count = 0; count < ADDRESS_MAX; count++) t.equal(await upgrade(full, tcpPort), ALLOWED)
  const again = Buffer.concat([proxyHeader('198.51.100.1'), Buffer.from(UPGRADE)])
  for (const [request, status] of [
    ['GET / HTTP/1.1\r\nHost: a\r\n\r\n', 426],
    ['GET /__lbheartbeat__ HTTP/1.1\r\nHost: a\r\n\r\n', 200],
    [UPGRADE, REFUSED],
  ] as const) {
    const atOnce = opened(full, tcpPort)
    atOnce.write(Buffer.concat([Buffer.from(request), again]))
    t.notOk((await statusesOf(atOnce)).includes(ALLOWED), `${status}, and another request behind it`)
    const later = opened(full, tcpPort)
    later.write(request)
    later.once('data', () => later.write(again))
    t.same(await statusesOf(later), [status], `${status}, and another request after the answer`)
  }
})

t.test('nobody else is believed', async (t) => {
  const ways = [
    (address: string) => ({ before: proxyHeader(address) }),
    (address: string) => ({ headers: `X-Forwarded-For: ${address}\r\n` }),
  ]
  for (const [index, way] of ways.entries()) {
    const statuses: number[] = []
    for (let count = 0; count <= ADDRESS_MAX; count++)
      statuses.push(await upgrade(`127.0.4.${index + 1}`, nodePort, way(`198.51.100.${count}`)))
    t.same(statuses, [ALLOWED, ALLOWED, REFUSED])
  }
})
