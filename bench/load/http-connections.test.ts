import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { systemClock } from '../../cluster/clock.ts'
import { HttpConnections, type HttpLimits } from './http-connections.ts'
import { placeOf } from './place.ts'

const LIMITS: HttpLimits = { connectionsMax: 4, timeoutMs: 20_000, clock: systemClock }

async function serving(t: Test, listener: RequestListener, limits = LIMITS) {
  const server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const connections = new HttpConnections(await placeOf(new URL(origin), true), limits)
  t.teardown(() => {
    connections.close()
    server.closeAllConnections()
    server.close()
  })
  return { connections, server }
}

/** Sends one; resolves to `STATUS BODY`, or to what failed. */
function sent(connections: HttpConnections, path: string, began = () => {}): Promise<string> {
  return new Promise((resolve) => {
    connections.send({
      method: 'POST',
      path,
      headers: ['x-test', 'yes'],
      body: () => Buffer.from('body'),
      began,
      answered: ({ status, body }) => resolve(`${status} ${body}`),
      failed: resolve,
    })
  })
}

t.test('answers of all forms are read', async (t) => {
  const { connections } = await serving(t, (request, response) => {
    request.resume().on('end', () => {
      switch (request.url) {
        case '/chunked':
          response.writeHead(410)
          response.write('{"errno":')
          return response.end('103}')
        case '/closing':
          return response.writeHead(503, { connection: 'close', 'content-length': 4 }).end('busy')
        case '/early':
          response.writeEarlyHints({ link: '</x>; rel=preload' })
          return response.writeHead(201).end()
        default:
          return response.writeHead(201, { location: '/m/1' }).end()
      }
    })
  })
  for (let round = 0; round < 3; round++) {
    t.equal(await sent(connections, '/'), '201 ')
    t.equal(await sent(connections, '/chunked'), '410 {"errno":103}')
    t.equal(await sent(connections, '/closing'), '503 busy')
    t.equal(await sent(connections, '/early'), '201 ')
  }
})

t.test('one that gets no answer holds up none of the others, and fails in the end', async (t) => {
  const late: (() => void)[] = []
  const after = (_: number, run: () => void) => {
    late.push(run)
    return { cancel: () => {} }
  }
  let seen = () => {}
  const isStuck = new Promise<void>((resolve) => {
    seen = resolve
  })
  const { connections } = await serving(
    t,
    (request, response) => {
      if (request.url === '/stuck') seen()
      else response.writeHead(201).end()
    },
    { ...LIMITS, connectionsMax: 2, clock: { ...systemClock, after } },
  )
  const stuck = sent(connections, '/stuck')
  for (let each = 0; each < 20; each++) t.equal(await sent(connections, '/'), '201 ')
  await isStuck
  // Its time is over, which began before that of the others.
  late[0]?.()
  t.equal(await stuck, 'no answer in time')
})

t.test(
  'one that finds no connection free opens another, up to the limit; then they wait in turn',
  async (t) => {
    const open: (() => void)[] = []
    let sockets = 0
    const { connections, server } = await serving(t, (_, response) => {
      open.push(() => response.writeHead(201).end())
      if (open.length === LIMITS.connectionsMax) for (const answer of open.splice(0)) answer()
    })
    server.on('connection', () => {
      sockets += 1
    })
    const order: number[] = []
    const all = Array.from({ length: 8 }, (_, index) =>
      sent(connections, `/${index}`, () => order.push(index)),
    )
    t.same(await Promise.all(all), Array(8).fill('201 '))
    t.same(order, [0, 1, 2, 3, 4, 5, 6, 7])
    t.equal(sockets, LIMITS.connectionsMax)
    t.equal(connections.waitedMax, 4)
  },
)

t.test('one that is sent as soon as another is answered waits behind those that wait already', async (t) => {
  const seen: (string | undefined)[] = []
  const limits = { ...LIMITS, connectionsMax: 1 }
  const { connections } = await serving(
    t,
    (request, response) => {
      seen.push(request.url)
      response.writeHead(201).end()
    },
    limits,
  )
  const last = new Promise<string>((resolve) => {
    const request = {
      method: 'GET',
      headers: [],
      body: () => undefined,
      began() {},
      failed: resolve,
    } as const
    const answered = () => void sent(connections, '/last').then(resolve)
    connections.send({ ...request, path: '/first', answered })
  })
  t.equal(await sent(connections, '/waiting'), '201 ')
  t.equal(await last, '201 ')
  t.same(seen, ['/first', '/waiting', '/last'])
})

t.test('what is no answer is told in a word', async (t) => {
  const garbage = createTcpServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end('what?\r\n\r\n'))
  })
  garbage.listen(0, '127.0.0.1')
  await once(garbage, 'listening')
  const place = await placeOf(new URL(`http://127.0.0.1:${(garbage.address() as AddressInfo).port}`), true)
  const connections = new HttpConnections(place, LIMITS)
  t.equal(await sent(connections, '/'), 'no HTTP')
  garbage.close()
  await once(garbage, 'close')
  t.equal(await sent(connections, '/'), 'ECONNREFUSED')
  connections.close()
})

/** A server that answers whatever comes with the same text, and the sockets that it did so on. */
async function answering(t: Test, text: string, clock = LIMITS.clock) {
  const sockets: Socket[] = []
  const server = createTcpServer((socket) => {
    socket.on('error', () => {}).once('data', () => sockets.push(socket))
    socket.on('data', () => socket.write(text, () => server.emit('answered', socket)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const place = await placeOf(new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), true)
  const connections = new HttpConnections(place, { ...LIMITS, clock })
  t.teardown(() => {
    connections.close()
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  /** Sends one, and waits for what the server wrote on which socket. */
  const begun = async () => {
    const answered: Promise<Socket[]> = once(server, 'answered')
    const answer = sent(connections, '/')
    const [socket] = await answered
    if (socket === undefined) throw new Error('no socket')
    return { answer, socket }
  }
  return { connections, sockets, begun }
}

const EMPTY = 'HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n'

t.test(
  'a connection that was idle for so long that its server may be about to end it is not used again',
  async (t) => {
    let nowMs = 0
    const clock = { ...systemClock, monotonicMs: () => nowMs }
    const { connections, sockets } = await answering(t, EMPTY, clock)
    t.equal(await sent(connections, '/'), '201 ')
    nowMs = 3999
    t.equal(await sent(connections, '/'), '201 ')
    t.equal(sockets.length, 1)
    nowMs += 4000
    t.equal(await sent(connections, '/'), '201 ')
    t.equal(sockets.length, 2)
  },
)

t.test('bytes that nobody asked for are no answer to the next request', async (t) => {
  const { connections, sockets, begun } = await answering(t, EMPTY)
  const { answer, socket } = await begun()
  t.equal(await answer, '201 ')
  socket.write('HTTP/1.1 500 Poison\r\ncontent-length: 0\r\n\r\n')
  await once(socket, 'close')
  t.equal(await sent(connections, '/'), '201 ')
  t.equal(sockets.length, 2)
})

t.test('an answer without a length lasts until the connection ends', async (t) => {
  const { begun } = await answering(t, 'HTTP/1.1 200 OK\r\n\r\n')
  const { answer, socket } = await begun()
  socket.end('to the end')
  t.equal(await answer, '200 to the end')
})

t.test('one that breaks off is none', async (t) => {
  const { begun } = await answering(t, 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf')
  const { answer, socket } = await begun()
  socket.end()
  t.equal(await answer, 'closed without answer')
})

t.test('at the end those under way and those that wait are given up, and later ones at once', async (t) => {
  const { connections } = await serving(t, () => {}, { ...LIMITS, connectionsMax: 1 })
  const all = ['/', '/', '/'].map((path) => sent(connections, path))
  connections.close()
  t.same(await Promise.all(all), Array(3).fill('given up at the end'))
  t.equal(await sent(connections, '/'), 'given up at the end')
})

t.test('what is sent is whole, and said once', async (t) => {
  const seen: object[] = []
  const { connections } = await serving(t, (request, response) => {
    request.setEncoding('latin1').on('data', (body) => {
      const { host, connection, 'x-test': test, 'content-length': length } = request.headers
      seen.push({ body, host, connection, test, length, url: request.url, method: request.method })
      response.writeHead(201).end()
    })
  })
  t.equal(await sent(connections, '/a?b=c'), '201 ')
  t.match(seen, [
    {
      body: 'body',
      host: /^127\.0\.0\.1:/,
      connection: 'keep-alive',
      test: 'yes',
      length: '4',
      url: '/a?b=c',
      method: 'POST',
    },
  ])
})
