import t from 'tap'
import type { WebSocket } from 'ws'
import type { BroadcastId } from '../push/broadcast.ts'
import { GROUP_MAX } from './broadcast-publisher.ts'
import { serve } from './fixtures/websocket-world.ts'
import type { WebSocketServer } from './websocket-server.ts'

const BROADCAST = 'remote-settings/monitor_changes' as BroadcastId
const OTHER_BROADCAST = 'a/b' as BroadcastId

t.test('what is published reaches those who are subscribed, before what is sent later', async (t) => {
  const { server, connect } = await serve(t)
  const [one, two, other] = [await connect(), await connect(), await connect()]
  for (const { peer } of [one, two]) peer.socket.subscribe(BROADCAST)
  one.peer.socket.subscribe(OTHER_BROADCAST)
  other.peer.socket.subscribe(OTHER_BROADCAST)
  t.same([...one.peer.socket.subscribed()].sort(), [BROADCAST, OTHER_BROADCAST].sort())
  const texts = [one, two, other].map(({ socket }) => allTexts(socket))
  t.equal(publish(server, BROADCAST, 'published'), 2)
  for (const { peer } of [one, two, other]) peer.socket.send('sent')
  t.same(await Promise.all(texts.map((next) => next('sent'))), [
    ['published', 'sent'],
    ['published', 'sent'],
    ['sent'],
  ])
})

t.test('who unsubscribes or is gone is published to no more, and its place is used again', async (t) => {
  const { server, connect } = await serve(t)
  const [one, two] = [await connect(), await connect()]
  for (const { peer } of [one, two]) peer.socket.subscribe(BROADCAST)
  one.peer.socket.unsubscribe()
  t.same(one.peer.socket.subscribed(), [])
  t.equal(publish(server, BROADCAST, '1'), 1)
  two.socket.terminate()
  await two.peer.happens('closed')
  t.same(two.peer.socket.subscribed(), [], 'asking for it does no harm')
  two.peer.socket.subscribe(BROADCAST)
  two.peer.socket.unsubscribe()
  t.equal(publish(server, BROADCAST, '2'), 0)
  one.peer.socket.subscribe(BROADCAST)
  t.equal(publish(server, BROADCAST, '3'), 1, 'it may subscribe again')
  t.equal(server.groups, 1)
})

t.test('a group has a bounded number of websockets', async (t) => {
  const { server, connect } = await serve(t)
  const first = await connect()
  first.peer.socket.subscribe(BROADCAST)
  for (let count = 1; count <= GROUP_MAX; count += 1) (await connect()).peer.socket.subscribe(BROADCAST)
  t.equal(server.groups, 2)
  const sizes = () => [0, 1].map((group) => server.publish(group, BROADCAST, 'published'))
  t.same(sizes(), [GROUP_MAX, 1])
  first.peer.socket.unsubscribe()
  t.same(sizes(), [GROUP_MAX - 1, 1])
  for (let count = 0; count < 2; count += 1) (await connect()).peer.socket.subscribe(BROADCAST)
  t.same(sizes(), [GROUP_MAX, 2], 'the place of one that is open and has unsubscribed is used again')
})

t.test(
  'a slow reader: what is published is dropped in the end, which is told, and `drained` follows',
  async (t) => {
    const { server, connect } = await serve(t, { socketBufferBytes: 4 * 1024 * 1024 })
    const { socket, peer } = await connect()
    peer.socket.subscribe(BROADCAST)
    socket.pause()
    const text = 'x'.repeat(16 * 1024)
    let results = 0
    while (peer.socket.send(text) !== 'dropped' && results < 10_000) results += 1
    t.equal(peer.count('missed'), 0, 'what was sent to it alone is told otherwise')
    publish(server, BROADCAST, 'published')
    await peer.happens('missed')
    socket.resume()
    await peer.happens('drained')
    t.equal(peer.count('missed'), 1)
  },
)

/** Publishes to all groups; says to how many. */
function publish(server: WebSocketServer, id: BroadcastId, text: string): number {
  let count = 0
  for (let group = 0; group < server.groups; group += 1) count += server.publish(group, id, text)
  return count
}

/** Collects texts from now on; what it gives back resolves to all up to one of them. */
function allTexts(socket: WebSocket): (last: string) => Promise<string[]> {
  const texts: string[] = []
  let told = () => {}
  socket.on('message', (data) => {
    texts.push(data.toString())
    told()
  })
  return async (last) => {
    while (!texts.includes(last)) await new Promise<void>((resolve) => (told = resolve))
    return texts
  }
}
