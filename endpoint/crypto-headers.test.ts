import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { parseCryptoHeaders } from './crypto-headers.ts'
import { isEcdhKey } from './ecdh-key.ts'

const parse = (contentEncoding?: string, encryption?: string, cryptoKey?: string) =>
  parseCryptoHeaders({ contentEncoding, encryption, cryptoKey })

t.test('aes128gcm: the user agent gets the encoding and nothing else', async (t) => {
  const expected = { ok: true, value: { encoding: 'aes128gcm' } }
  t.strictSame(parse('aes128gcm'), expected)
  t.strictSame(parse('AES128GCM'), expected, 'content codings know no case (RFC 9110 section 8.4.1)')
  t.strictSame(parse('aes128gcm', undefined, 'p256ecdsa=abc'), expected, 'a VAPID key is no crypto header')
})

t.test('aes128gcm with salt or dh in the headers is 110', async (t) => {
  t.match(parse('aes128gcm', 'salt=abc'), { ok: false, code: 'encryptionInvalid' })
  t.match(parse('aes128gcm', undefined, 'dh=abc'), { ok: false, code: 'encryptionInvalid' })
  t.match(parse('aes128gcm', undefined, 'p256ecdsa=abc;dh=abc'), { ok: false, code: 'encryptionInvalid' })
  t.match(parse('aes128gcm', 'garbage'), { ok: false, code: 'encryptionInvalid' })
})

t.test(
  'aesgcm: the user agent gets both headers without quotes and padding, and nothing of VAPID',
  async (t) => {
    t.strictSame(parse('aesgcm', 'keyid=p256dh;salt="abc=="', 'keyid=p256dh;dh="def=",p256ecdsa=ghi'), {
      ok: true,
      value: { encoding: 'aesgcm', encryption: 'keyid=p256dh;salt=abc', cryptoKey: 'keyid=p256dh;dh=def' },
    })
    t.match(parse('aesgcm', 'salt=abc', 'dh=def;p256ecdsa=ghi'), { value: { cryptoKey: 'dh=def' } })
  },
)

t.test('aesgcm with a salt and no key at all is 101', async (t) => {
  for (const cryptoKey of [undefined, '', 'p256ecdsa=ghi', 'keyid=a'])
    t.match(parse('aesgcm', 'salt=abc', cryptoKey), { ok: false, code: 'keysMissing' }, cryptoKey ?? 'none')
})

t.test('aesgcm without a salt, or with a salt or key that is none, is 110', async (t) => {
  for (const [encryption, cryptoKey] of [
    [undefined, 'dh=def'],
    ['keyid=a', 'dh=def'],
    ['salt=', 'dh=def'],
    ['salt=abc', 'dh='],
    ['salt=a+c', 'dh=def'],
    ['salt=abc', 'dh=d/f'],
    ['salt=abc', 'garbage'],
    ['salt="abc', 'dh=def'],
  ]) {
    t.match(
      parse('aesgcm', encryption, cryptoKey),
      { ok: false, code: 'encryptionInvalid' },
      `${encryption} ${cryptoKey}`,
    )
  }
})

t.test('a body without an encoding, or with another one, is 110', async (t) => {
  for (const encoding of [undefined, '', 'aesgcm128', 'gzip', 'aes128gcm, aes128gcm', 'identity']) {
    t.match(
      parse(encoding, 'salt=abc', 'dh=def'),
      { ok: false, code: 'encryptionInvalid' },
      encoding ?? 'none',
    )
  }
})

const header = fc.option(
  fc.oneof(
    fc.string(),
    fc
      .array(fc.constantFrom('salt=', 'dh=', 'p256ecdsa=', 'keyid=', 'abc', '"', '=', ';', ',', ' '))
      .map((list) => list.join('')),
  ),
  { nil: undefined },
)

t.test('whatever headers come, they are read or refused; what is read is plain', async (t) => {
  const encoding = fc.oneof(fc.constantFrom('aesgcm', 'aes128gcm', undefined), fc.string())
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(encoding, header, header, (contentEncoding, encryption, cryptoKey) => {
        const headers = parse(contentEncoding, encryption, cryptoKey)
        if (!headers.ok || headers.value.encoding === 'aes128gcm') return
        for (const value of [headers.value.encryption, headers.value.cryptoKey]) {
          assert.match(value ?? '', /^[!#-~]+$/)
          // As a name: a key may well be spelt like it.
          assert.doesNotMatch(value ?? '', /(^|[;,])p256ecdsa=/)
        }
        assert.deepEqual(parse('aesgcm', headers.value.encryption, headers.value.cryptoKey), headers)
      }),
      { numRuns: 2000 },
    ),
  )
})

t.test('the key of a message is told from the one that signed for it', async (t) => {
  const key = Buffer.alloc(65, 4)
  const other = Buffer.alloc(65, 5)
  const body = (keyid: Buffer) =>
    Buffer.concat([Buffer.alloc(20), Buffer.from([keyid.length]), keyid, Buffer.alloc(9)])
  t.equal(isEcdhKey(key, { encoding: 'aes128gcm' }, body(key)), true)
  t.equal(isEcdhKey(key, { encoding: 'aes128gcm' }, body(other)), false)
  t.equal(isEcdhKey(key, { encoding: 'aes128gcm' }, body(key).subarray(0, 60)), false)
  t.equal(isEcdhKey(key, { encoding: 'aes128gcm' }, Buffer.from('short')), false)
  const shorter = body(key)
  shorter[20] = 64
  t.equal(isEcdhKey(key, { encoding: 'aes128gcm' }, shorter), false, 'a key id of another length')
  const aesgcm = (...keys: Buffer[]) =>
    ({
      encoding: 'aesgcm',
      encryption: 'salt=a',
      cryptoKey: keys.map((dh) => `dh=${dh.toString('base64url')}`).join(','),
    }) as const
  t.equal(isEcdhKey(key, aesgcm(other, key), body(other)), true)
  t.equal(isEcdhKey(key, aesgcm(other), body(key)), false)
})
