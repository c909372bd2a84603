import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
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
  const { connections } = await serving(
    t,
    (request, response) => {
      if (request.url !== '/stuck') response.writeHead(201).end()
    },
    { ...LIMITS, connectionsMax: 2, timeoutMs: 1500 },
  )
  const stuck = sent(connections, '/stuck')
  for (let each = 0; each < 20; each++) t.equal(await sent(connections, '/'), '201 ')
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
