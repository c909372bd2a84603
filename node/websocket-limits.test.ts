import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { serve } from './fixtures/websocket-world.ts'

/** What came back for an upgrade that is refused. */
const TOO_MANY = { message: 'Unexpected server response: 429' }

t.test('an address with too many connections gets 429 and Retry-After; who has one keeps it', async (t) => {
  const { connect: dial, url } = await serve(t, {}, { addressMax: 2 })
  const first = await dial()
  await dial()
  await t.rejects(dial(), TOO_MANY)
  t.match(await upgrade(url), /^HTTP\/1\.1 429 Too Many Requests\r\nRetry-After: 5\r\n/)
  first.socket.send('x')
  await first.peer.happens('received')
  first.socket.terminate()
  await first.peer.happens('closed')
  await dial()
})

t.test('silent connections of an address behind a trusted proxy make room for its next ones', async (t) => {
  const limits = { addressSilentMax: 1, trusted: ['127.0.0.1'] }
  const { connect: dial, closes } = await serve(t, {}, limits)
  const from = (address: string) => dial([], { headers: { 'x-forwarded-for': address } })
  const makesRoom = async (address: string, { closed }: Awaited<ReturnType<typeof dial>>) => {
    const next = await from(address)
    t.same(await closed, { code: 1006, reason: '' })
    return next
  }
  const first = await from('198.51.100.1')
  const second = await makesRoom('203.0.113.7, 198.51.100.1', first)
  second.socket.send('hello')
  await second.peer.happens('received')
  const third = await from('198.51.100.1')
  await makesRoom('198.51.100.1', third)
  await from('198.51.100.2')
  const v6 = await from('2001:db8:1:2::1')
  await makesRoom('2001:db8:1:2:3::4', v6)
  t.same(closes, Array(3).fill([1006, 'tooManySilent']))
  t.equal(second.peer.count('closed'), 0, 'one that spoke stays')
})

t.test('an address is the last one in all headers that a proxy sent', async (t) => {
  const { connect: dial, url } = await serve(t, {}, { addressMax: 1, trusted: ['127.0.0.1'] })
  await dial([], { headers: { 'x-forwarded-for': '198.51.100.1' } })
  t.match(await upgrade(url, 'X-Forwarded-For: 203.0.113.7', 'X-Forwarded-For: 198.51.100.1'), / 429 /)
})

t.test('whom nobody trusts can not speak for others', async (t) => {
  const { connect: dial } = await serve(t, {}, { addressMax: 1, trusted: ['10.0.0.0/8'] })
  await dial([], { headers: { 'x-forwarded-for': '198.51.100.1' } })
  await t.rejects(dial([], { headers: { 'x-forwarded-for': '198.51.100.2' } }), TOO_MANY)
})

t.test('an address that connects too often gets 429', async (t) => {
  const { connect: dial } = await serve(t, {}, { hellosPerSecond: 1 / 3600, hellosBurst: 3 })
  for (let count = 0; count < 3; count++) (await dial()).socket.terminate()
  await t.rejects(dial(), TOO_MANY)
})

/** All that is answered to an upgrade that is refused, until the connection ends. */
function upgrade(url: string, ...headers: string[]): Promise<string> {
  const [host, port] = url.split(':')
  const socket = connect(Number(port), host)
  const lines = [
    'GET / HTTP/1.1',
    `Host: ${url}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  ]
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  return text(socket)
}
