import assert from 'node:assert/strict'
import { createCipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import {
  channelIdFromBytes,
  idToBytes,
  messageIdFromBytes,
  newReceiptSubscriptionId,
  receiptSubscriptionIdFromBytes,
  uaidFromBytes,
} from './ids.ts'
import { keyDigestOf, type Subscription } from './subscription.ts'
import { messageToken, SERVICE_KEY_BYTES, SERVICE_KEYS_MAX, Tokens } from './tokens.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const RANDOM = { bytes: (count: number) => new Uint8Array(count).fill(7), fraction: () => 0 }
const KEY = randomBytes(SERVICE_KEY_BYTES)
const tokens = new Tokens([KEY])

const id = fc.uint8Array({ minLength: 16, maxLength: 16 })
const keyHash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes))
const subscriptions: fc.Arbitrary<Subscription> = fc.record(
  { uaid: id.map(uaidFromBytes), channelId: id.map(channelIdFromBytes), keyHash },
  { requiredKeys: ['uaid', 'channelId'], noNullPrototype: true },
)
const refs = fc.record(
  { uaid: id.map(uaidFromBytes), id: id.map(messageIdFromBytes) },
  { noNullPrototype: true },
)

const OPEN: Subscription = {
  uaid: uaidFromBytes(new Uint8Array(16).fill(1)),
  channelId: channelIdFromBytes(new Uint8Array(16).fill(2)),
}
const RESTRICTED: Subscription = { ...OPEN, keyHash: Buffer.alloc(32, 3) }

t.test('every subscription survives sealing and opening', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(subscriptions, (subscription) => {
        const { version, token } = tokens.sealEndpoint(subscription)
        assert.equal(version, subscription.keyHash === undefined ? 1 : 2)
        assert.match(token, /^[A-Za-z0-9_-]{64,108}$/)
        assert.deepStrictEqual(tokens.openEndpoint(version, token), subscription)
      }),
    ),
  )
})

t.test('every message reference survives sealing and opening', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(refs, (ref) => {
        const token = messageToken(tokens.sealChannel({ ...OPEN, uaid: ref.uaid }), ref.id)
        assert.match(token, /^[A-Za-z0-9_-]{96}$/)
        assert.deepStrictEqual(tokens.openMessage(token), ref)
      }),
    ),
  )
})

t.test('every receipt subscription survives sealing and opening', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(id.map(receiptSubscriptionIdFromBytes), (subscription) => {
        const token = tokens.sealReceipts(subscription)
        assert.match(token, /^[A-Za-z0-9_-]{43}$/)
        assert.equal(tokens.openReceipts(token), subscription)
        assert.equal(new Tokens([randomBytes(SERVICE_KEY_BYTES)]).openReceipts(token), undefined)
      }),
    ),
  )
})

t.test('the sealed part of a message token resists any change', async (t) => {
  const token = messageToken(tokens.sealChannel(OPEN), messageIdFromBytes(new Uint8Array(16)))
  let opened = 0
  for (let at = 0; at < 64; at += 1) {
    for (const character of ALPHABET) {
      if (character === token[at]) continue
      if (tokens.openMessage(token.slice(0, at) + character + token.slice(at + 1))) opened += 1
    }
  }
  t.equal(opened, 0)
  for (const spelling of [`${token}0`, token.slice(0, -1), `${token.slice(0, -1)}A`, `${token}=`]) {
    t.equal(tokens.openMessage(spelling), undefined, spelling.slice(-3))
  }
})

t.test('one subscription has one endpoint', async (t) => {
  t.strictSame(tokens.sealEndpoint(RESTRICTED), new Tokens([KEY]).sealEndpoint({ ...RESTRICTED }))
})

t.test('a token of one kind never opens as another', async (t) => {
  const v1 = tokens.sealEndpoint(OPEN).token
  const v2 = tokens.sealEndpoint(RESTRICTED).token
  const message = messageToken(tokens.sealChannel(OPEN), messageIdFromBytes(new Uint8Array(16)))
  t.equal(tokens.openEndpoint(2, v1), undefined)
  t.equal(tokens.openEndpoint(1, v2), undefined)
  t.equal(tokens.openEndpoint(1, message), undefined)
  t.equal(tokens.openMessage(v1), undefined)
  const receipts = tokens.sealReceipts(newReceiptSubscriptionId(RANDOM))
  t.equal(tokens.openReceipts(v1), undefined)
  t.equal(tokens.openReceipts(message), undefined)
  t.equal(tokens.openMessage(receipts), undefined)
})

t.test('a token with any character changed is refused', async (t) => {
  for (const subscription of [OPEN, RESTRICTED]) {
    const { version, token } = tokens.sealEndpoint(subscription)
    let opened = 0
    for (let at = 0; at < token.length; at += 1) {
      for (const character of ALPHABET) {
        if (character === token[at]) continue
        if (tokens.openEndpoint(version, token.slice(0, at) + character + token.slice(at + 1))) opened += 1
      }
    }
    t.equal(opened, 0)
  }
})

t.test('only the canonical spelling of a token opens', async (t) => {
  // 80 bytes leave 4 unused bits in the last character of a restricted endpoint's token.
  const { token } = tokens.sealEndpoint(RESTRICTED)
  const last = ALPHABET.indexOf(token.slice(-1))
  const twin = token.slice(0, -1) + ALPHABET[last + 1]
  t.strictSame(Buffer.from(twin, 'base64url'), Buffer.from(token, 'base64url'), 'the same bytes')
  t.equal(tokens.openEndpoint(2, twin), undefined)
  for (const spelling of [`${token}=`, `${token}\n`, ` ${token}`, token.slice(0, -1), `${token}A`, '']) {
    t.equal(tokens.openEndpoint(2, spelling), undefined, JSON.stringify(spelling))
  }
})

t.test('whatever is presented, opening never throws', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[A-Za-z0-9_-]{64}$/)), (text) => {
        return tokens.openEndpoint(1, text) === undefined && tokens.openMessage(text) === undefined
      }),
    ),
  )
})

t.test('keys rotate: the newest seals, the older ones still open, a retired one does not', async (t) => {
  const newest = randomBytes(SERVICE_KEY_BYTES)
  const rotated = new Tokens([newest, KEY])
  const old = tokens.sealEndpoint(RESTRICTED)
  t.strictSame(rotated.openEndpoint(2, old.token), RESTRICTED)
  const fresh = rotated.sealEndpoint(RESTRICTED)
  t.strictSame(fresh, new Tokens([newest]).sealEndpoint(RESTRICTED))
  t.equal(tokens.openEndpoint(2, fresh.token), undefined)
  t.equal(new Tokens([newest]).openEndpoint(2, old.token), undefined)
})

t.test('1 to 4 service keys of 32 bytes, and no others', async (t) => {
  const keys = (count: number, bytes = SERVICE_KEY_BYTES) =>
    Array.from({ length: count }, () => randomBytes(bytes))
  t.doesNotThrow(() => new Tokens(keys(SERVICE_KEYS_MAX)))
  t.throws(() => new Tokens([]), { name: 'RangeError', message: /got 0/ })
  t.throws(() => new Tokens(keys(SERVICE_KEYS_MAX + 1)), { name: 'RangeError', message: /got 5/ })
  for (const bytes of [0, 16, 31, 33]) {
    t.throws(() => new Tokens(keys(1, bytes)), { name: 'RangeError', message: /32 bytes/ }, `${bytes} bytes`)
  }
})

t.test('the construction is HMAC-SHA-256 and AES-256-CTR, as written', async (t) => {
  const derive = (use: string) =>
    new Uint8Array(hkdfSync('sha256', KEY, '', `pushgrid endpoint/v2 ${use}`, 32))
  const plain = Buffer.concat([idToBytes(OPEN.uaid), idToBytes(OPEN.channelId), Buffer.alloc(32, 3)])
  const tag = createHmac('sha256', derive('authenticate'))
    .update('endpoint/v2\0')
    .update(plain)
    .digest()
    .subarray(0, 16)
  const cipher = createCipheriv('aes-256-ctr', derive('encrypt'), tag)
  t.equal(
    tokens.sealEndpoint(RESTRICTED).token,
    Buffer.concat([tag, cipher.update(plain)]).toString('base64url'),
  )
})

t.test('a channel keeps the first 8 bytes of the key hash, or nothing', async (t) => {
  t.equal(keyDigestOf(undefined), '')
  t.equal(keyDigestOf(Buffer.from('00112233445566778899aabbccddeeff', 'hex')), '0011223344556677')
})
