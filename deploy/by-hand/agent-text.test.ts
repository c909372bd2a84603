import fc from 'fast-check'
import t from 'tap'
import type { AgentEvent, MessageEvent } from './agent-event.ts'
import { agentJson } from './agent-json.ts'
import { agentText } from './agent-text.ts'

const STYLE = { nowMs: 0, colours: false }
const MESSAGE: MessageEvent = {
  event: 'message',
  channel: 'news',
  notification: {
    messageType: 'notification',
    channelID: 'c',
    version: 'v',
    ttl: 60,
    headers: { encoding: 'aesgcm', encryption: 'salt=a', crypto_key: 'dh=b' },
  },
  content: { kind: 'text', text: 'two\nlines', bytes: 9 },
  isRepeated: false,
  answer: { kind: 'ack', code: 100 },
}

/** Without the time of day, which depends on where one is. */
function textOf(event: AgentEvent): string {
  return agentText(event, STYLE).replace(/^\d\d:\d\d:\d\d/, '00:00:00')
}

t.test('a message, for people and for scripts', (t) => {
  t.equal(
    textOf(MESSAGE),
    `00:00:00  news: two
          lines
          9 bytes in aesgcm, TTL 60, ack 100, version v
          Encryption: salt=a
          Crypto-Key: dh=b
`,
  )
  t.same(JSON.parse(agentJson(MESSAGE)), {
    event: 'message',
    channel: 'news',
    channelID: 'c',
    version: 'v',
    ttl: 60,
    headers: { encoding: 'aesgcm', encryption: 'salt=a', crypto_key: 'dh=b' },
    text: 'two\nlines',
    isRepeated: false,
    ack: 100,
  })
  t.end()
})

t.test('messages of every kind', (t) => {
  const notification = { messageType: 'notification', channelID: 'c', version: 'v' } as const
  const bare = { ...MESSAGE, notification, channel: undefined, isRepeated: true } as const
  const cases: [MessageEvent, RegExp, object][] = [
    [{ ...bare, content: { kind: 'empty' } }, /^.{10}\(channel c\): \(empty\)\n {10}ack 100, repeated,/, {}],
    [
      {
        ...bare,
        content: { kind: 'binary', base64url: '_w', bytes: 1 },
        answer: { kind: 'nack', code: 301 },
      },
      /\(no text, in base64url\) _w\n {10}nack 301/,
      { base64url: '_w', nack: 301 },
    ],
    [
      { ...bare, content: { kind: 'unreadable', why: 'so' }, answer: { kind: 'none' } },
      /\(can't be read: so\)\n {10}not acknowledged/,
      { error: 'so' },
    ],
  ]
  for (const [event, text, fields] of cases) {
    t.match(textOf(event), text)
    t.match(JSON.parse(agentJson(event)), { isRepeated: true, ...fields })
  }
  t.end()
})

t.test('what others have written can not play with the terminal', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const content = { kind: 'text', text, bytes: 0 } as const
      const frame: AgentEvent = { event: 'frame', direction: 'received', text }
      const strange: AgentEvent = { event: 'notUnderstood', text }
      const shown = textOf({ ...MESSAGE, content }) + textOf(frame) + textOf(strange)
      return !/[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/u.test(shown)
    }),
  )
  t.match(textOf({ ...MESSAGE, content: { kind: 'text', text: '\x1b[2J', bytes: 4 } }), 'news: \\u{1b}[2J\n')
  t.match(textOf({ ...MESSAGE, content: { kind: 'text', text: '👩‍🚀', bytes: 11 } }), 'news: 👩‍🚀\n')
  t.end()
})

t.test('on a terminal the text stands out', (t) => {
  t.match(
    agentText(MESSAGE, { nowMs: 0, colours: true }),
    'news: \x1b[1mtwo\x1b[22m\n          \x1b[1mlines\x1b[22m\n',
  )
  t.end()
})
