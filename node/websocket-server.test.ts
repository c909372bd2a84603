import net from 'node:net'
import t from 'tap'
import type { WebSocket } from 'ws'
import { CLOSE_CODES, type CloseReason, WITHOUT_CLOSE_FRAME } from '../push/errors.ts'
import { OPERATIONS } from '../push/operations.ts'
import { HEALTHY, serve } from './fixtures/websocket-world.ts'

function nextText(socket: WebSocket): Promise<string> {
  return new Promise((resolve) => socket.once('message', (data) => resolve(data.toString())))
}

t.test('frames go both ways as text', async (t) => {
  const { connect } = await serve(t)
  const { socket, peer } = await connect()
  const text = '{"messageType":"hello","name":"Zoë 🦊"}'
  socket.send(text)
  await peer.happens('received')
  t.same(peer.texts, [text])
  const answer = nextText(socket)
  t.equal(peer.socket.send(text), 'sent')
  t.equal(await answer, text)
})

t.test('the sub-protocol is echoed when it is offered, and only then; compression never', async (t) => {
  const { connect } = await serve(t)
  const rows: [offered: string[], echoed: string][] = [
    [['push-notification'], 'push-notification'],
    [['other', 'push-notification'], 'push-notification'],
    [[], ''],
  ]
  for (const [offered, echoed] of rows) {
    const { socket } = await connect(offered, { perMessageDeflate: true })
    t.equal(socket.protocol, echoed, offered.join())
    t.equal(socket.extensions, '')
    socket.terminate()
  }
})

t.test('a client that offers other sub-protocols only is accepted, with none echoed', async (t) => {
  const { url } = await serve(t)
  const head = await upgrade(url, 'other, push-notification-2')
  t.match(head, /^HTTP\/1\.1 101 /)
  t.notMatch(head, /sec-websocket-protocol/i)
})

t.test('a frame may have 16 KiB; a longer one closes with 1009, a binary one with 1003', async (t) => {
  const { connect } = await serve(t)
  const one = await connect()
  const longest = 'x'.repeat(16 * 1024)
  one.socket.send(longest)
  await one.peer.happens('received')
  t.same(one.peer.texts, [longest])
  one.socket.send(`${longest}x`)
  t.match(await one.closed, { code: 1009 })
  t.equal(one.peer.texts.length, 1, 'it is not handed on')

  const wide = await connect()
  wide.socket.send('é'.repeat(8 * 1024 + 1))
  t.match(await wide.closed, { code: 1009 }, 'bytes count, not characters')

  const binary = await connect()
  binary.socket.send(Buffer.from('{}'))
  t.match(await binary.closed, { code: 1003 })
  t.equal(binary.peer.count('received'), 0)
})

t.test(
  'frames over 64 KiB and invalid UTF-8 drop TCP without a close frame; others notice nothing',
  async (t) => {
    const { connect } = await serve(t)
    const neighbour = await connect()

    const long = await connect()
    long.socket.on('error', () => {})
    long.socket.send('x'.repeat(64 * 1024 + 1))
    t.match(await long.closed, { code: 1006 })
    t.equal(long.peer.count('received'), 0)

    const invalid = await connect()
    invalid.socket.on('error', () => {})
    invalid.socket.send(Buffer.of(0xc3, 0x28), { binary: false })
    t.match(await invalid.closed, { code: 1006 })
    t.equal(invalid.peer.count('received'), 0)

    for (const { peer } of [long, invalid]) {
      await peer.happens('closed')
      t.equal(peer.count('closed'), 1)
    }
    neighbour.socket.send('{}')
    await neighbour.peer.happens('received')
    t.equal(neighbour.peer.count('closed'), 0)
  },
)

t.test(
  'every reason to close has its code; after it nothing is sent, and `closed` is told once',
  async (t) => {
    const { connect } = await serve(t)
    for (const reason of Object.keys(CLOSE_CODES) as CloseReason[]) {
      const { peer, closed } = await connect()
      peer.socket.close(reason)
      t.equal(peer.socket.send('{}'), 'closed', 'at once')
      t.equal(peer.count('closed'), 1, 'told before close returns')
      peer.socket.close('drained')
      const code = CLOSE_CODES[reason]
      t.same(await closed, { code, reason: code === WITHOUT_CLOSE_FRAME ? '' : reason })
      t.equal(peer.count('closed'), 1)
    }
  },
)

t.test('a close by the user agent is told, politely done or not', async (t) => {
  const { connect } = await serve(t)
  const polite = await connect()
  polite.socket.close(1000)
  await polite.peer.happens('closed')
  t.equal(polite.peer.socket.send('{}'), 'closed')
  t.match(await polite.closed, { code: 1000 })

  const rude = await connect()
  rude.socket.terminate()
  await rude.peer.happens('closed')
  rude.peer.socket.close('drained')
  t.equal(rude.peer.count('closed'), 1)
})

t.test('a slow reader: frames are buffered, then dropped; `drained` comes once it has read on', async (t) => {
  const { connect } = await serve(t, { socketBufferBytes: 4 * 1024 * 1024 })
  const { socket, peer } = await connect()
  let received = 0
  const last = new Promise<void>((resolve) => {
    socket.on('message', (data) => {
      received += 1
      if (data.toString() === 'last') resolve()
    })
  })
  socket.pause()
  const text = 'x'.repeat(16 * 1024)
  const counts = { sent: 0, buffered: 0, dropped: 0, closed: 0 }
  // The kernel takes some megabytes first, and on a busy machine some more in between: 32 MB are far more than it and the buffer hold.
  while (counts.dropped < 3 && counts.sent + counts.buffered < 2000) counts[peer.socket.send(text)] += 1
  t.ok(counts.buffered > 0, 'some are buffered')
  t.equal(counts.dropped, 3, 'what the buffer does not hold is dropped')
  t.equal(peer.count('drained'), 0)
  socket.resume()
  await peer.happens('drained')
  t.equal(peer.count('drained'), 1, 'when all of it has been sent')
  // What the kernel has just taken may leave no room in it for more.
  t.ok(['sent', 'buffered'].includes(peer.socket.send('last')), 'there is room again')
  await last
  t.equal(received, counts.sent + counts.buffered + 1, 'what was dropped never comes, the rest does')
})

t.test('a port in use is refused in one line', async (t) => {
  const { server } = await serve(t)
  server.stopListening()
  // Only a port that was asked for by its number could be shared in silence; one taken as any free one never is.
  const { port } = server
  await serve(t, { port })
  await t.rejects(serve(t, { port }), { message: /^can't listen on 127\.0\.0\.1:\d+: .*in use.*$/ })
})

t.test('a port is shared where all who listen on it agree', async (t) => {
  const { server } = await serve(t)
  server.stopListening()
  const { port } = server
  const options = { port, sharedPort: true }
  t.equal((await serve(t, options)).server.port, port)
  t.equal((await serve(t, options)).server.port, port)
  await t.rejects(serve(t, { port }), { message: /in use/ }, 'and nobody else')
})

t.test('the routes for operators are answered with status, type and text', async (t) => {
  const { url, health } = await serve(t)
  for (const status of [200, 503] as const) {
    health.answer = async (path) => ({ status, type: 'text/x', text: `about ${path}` })
    for (const path of OPERATIONS) {
      const response = await fetch(`http://${url}${path}`)
      t.equal(response.status, status)
      t.equal(response.headers.get('content-type'), 'text/x')
      t.equal(await response.text(), `about ${path}`)
    }
  }
})

t.test('a client that gives up on /health harms nobody', async (t) => {
  const { url, health } = await serve(t)
  const asked = new Promise<(answer: typeof HEALTHY) => void>((resolve) => {
    health.answer = () => new Promise((answer) => resolve(answer))
  })
  const gone = new AbortController()
  const response = fetch(`http://${url}/health`, { signal: gone.signal })
  const answer = await asked
  gone.abort()
  await t.rejects(response)
  // The next request is served after the server has seen the end of the first.
  health.answer = async () => HEALTHY
  t.equal((await fetch(`http://${url}/health`)).status, 200)
  answer(HEALTHY)
  t.equal((await fetch(`http://${url}/health`)).status, 200)
})

t.test('anything else that is no websocket is told so', async (t) => {
  const { url } = await serve(t)
  for (const [method, path] of [
    ['GET', '/'],
    ['GET', '/health/x'],
    ['POST', '/health'],
    ['POST', '/'],
  ]) {
    const response = await fetch(`http://${url}${path}`, { method: method ?? 'GET' })
    t.equal(response.status, 426, `${method} ${path}`)
    t.equal(response.headers.get('upgrade'), 'websocket')
    t.match(await response.text(), 'websocket')
  }
})

t.test('after stopListening nobody gets in; who is connected stays until close', async (t) => {
  const { server, connect } = await serve(t)
  const { socket, peer, closed } = await connect()
  server.stopListening()
  server.stopListening()
  await t.rejects(connect(), { code: 'ECONNREFUSED' })
  socket.send('{}')
  await peer.happens('received')
  server.close()
  t.match(await closed, { code: 1006 })
  t.equal(peer.count('closed'), 1)
})

t.test(
  'with too much to do an upgrade is answered 503, and ends; who is connected stays, and so does health',
  async (t) => {
    const { url, connect, load, peers } = await serve(t)
    const { socket, peer } = await connect()
    load.isOverloaded = true
    const head = await upgrade(url, 'push-notification')
    t.match(head, /^HTTP\/1\.1 503 Service Unavailable\r\n/)
    t.match(head, /\r\nRetry-After: \d+\r\n/i)
    t.match(head, /\r\nConnection: close\r\n/i)
    t.equal(peers.length, 1, 'no actor is made for it')
    t.equal((await fetch(`http://${url}/health`)).status, 200)
    socket.send('still here')
    await peer.happens('received')
    load.isOverloaded = false
    await connect()
    t.equal(peers.length, 2)
  },
)

/** The head of the answer to an upgrade, byte for byte. */
function upgrade(url: string, protocol: string): Promise<string> {
  const [host, port] = url.split(':')
  const socket = net.connect(Number(port), host)
  const lines = [
    'GET / HTTP/1.1',
    `Host: ${url}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    `Sec-WebSocket-Protocol: ${protocol}`,
  ]
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once('data', (data) => {
      socket.destroy()
      resolve(data.toString('latin1'))
    })
  })
}
