import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import t, { type Test } from 'tap'
import { type WebSocket as Peer, WebSocketServer } from 'ws'
import { createSystemRandom } from '../../cluster/clock.ts'
import { placeOf } from './place.ts'
import { type WebSocket, WebSocketDialer } from './web-socket.ts'

/** A websocket that notes what it hears. */
async function dialled(url: string) {
  const dialer = new WebSocketDialer(await placeOf(new URL(url), true), createSystemRandom())
  const heard: string[] = []
  let wake = () => {}
  const socket: WebSocket = dialer.dial({
    opened: () => note('opened'),
    text: (text) => note(text),
    closed: (kind) => note(`closed: ${kind}`),
  })
  function note(what: string): void {
    heard.push(what)
    wake()
  }
  const hears = async (what: string) => {
    while (!heard.includes(what)) await new Promise<void>((resolve) => (wake = resolve))
  }
  return { socket, heard, hears }
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/some/path?x=1`
}

/** A real websocket server; `peer` gives the next connection to it. */
async function realServer(t: Test) {
  const server = createServer()
  const sockets = new WebSocketServer({ server })
  const url = await listen(server)
  t.teardown(() => {
    for (const client of sockets.clients) client.terminate()
    server.close()
  })
  const peer = async () => {
    const [socket, request] = await once(sockets, 'connection')
    return { socket: socket as Peer, path: request.url as string, protocol: (socket as Peer).protocol }
  }
  return { url, peer }
}

t.test('texts of every length go both ways, unharmed by a real server', async (t) => {
  const { url, peer } = await realServer(t)
  const connecting = peer()
  const { socket, heard, hears } = await dialled(url)
  const { socket: other, path, protocol } = await connecting
  t.equal(path, '/some/path?x=1')
  t.equal(protocol, 'push-notification')
  other.on('message', (data) => other.send(String(data)))
  await hears('opened')
  const texts = [0, 1, 125, 126, 127, 65_535, 65_536, 200_000].map((length) =>
    'ä'.repeat(length >> 1).padEnd(length, 'z'),
  )
  for (const text of texts) socket.send(text)
  socket.send('end')
  await hears('end')
  t.same(heard, ['opened', ...texts, 'end'])
  socket.close()
  const [code] = await once(other, 'close')
  t.equal(code, 1001)
  await hears('closed: closed by the user agent')
  t.equal(heard.length, texts.length + 3, 'nothing after the end')
})

t.test('pings are answered; what is sent in answer to one read goes out in one piece', async (t) => {
  const { url, peer } = await realServer(t)
  const connecting = peer()
  const { hears } = await dialled(url)
  const { socket: other } = await connecting
  await hears('opened')
  const pong = once(other, 'pong')
  other.ping('are you there?')
  t.equal(String((await pong)[0]), 'are you there?')
})

t.test('how it ended is told in a word', async (t) => {
  const { url, peer } = await realServer(t)
  for (const [end, kind] of [
    [(other: Peer) => other.close(4123, 'bye'), 'closed: closed 4123'],
    [(other: Peer) => other.terminate(), 'closed: closed without Close frame'],
    [(other: Peer) => other.send(Buffer.from('x'), { binary: true }), 'closed: protocol: a binary frame'],
  ] as const) {
    const connecting = peer()
    const { hears } = await dialled(url)
    const { socket: other } = await connecting
    await hears('opened')
    end(other)
    await hears(kind)
    t.pass(kind)
  }
})

t.test('an upgrade that is refused, or is none', async (t) => {
  const answers: readonly [string, RegExp][] = [
    ['HTTP/1.1 503 Busy\r\nRetry-After: 1\r\n\r\n', /closed: upgrade answered 503/],
    [
      'HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: wrong\r\n\r\n',
      /a wrong Sec-WebSocket-Accept/,
    ],
    ['220 mail.example ESMTP\r\n\r\n', /no answer of HTTP to the upgrade/],
    ['x'.repeat(20_000), /an endless answer to the upgrade/],
    ['', /closed: closed without Close frame/],
  ]
  for (const [answer, expected] of answers) {
    const server = createTcpServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => {
        // In two pieces, so that heads are put together.
        socket.write(answer.slice(0, 20))
        setImmediate(() => socket.end(answer.slice(20)))
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const dialer = new WebSocketDialer(
      await placeOf(new URL(`ws://127.0.0.1:${port}/`), true),
      createSystemRandom(),
    )
    const kind = await new Promise<string>((resolve) => {
      dialer.dial({ opened: () => t.fail('opened'), text: () => {}, closed: resolve })
    })
    t.match(`closed: ${kind}`, expected)
    server.close()
  }
})
