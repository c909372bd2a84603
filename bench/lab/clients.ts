import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Pool, WebSocket as UndiciSocket } from 'undici'
import { WebSocketServer, WebSocket as WsSocket } from 'ws'
import { createSystemRandom, systemClock } from '../../cluster/clock.ts'
import { HttpConnections } from '../load/http-connections.ts'
import { placeOf } from '../load/place.ts'
import { WebSocketDialer } from '../load/web-socket.ts'

/*
 * What the load generator is made of, and what it could be made of: resident memory per idle websocket, CPU time per notification that comes and
 * is acknowledged, CPU time per POST. Each contestant is a process of its own, against a plain server in another.
 */
const { values } = parseArgs({
  options: {
    contestant: { type: 'string' },
    only: { type: 'string' },
    port: { type: 'string' },
    sockets: { type: 'string', default: '4000' },
    messages: { type: 'string', default: '60000' },
    posts: { type: 'string', default: '40000' },
  },
})
const SOCKETS = Number(values.sockets)
const ACTIVE = 200
const SENDERS = 32
const SETTLE_MS = 2500

/** A websocket of any make. */
interface Socket {
  send(text: string): void
}
type Open = (received: (text: string) => void) => Promise<Socket>
type Post = () => Promise<void>

const notification = JSON.stringify({
  messageType: 'notification',
  channelID: '5e9ff4d4-7c1b-4c2c-bd1d-3dbb0a36fa3a',
  version: 'gAAAAABZI6XCYx5WtlQaIcyLzpIk8uZJ9aaKzWc3d3xQ4mC9sNBWR2C5g3e7p1Xv',
  data: 'A'.repeat(1366),
  headers: { encoding: 'aes128gcm' },
})
const ack = JSON.stringify({
  messageType: 'ack',
  updates: [{ channelID: '5e9ff4d4-7c1b-4c2c-bd1d-3dbb0a36fa3a', version: 'x'.repeat(64), code: 100 }],
})

const headers = {
  ttl: '600',
  'content-encoding': 'aes128gcm',
  'content-type': 'application/octet-stream',
  authorization: `vapid t=${'t'.repeat(250)}, k=${'k'.repeat(87)}`,
}
const path = `/wpush/v2/${'p'.repeat(140)}`
const body = Buffer.alloc(1024, 1)

if (values.contestant === 'server') serve()
else if (values.contestant === undefined) await measureAll()
else await measure(values.contestant, Number(values.port))

/** A websocket that hears `N` sends N notifications; a POST is answered 201. */
function serve(): void {
  const http = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(201, { location: '/m/1', ttl: '600' }).end())
  })
  const sockets = new WebSocketServer({ server: http, perMessageDeflate: false })
  sockets.on('connection', (socket) => {
    let left = 0
    socket.on('message', (data) => {
      const text = String(data)
      if (/^\d+$/.test(text)) left = Number(text)
      if (left-- > 0) socket.send(notification)
    })
  })
  http.listen(0, '127.0.0.1', () => process.send?.((http.address() as AddressInfo).port))
}

async function measureAll(): Promise<void> {
  for (const contestant of values.only?.split(',') ?? [
    'own websocket',
    'ws',
    'undici websocket',
    'undici dispatch',
    'undici request',
    'raw http',
  ]) {
    const server = start('server', [])
    const [port] = await once(server, 'message')
    await once(start(contestant, ['--port', String(port)]), 'exit')
    server.kill()
  }
}

function start(contestant: string, args: readonly string[]): ChildProcess {
  const sizes = ['--sockets', values.sockets, '--messages', values.messages, '--posts', values.posts]
  const execArgv = ['--expose-gc']
  return fork(import.meta.filename, ['--contestant', contestant, ...args, ...sizes], { execArgv })
}

async function measure(contestant: string, port: number): Promise<void> {
  switch (contestant) {
    case 'own websocket':
      await measureSockets(contestant, await openOwn(port))
      break
    case 'ws':
      await measureSockets(contestant, (received) => openWs(port, received))
      break
    case 'undici websocket':
      await measureSockets(contestant, (received) => openUndici(port, received))
      break
    case 'undici dispatch':
      await measurePosts(contestant, await postOwn(port))
      break
    case 'raw http':
      await measurePosts(contestant, postRaw(port))
      break
    default:
      await measurePosts(contestant, postUndici(port))
  }
  process.exit()
}

async function measureSockets(contestant: string, open: Open): Promise<void> {
  const listeners: ((text: string) => void)[] = []
  const openAt = (index: number) => open((text) => listeners[index]?.(text))
  const active = await Promise.all(Array.from({ length: ACTIVE }, (_, index) => openAt(index)))
  const roundOf = (each: number) =>
    Promise.all(
      active.map(
        (socket, index) =>
          new Promise<void>((resolve) => {
            let left = each
            listeners[index] = (text) => {
              JSON.parse(text)
              left -= 1
              if (left === 0) resolve()
              else socket.send(ack)
            }
            socket.send(String(each))
          }),
      ),
    )
  const each = Math.round(Number(values.messages) / ACTIVE)
  await roundOf(each)
  const before = process.cpuUsage()
  await roundOf(each)
  const cpuUs = cpuSince(before) / (each * ACTIVE)
  const rssBefore = await settledRss()
  const idle: Socket[] = []
  while (idle.length < SOCKETS) {
    const some = Array.from({ length: 50 }, () => open(() => {}))
    idle.push(...(await Promise.all(some)))
  }
  const kilobytes = ((await settledRss()) - rssBefore) / idle.length / 1000
  console.log(
    `${contestant.padEnd(18)} ${kilobytes.toFixed(1)} kB an idle connection (${idle.length}); ` +
      `${cpuUs.toFixed(1)} us CPU a notification with its ack`,
  )
}

async function measurePosts(contestant: string, post: Post): Promise<void> {
  const run = async (count: number) => {
    let left = count
    const sender = async () => {
      while (left-- > 0) await post()
    }
    await Promise.all(Array.from({ length: SENDERS }, sender))
  }
  const posts = Number(values.posts)
  await run(posts / 2)
  const before = process.cpuUsage()
  await run(posts)
  console.log(`${contestant.padEnd(18)} ${(cpuSince(before) / posts).toFixed(1)} us CPU a POST of 1 kB`)
}

function cpuSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return user + system
}

async function settledRss(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    globalThis.gc?.()
    await wait(SETTLE_MS / 3)
  }
  const pages = Number(readFileSync('/proc/self/statm', 'utf8').split(' ')[1])
  return pages * 4096
}

async function openOwn(port: number): Promise<Open> {
  const place = await placeOf(new URL(`ws://127.0.0.1:${port}/`), true)
  const dialer = new WebSocketDialer(place, createSystemRandom())
  return (received) =>
    new Promise((resolve, reject) => {
      const socket = dialer.dial({ opened: () => resolve(socket), text: received, closed: reject })
    })
}

function openWs(port: number, received: (text: string) => void): Promise<Socket> {
  const socket = new WsSocket(`ws://127.0.0.1:${port}/`, 'push-notification', { perMessageDeflate: false })
  socket.on('message', (data) => received(String(data)))
  return new Promise((resolve, reject) => socket.once('open', () => resolve(socket)).once('error', reject))
}

function openUndici(port: number, received: (text: string) => void): Promise<Socket> {
  const socket = new UndiciSocket(`ws://127.0.0.1:${port}/`)
  socket.addEventListener('message', ({ data }) => received(String(data)))
  return new Promise((resolve, reject) => {
    socket.addEventListener('open', () => resolve(socket))
    socket.addEventListener('error', reject)
  })
}

async function postOwn(port: number): Promise<Post> {
  const place = await placeOf(new URL(`http://127.0.0.1:${port}/`), true)
  const connections = new HttpConnections(place, {
    connectionsMax: SENDERS,
    timeoutMs: 30_000,
    clock: systemClock,
  })
  const request = { method: 'POST', path, headers: Object.entries(headers).flat(), body: () => body } as const
  return () =>
    new Promise((resolve, reject) => {
      connections.send({ ...request, began() {}, answered: () => resolve(), failed: reject })
    })
}

function postUndici(port: number): Post {
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: SENDERS })
  return async () => {
    const response = await pool.request({ method: 'POST', path, headers, body })
    await response.body.dump()
  }
}

/** The floor: keep-alive connections that take any bytes for an answer. */
function postRaw(port: number): Post {
  const lines = Object.entries({ host: '127.0.0.1', ...headers, 'content-length': String(body.length) })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const bytes = Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${head}\r\n`), body])
  const idle = Array.from({ length: SENDERS }, () => connect({ host: '127.0.0.1', port, noDelay: true }))
  return () =>
    new Promise((resolve, reject) => {
      const socket = idle.pop()
      if (socket === undefined) return reject(new Error('more posts at a time than connections'))
      socket.once('data', () => {
        idle.push(socket)
        resolve()
      })
      socket.write(Buffer.from(bytes))
    })
}
