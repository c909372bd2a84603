import fc from 'fast-check'
import t from 'tap'
import type { BroadcastId, BroadcastVersion } from '../push/broadcast.ts'
import {
  type ChannelId,
  channelIdFromBytes,
  type MessageId,
  messageIdFromBytes,
  type Uaid,
} from '../push/ids.ts'
import type { CryptoHeaders, Message } from '../push/message.ts'
import { frameText, notificationText, type ServerFrame } from './server-frame.ts'

const CHANNEL = 'c0ffee00-1234-4abc-8def-0123456789ab' as ChannelId
const VERSION = '01900000-0000-7000-8000-000000000001' as MessageId
const UAID = '0123456789abcdef0123456789abcdef' as Uaid

const BROADCAST = 'a/b' as BroadcastId

function message(fields: Partial<Message> = {}): Message {
  return {
    id: VERSION,
    channelId: CHANNEL,
    urgency: 'high',
    ttlSeconds: 60,
    expiresAtMs: 60_000,
    body: new Uint8Array(),
    ...fields,
  }
}

function parsed(sent: Message, ttlSeconds = 60): Record<string, unknown> {
  return JSON.parse(notificationText(sent, ttlSeconds))
}

t.test('every frame, to the letter', (t) => {
  const pushEndpoint = 'https://push.example/wpush/v2/token_-'
  const rows: [frame: ServerFrame, text: string][] = [
    [
      { kind: 'hello', uaid: UAID, broadcasts: { values: [], errors: [] } },
      `{"messageType":"hello","uaid":"${UAID}","status":200,"use_webpush":true,"broadcasts":{}}`,
    ],
    [
      { kind: 'registered', channelId: CHANNEL, pushEndpoint },
      `{"messageType":"register","channelID":"${CHANNEL}","status":200,"pushEndpoint":"${pushEndpoint}"}`,
    ],
    [
      { kind: 'registerFailed', channelId: CHANNEL, status: 400 },
      `{"messageType":"register","channelID":"${CHANNEL}","status":400}`,
    ],
    [
      { kind: 'registerFailed', channelId: CHANNEL, status: 500 },
      `{"messageType":"register","channelID":"${CHANNEL}","status":500}`,
    ],
    [
      { kind: 'unregister', channelId: CHANNEL, status: 200 },
      `{"messageType":"unregister","channelID":"${CHANNEL}","status":200}`,
    ],
    [
      { kind: 'unregister', channelId: CHANNEL, status: 500 },
      `{"messageType":"unregister","channelID":"${CHANNEL}","status":500}`,
    ],
    [
      {
        kind: 'hello',
        uaid: UAID,
        broadcasts: { values: [[BROADCAST, '"é"' as BroadcastVersion]], errors: [['x', 'no']] },
      },
      `{"messageType":"hello","uaid":"${UAID}","status":200,"use_webpush":true,"broadcasts":{"a/b":"\\"é\\"","errors":{"x":"no"}}}`,
    ],
    [
      { kind: 'broadcast', broadcasts: { values: [[BROADCAST, '"é"' as BroadcastVersion]], errors: [] } },
      '{"messageType":"broadcast","broadcasts":{"a/b":"\\"é\\""}}',
    ],
    [
      { kind: 'broadcast', broadcasts: { values: [], errors: [['c"d', 'no']] } },
      '{"messageType":"broadcast","broadcasts":{"errors":{"c\\"d":"no"}}}',
    ],
    [{ kind: 'pong' }, '{}'],
  ]
  for (const [frame, text] of rows) t.equal(frameText(frame), text, frame.kind)
  t.end()
})

t.test('what a user agent asks for may have any name', (t) => {
  const errors = ['__proto__', 'constructor'].map((id) => [id, 'no'] as const)
  const text = frameText({ kind: 'broadcast', broadcasts: { values: [], errors } })
  t.match(text, '"__proto__":"no"')
  t.match(text, '"constructor":"no"')
  t.end()
})

t.test('a notification with an aes128gcm body', (t) => {
  const body = Uint8Array.of(0xfb, 0xff, 0xfe, 1)
  t.same(parsed(message({ body, headers: { encoding: 'aes128gcm' } })), {
    messageType: 'notification',
    channelID: CHANNEL,
    version: VERSION,
    ttl: 60,
    data: '-__-AQ',
    headers: { encoding: 'aes128gcm' },
  })
  t.end()
})

t.test('a notification with an aesgcm body', (t) => {
  const headers: CryptoHeaders = {
    encoding: 'aesgcm',
    encryption: 'salt=abc',
    cryptoKey: 'dh=def;p256ecdsa=ghi',
  }
  t.same(parsed(message({ body: Uint8Array.of(1), headers })), {
    messageType: 'notification',
    channelID: CHANNEL,
    version: VERSION,
    ttl: 60,
    data: 'AQ',
    headers: { encoding: 'aesgcm', encryption: 'salt=abc', crypto_key: 'dh=def;p256ecdsa=ghi' },
  })
  t.end()
})

t.test('a notification with an empty body has neither data nor headers; a topic is never forwarded', (t) => {
  t.same(parsed(message({ topic: 'secret' }), 7), {
    messageType: 'notification',
    channelID: CHANNEL,
    version: VERSION,
    ttl: 7,
  })
  t.end()
})

t.test('a body that is part of a greater buffer is sent without the rest of it', (t) => {
  const body = Buffer.from('before, body, after').subarray(8, 12)
  const { data } = parsed(message({ body, headers: { encoding: 'aes128gcm' } }))
  t.equal(data, Buffer.from('body').toString('base64url'))
  t.end()
})

t.test('any message gives valid JSON with the right data', (t) => {
  const id = fc.uint8Array({ minLength: 16, maxLength: 16 })
  const value = fc.option(fc.string(), { nil: undefined })
  const sample = fc.record({
    id,
    channelId: id,
    body: fc.uint8Array({ minLength: 1, maxLength: 6000 }),
    encoding: fc.constantFrom('aes128gcm', 'aesgcm'),
    encryption: value,
    cryptoKey: value,
    ttlSeconds: fc.nat(),
  })
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(sample, ({ id, channelId, body, encoding, encryption, cryptoKey, ttlSeconds }) => {
        const headers: CryptoHeaders = {
          encoding,
          ...(encryption !== undefined && { encryption }),
          ...(cryptoKey !== undefined && { cryptoKey }),
        }
        const sent = message({
          id: messageIdFromBytes(id),
          channelId: channelIdFromBytes(channelId),
          body,
          headers,
        })
        const got = parsed(sent, ttlSeconds)
        const { data, ...rest } = got
        if (typeof data !== 'string' || !/^[A-Za-z0-9_-]+$/.test(data)) return false
        t.match(rest, { channelID: sent.channelId, version: sent.id, ttl: ttlSeconds })
        t.same(got['headers'], {
          encoding,
          ...(encryption !== undefined && { encryption }),
          ...(cryptoKey !== undefined && { crypto_key: cryptoKey }),
        })
        return Buffer.from(data, 'base64url').equals(body)
      }),
    ),
  )
  t.end()
})
