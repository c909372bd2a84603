import fc from 'fast-check'
import t from 'tap'
import { broadcastNews, parseServerFrame } from './server-frame.ts'

t.test('frames of a server', (t) => {
  const notification = { messageType: 'notification', channelID: 'c', version: 'v', more: 1 }
  t.same(parseServerFrame(JSON.stringify(notification)), notification, 'members that are not known stay')
  for (const ping of ['{}', '{"messageType":"ping"}'])
    t.same(parseServerFrame(ping), { messageType: 'ping' }, ping)
  for (const text of ['', '[]', 'null', '{"messageType":"dance"}', '{"messageType":"hello","status":200}'])
    t.equal(parseServerFrame(text), undefined, text)
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
      parseServerFrame(text)
    }),
  )
  t.end()
})

t.test('broadcasts, and those that there are none of', (t) => {
  const news = broadcastNews({ 'a/b': 'v1', 'c/d': 5, errors: { 'e/f': 'Broadcast not found' } })
  t.same([...news.versions], [['a/b', 'v1']])
  t.same([...news.errors], [['e/f', 'Broadcast not found']])
  t.same([...broadcastNews(undefined).versions], [])
  t.same([...broadcastNews({ errors: null }).errors], [])
  t.end()
})
