import { createECDH, createHash } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { URGENCIES } from '../push/urgency.ts'
import { type ClientMessage, parseClientMessage } from './client-message.ts'

const CHANNEL = 'c0ffee00-1234-4abc-8def-0123456789ab'
const VERSION = '01900000-0000-7000-8000-000000000001'
const UAID = '0123456789abcdef0123456789abcdef'
const DASHED = '01234567-89ab-cdef-0123-456789abcdef'

function parse(fields: unknown): ClientMessage {
  return parseClientMessage(JSON.stringify(fields))
}

/** A point whose base64 holds both characters that base64url replaces. */
function newPoint(): Buffer {
  const ecdh = createECDH('prime256v1')
  for (;;) {
    const point = ecdh.generateKeys()
    if (/\+.*\/|\/.*\+/.test(point.toString('base64'))) return point
  }
}

t.test(
  'hello takes a uaid of 32 hexadecimal digits or a dashed UUID, in any case; any other is none',
  (t) => {
    const rows: [uaid: unknown, parsed: string | undefined][] = [
      [UAID, UAID],
      [DASHED, UAID],
      [UAID.toUpperCase(), UAID],
      [DASHED.toUpperCase(), UAID],
      ['', undefined],
      [UAID.slice(1), undefined],
      [`${UAID}0`, undefined],
      [UAID.replace('0', 'g'), undefined],
      [`{${DASHED}}`, undefined],
      [` ${UAID}`, undefined],
      [`${UAID}\n`, undefined],
      [null, undefined],
      [7, undefined],
      [[UAID], undefined],
      [{}, undefined],
    ]
    for (const [uaid, parsed] of rows) {
      const message = parse({ messageType: 'hello', uaid, use_webpush: true })
      t.same(message, { kind: 'hello', uaid: parsed }, JSON.stringify(uaid))
    }
    t.end()
  },
)

t.test('hello as Firefox says it; its channels are ignored', (t) => {
  const hello = { kind: 'hello', uaid: undefined }
  t.same(parse({ messageType: 'hello', use_webpush: true }), hello)
  t.same(parse({ messageType: 'hello' }), hello, 'a client that says nothing of webpush')
  t.same(parse({ messageType: 'hello', use_webpush: true, channelIDs: 'garbage', broadcasts: null }), hello)
  const broadcasts = { 'remote-settings/monitor_changes': '"0"' }
  const named = [['remote-settings/monitor_changes', '"0"']]
  t.same(parse({ messageType: 'hello', use_webpush: true, broadcasts }), { ...hello, broadcasts: named })
  t.same(parse({ messageType: 'hello', use_webpush: true, broadcasts: {} }), hello)
  t.equal(parse({ messageType: 'hello', broadcasts: { 'a/b': 1 } }).kind, 'invalid')
  t.equal(parse({ messageType: 'hello', use_webpush: false }).kind, 'invalid')
  t.end()
})

t.test('register takes a key in base64url or base64, padded or not; null and none are no key', (t) => {
  const point = newPoint()
  const keyHash = createHash('sha256').update(point).digest()
  const base64 = point.toString('base64')
  const rows: [name: string, key: unknown, keyHash: unknown][] = [
    ['base64url', point.toString('base64url'), keyHash],
    ['base64url, padded as Firefox has it', `${point.toString('base64url')}=`, keyHash],
    ['base64', base64.replace('=', ''), keyHash],
    ['base64, padded', base64, keyHash],
    ['null', null, undefined],
    ['absent', undefined, undefined],
  ]
  for (const [name, key, expected] of rows) {
    const message = parse({ messageType: 'register', channelID: CHANNEL, key })
    t.same(message, { kind: 'register', channelId: CHANNEL, keyHash: expected }, name)
  }
  t.end()
})

t.test('register marks a key that is none', (t) => {
  const point = newPoint()
  const offCurve = Buffer.from(point)
  offCurve.writeUInt8(offCurve.readUInt8(64) ^ 1, 64)
  const rows: [name: string, key: unknown][] = [
    ['empty', ''],
    ['too short', point.subarray(0, 64).toString('base64url')],
    ['too long', Buffer.concat([point, Buffer.alloc(1)]).toString('base64url')],
    ['compressed', point.subarray(0, 33).toString('base64url')],
    ['hybrid', Buffer.concat([Buffer.of(6), point.subarray(1)]).toString('base64url')],
    ['off the curve', offCurve.toString('base64url')],
    ['all zero', Buffer.alloc(65).toString('base64url')],
    ['padded twice', `${point.toString('base64url')}==`],
    ['another alphabet', `${point.toString('base64url').slice(0, 86)}!`],
    ['a space', ` ${point.toString('base64url')}`],
    ['a number', 7],
    ['an object', {}],
    ['false', false],
  ]
  for (const [name, key] of rows) {
    const message = parse({ messageType: 'register', channelID: CHANNEL, key })
    t.same(message, { kind: 'register', channelId: CHANNEL, keyHash: 'invalid' }, name)
  }
  t.end()
})

t.test('a channel id is a lower-case dashed UUID and nothing else', (t) => {
  const wrong = [
    undefined,
    null,
    7,
    '',
    [CHANNEL],
    CHANNEL.toUpperCase(),
    CHANNEL.replaceAll('-', ''),
    `{${CHANNEL}}`,
    `${CHANNEL} `,
    `${CHANNEL}\n`,
    CHANNEL.replace('c', 'g'),
  ]
  for (const messageType of ['register', 'unregister']) {
    t.not(parse({ messageType, channelID: CHANNEL }).kind, 'invalid')
    for (const channelID of wrong) {
      t.equal(
        parse({ messageType, channelID }).kind,
        'invalid',
        `${messageType} ${JSON.stringify(channelID)}`,
      )
    }
  }
  t.end()
})

t.test('unregister carries its code, 200 unless given', (t) => {
  const rows: [code: unknown, parsed: number][] = [
    [undefined, 200],
    [200, 200],
    [201, 201],
    [202, 202],
    ['201', 200],
    [null, 200],
  ]
  for (const [code, parsed] of rows) {
    const message = parse({ messageType: 'unregister', channelID: CHANNEL, code })
    t.same(message, { kind: 'unregister', channelId: CHANNEL, code: parsed }, JSON.stringify(code))
  }
  t.end()
})

t.test('ack carries a code for each update, 100 unless given', (t) => {
  const codes = [undefined, 100, 101, 102, 'x']
  const updates = codes.map((code) => ({ channelID: CHANNEL, version: VERSION, code }))
  t.same(parse({ messageType: 'ack', updates }), {
    kind: 'ack',
    updates: [100, 100, 101, 102, 100].map((code) => ({ channelId: CHANNEL, id: VERSION, code })),
  })
  t.same(parse({ messageType: 'ack', updates: [] }), { kind: 'ack', updates: [] })
  t.end()
})

t.test('ack ignores updates whose channel or version can not be ours', (t) => {
  const good = { channelID: CHANNEL, version: VERSION }
  const updates = [
    { channelID: CHANNEL },
    { version: VERSION },
    { channelID: CHANNEL.toUpperCase(), version: VERSION },
    { channelID: CHANNEL, version: 'gAAAAABk' },
    { channelID: CHANNEL, version: 7 },
    {},
    good,
  ]
  t.same(parse({ messageType: 'ack', updates }), {
    kind: 'ack',
    updates: [{ channelId: CHANNEL, id: VERSION, code: 100 }],
  })
  t.end()
})

t.test('ack without a list of objects is invalid', (t) => {
  for (const updates of [undefined, null, {}, 'x', [7], [null], [[]], [{}, 'x']]) {
    t.equal(parse({ messageType: 'ack', updates }).kind, 'invalid', JSON.stringify(updates))
  }
  t.end()
})

t.test('nack carries a version and a code', (t) => {
  t.same(parse({ messageType: 'nack', version: VERSION, code: 301 }), {
    kind: 'nack',
    id: VERSION,
    code: 301,
  })
  t.same(parse({ messageType: 'nack', version: VERSION }), { kind: 'nack', id: VERSION, code: 0 })
  for (const version of [undefined, 'x', 7]) {
    t.same(parse({ messageType: 'nack', version, code: 302 }), { kind: 'nack', id: undefined, code: 302 })
  }
  t.end()
})

t.test('both forms of a ping', (t) => {
  t.same(parseClientMessage('{}'), { kind: 'ping' })
  t.same(parseClientMessage(' { } '), { kind: 'ping' })
  t.same(parse({ messageType: 'ping' }), { kind: 'ping' })
  t.end()
})

t.test('broadcast_subscribe names broadcasts with a version each', (t) => {
  const subscribe = (broadcasts: unknown) => parse({ messageType: 'broadcast_subscribe', broadcasts })
  const named = [
    ['a/b', '1'],
    ['c/d', ''],
  ]
  t.same(subscribe({ 'a/b': '1', 'c/d': '' }), { kind: 'broadcastSubscribe', broadcasts: named })
  t.same(subscribe({}), { kind: 'broadcastSubscribe', broadcasts: [] })
  t.same(subscribe(undefined), { kind: 'broadcastSubscribe', broadcasts: [] })
  for (const broadcasts of [[], 'a/b', 7, { 'a/b': 1 }, { 'a/b': null }, { 'a/b': '1', 'c/d': {} }]) {
    t.equal(subscribe(broadcasts).kind, 'invalid', JSON.stringify(broadcasts))
  }
  t.end()
})

t.test('unknown members are ignored', (t) => {
  const extra = { extra: { deep: [1] }, __proto__: 1, uaid2: 'x' }
  t.same(parse({ messageType: 'ping', ...extra }), { kind: 'ping' })
  t.same(parse({ messageType: 'unregister', channelID: CHANNEL, ...extra }).kind, 'unregister')
  t.same(parse({ messageType: 'hello', ...extra }).kind, 'hello')
  t.end()
})

t.test('whatever else is invalid', (t) => {
  const texts = [
    '',
    ' ',
    'garbage',
    'null',
    'true',
    '7',
    '"hello"',
    '[]',
    '[{"messageType":"ping"}]',
    '{"messageType":"ping"',
    '{"messageType":"ping"}{}',
    '{"a":1}',
    '{"messageType":""}',
    '{"messageType":null}',
    '{"messageType":7}',
    '{"messageType":["ping"]}',
    '{"messageType":"PING"}',
    '{"messageType":"notification"}',
    '{"messageType":"constructor"}',
    '{"messageType":"__proto__"}',
    '['.repeat(16_000),
    '{"a":'.repeat(3000),
  ]
  for (const text of texts) t.equal(parseClientMessage(text).kind, 'invalid', text.slice(0, 40))
  t.end()
})

const KINDS = new Set([
  'hello',
  'register',
  'unregister',
  'broadcastSubscribe',
  'ack',
  'nack',
  'urgency',
  'ping',
  'invalid',
])
const RUNS = { numRuns: 5000 }

t.test('no text makes the parser throw', (t) => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.json(), fc.string())
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(text, (sample) => KINDS.has(parseClientMessage(sample).kind)),
      RUNS,
    ),
  )
  t.end()
})

t.test('urgency: one of the four names, else the frame is invalid', (t) => {
  for (const min of URGENCIES) t.same(parse({ messageType: 'urgency', min }), { kind: 'urgency', min })
  for (const min of ['High', '', 2, null, undefined, ['high']])
    t.equal(parse({ messageType: 'urgency', min }).kind, 'invalid', JSON.stringify(min))
  t.end()
})

/** A value that is right with luck, and anything at all otherwise. */
const almost = (...right: string[]) => fc.oneof(fc.constantFrom(...right), fc.string(), fc.jsonValue())

t.test('a frame that is nearly right gives its own kind or `invalid`, with ids that are ids', (t) => {
  const types = [
    'hello',
    'register',
    'unregister',
    'broadcast_subscribe',
    'ack',
    'nack',
    'urgency',
    'ping',
  ] as const
  const update = fc.record({ channelID: almost(CHANNEL), version: almost(VERSION), code: fc.jsonValue() })
  const frame = fc.record(
    {
      messageType: fc.constantFrom(...types),
      uaid: almost(UAID, DASHED),
      use_webpush: fc.oneof(fc.boolean(), fc.jsonValue()),
      channelID: almost(CHANNEL),
      key: almost(newPoint().toString('base64url')),
      broadcasts: fc.oneof(fc.dictionary(fc.string(), almost('1')), fc.jsonValue()),
      updates: fc.oneof(fc.array(fc.oneof(update, fc.jsonValue())), fc.jsonValue()),
      version: almost(VERSION),
      code: fc.oneof(fc.constantFrom(100, 200, 301), fc.jsonValue()),
      min: almost(...URGENCIES),
    },
    { requiredKeys: ['messageType'] },
  )
  const seen = new Set<string>()
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(frame, (fields) => {
        const message = parse(fields)
        seen.add(message.kind)
        const type = fields.messageType === 'broadcast_subscribe' ? 'broadcastSubscribe' : fields.messageType
        return (message.kind === 'invalid' || message.kind === type) && isWellFormed(message)
      }),
      RUNS,
    ),
  )
  t.same([...seen].sort(), [...KINDS].sort(), 'every kind came up')
  t.end()
})

function isWellFormed(message: ClientMessage): boolean {
  switch (message.kind) {
    case 'hello':
      return message.uaid === undefined || message.uaid === UAID || /^[0-9a-f]{32}$/.test(message.uaid)
    case 'register':
      return message.channelId === CHANNEL && (message.keyHash?.length ?? 32) > 0
    case 'unregister':
      return message.channelId === CHANNEL && typeof message.code === 'number'
    case 'ack':
      return message.updates.every((update) => update.id === VERSION && update.channelId === CHANNEL)
    case 'nack':
      return message.id === undefined || message.id === VERSION
    case 'urgency':
      return URGENCIES.includes(message.min)
    case 'broadcastSubscribe':
    case 'ping':
    case 'invalid':
      return true
  }
}
