import fc from 'fast-check'
import t from 'tap'
import { parseBroadcastId, parseBroadcastVersion, VERSION_BYTES_MAX } from './broadcast.ts'

t.test('an id is two parts of characters that need no escaping in a URL', (t) => {
  for (const id of [
    'remote-settings/monitor_changes',
    'a/b',
    `${'a'.repeat(64)}/${'b'.repeat(128)}`,
    '../..',
  ])
    t.equal(parseBroadcastId(id), id)
  const wrong = ['', 'a', '/', 'a/', '/b', 'a/b/c', 'a b/c', 'a/b\n', 'ä/b', 'a%2Fb/c', 'errors', '__proto__']
  for (const id of [...wrong, `${'a'.repeat(65)}/b`, `a/${'b'.repeat(129)}`])
    t.equal(parseBroadcastId(id), undefined, JSON.stringify(id))
  t.end()
})

t.test('a version is any short text without control characters', (t) => {
  const longest = 'é'.repeat(VERSION_BYTES_MAX / 2)
  for (const version of ['1', '"1755000000000"', ' ', 'Zoë 🦊', longest])
    t.equal(parseBroadcastVersion(version), version)
  const wrong = ['', 'v1\n', '\0', 'a\tb', '\u007f', '\ud800', 'a\u2028', `${longest}x`]
  for (const [index, version] of wrong.entries())
    t.equal(parseBroadcastVersion(version), undefined, `wrong one ${index}`)
  t.end()
})

t.test('what is taken as a version is the same after UTF-8 and JSON', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const version = parseBroadcastVersion(text)
      if (version === undefined) return
      if (Buffer.from(version).toString() !== version || JSON.parse(JSON.stringify(version)) !== version)
        throw new Error('changed')
    }),
  )
  t.end()
})
