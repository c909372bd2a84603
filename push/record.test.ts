import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { messages } from './fixtures/arbitrary-messages.ts'
import { channelIdFromBytes, messageIdFromBytes, receiptSubscriptionIdFromBytes } from './ids.ts'
import { type Message, sameTopic } from './message.ts'
import { decodeMessage, encodeMessage, recordReceipt } from './record.ts'

const SAMPLE: Message = {
  id: messageIdFromBytes(new Uint8Array(16).fill(1)),
  channelId: channelIdFromBytes(new Uint8Array(16).fill(2)),
  topic: 'news',
  urgency: 'normal',
  ttlSeconds: 60,
  expiresAtMs: 1_700_000_000_000,
  headers: { encoding: 'aesgcm', encryption: 'salt=abc', cryptoKey: 'dh=def' },
  body: Buffer.from('secret'),
}

t.test('every message survives encoding and decoding', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(messages, (message) => {
        assert.deepStrictEqual(decodeMessage(encodeMessage(message)), message)
      }),
    ),
  )
})

t.test('a record can lie anywhere in a larger buffer', async (t) => {
  const record = encodeMessage(SAMPLE)
  const larger = Buffer.concat([Buffer.alloc(7, 9), record])
  t.strictSame(decodeMessage(new Uint8Array(larger.buffer, larger.byteOffset + 7, record.length)), SAMPLE)
})

t.test('the layout is fixed: old and new processes read each other', async (t) => {
  const expected = `0103${'01'.repeat(16)}${'02'.repeat(16)}018bcfe568000000003c046e65777301000873616c743d616263000664683d646566736563726574`
  t.equal(encodeMessage(SAMPLE).toString('hex'), expected)
})

t.test('a receipt that is asked for makes another version, which older processes refuse', async (t) => {
  const receipt = {
    subscription: receiptSubscriptionIdFromBytes(new Uint8Array(16).fill(3)),
    sealedChannel: Buffer.alloc(48, 4).toString('base64url'),
  }
  const plain = encodeMessage(SAMPLE).toString('hex')
  const expected = `02${plain.slice(2, 88)}${'03'.repeat(16)}${'04'.repeat(48)}${plain.slice(88)}`
  t.equal(encodeMessage({ ...SAMPLE, receipt }).toString('hex'), expected)
})

t.test(
  'the receipt of a record that can not be read is found, unless its beginning is damaged',
  async (t) => {
    const receipt = {
      subscription: receiptSubscriptionIdFromBytes(new Uint8Array(16).fill(3)),
      sealedChannel: Buffer.alloc(48, 4).toString('base64url'),
    }
    const whole = encodeMessage({ ...SAMPLE, receipt })
    const beginning = whole.subarray(0, 108)
    for (const record of [whole, beginning, Buffer.concat([Buffer.of(99, 255), whole.subarray(2)])])
      t.strictSame(recordReceipt(record, SAMPLE.id), receipt)
    const otherId = messageIdFromBytes(new Uint8Array(16).fill(5))
    t.equal(recordReceipt(whole, otherId), undefined)
    for (let length = 0; length < beginning.length; length++)
      t.equal(recordReceipt(whole.subarray(0, length), SAMPLE.id), undefined, `of ${length} bytes`)
  },
)

t.test('another version is refused with words that say which', async (t) => {
  const record = encodeMessage(SAMPLE)
  record[0] = 3
  t.throws(() => decodeMessage(record), { name: 'RangeError', message: /version 3.* reads 1 and 2/ })
})

t.test('unknown flags are refused', async (t) => {
  const record = encodeMessage(SAMPLE)
  record[1] = 16
  t.throws(() => decodeMessage(record), { name: 'RangeError', message: /unknown flags 16/ })
})

t.test('an unknown content encoding is refused', async (t) => {
  const record = encodeMessage({ ...SAMPLE, headers: { encoding: 'aes128gcm' } })
  record[44 + 1 + 4] = 7
  t.throws(() => decodeMessage(record), { name: 'RangeError', message: /content encoding 7/ })
})

t.test('a record cut short anywhere before its body is refused', async (t) => {
  const receipt = {
    subscription: receiptSubscriptionIdFromBytes(new Uint8Array(16).fill(3)),
    sealedChannel: 'c'.repeat(64),
  }
  const record = encodeMessage({ ...SAMPLE, receipt })
  const bodyAt = record.length - SAMPLE.body.length
  for (let length = 0; length < bodyAt; length += 1) {
    t.throws(() => decodeMessage(record.subarray(0, length)), { name: 'RangeError' }, `${length} bytes`)
  }
})

t.test('whatever bytes come, decoding gives a message or a RangeError', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom(1, 2),
        fc.integer({ min: 0, max: 3 }),
        (bytes, version, flags) => {
          bytes.set([version, flags].slice(0, bytes.length))
          try {
            decodeMessage(bytes)
          } catch (error) {
            assert(error instanceof RangeError)
          }
        },
      ),
    ),
  )
})

t.test('messages replace each other by channel and topic', async (t) => {
  const { topic, ...plain } = SAMPLE
  const elsewhere = channelIdFromBytes(new Uint8Array(16).fill(3))
  t.equal(sameTopic(SAMPLE, { ...SAMPLE }), true)
  t.equal(sameTopic(SAMPLE, { ...SAMPLE, topic: `${topic}2` }), false)
  t.equal(sameTopic(SAMPLE, { ...SAMPLE, channelId: elsewhere }), false)
  t.equal(sameTopic(plain, plain), false)
})
