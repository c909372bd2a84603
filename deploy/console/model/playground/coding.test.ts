import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import webPush from 'web-push'
import { fromBase64url, toBase64url } from '../../../by-hand/base64url.ts'
import { contentOf } from '../../../by-hand/decrypt.ts'
import type { Notification } from '../../../by-hand/server-frame.ts'
import { decrypt, encrypt, OVERHEAD_BYTES, TEXT_BYTES_MAX } from './aes128gcm.ts'
import { keysOf, newPageChannel, type PageChannel, subscriptionOf } from './channel.ts'
import { readNotification } from './read-notification.ts'

const bytes = (text: string) => fromBase64url(text) ?? new Uint8Array()
const utf8 = (text: string) => new TextEncoder().encode(text)

/** The example of RFC 8291, appendix A. */
const RFC = {
  text: 'When I grow up, I want to be a watermelon',
  auth: 'BTBZMqHH6r4Tts7J_aSIgg',
  userAgent: {
    privateKey: 'q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94',
    publicKey: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
  },
  sender: {
    privateKey: 'yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw',
    publicKey: 'BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8',
  },
  salt: 'DGv6ra1nlYgDCS1FRnbzlw',
  body: 'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
}
const RECIPIENT = { point: bytes(RFC.userAgent.publicKey), auth: bytes(RFC.auth) }

const CHANNEL: PageChannel = {
  ...(await newPageChannel('news', undefined)),
  endpoint: 'https://push.example/wpush/v1/token',
}

/** A notification as a service makes it of what the real `web-push` library posts. */
function fromWebPush(payload: Buffer, encoding: 'aes128gcm' | 'aesgcm'): Notification {
  const subscription = subscriptionOf(CHANNEL)
  if (subscription === undefined) throw new Error('the channel has no endpoint')
  const { headers, body } = webPush.generateRequestDetails(subscription, payload, {
    contentEncoding: encoding,
  })
  const header = (name: string) => (headers[name] === undefined ? {} : { [name]: String(headers[name]) })
  const { Encryption: encryption } = header('Encryption')
  const { 'Crypto-Key': cryptoKey } = header('Crypto-Key')
  return notification(body?.toString('base64url'), {
    encoding,
    ...(encryption !== undefined && { encryption }),
    ...(cryptoKey !== undefined && { crypto_key: cryptoKey }),
  })
}

function notification(data: string | undefined, headers: Notification['headers']): Notification {
  return {
    messageType: 'notification',
    channelID: CHANNEL.channelID,
    version: '1',
    ...(data !== undefined && { data }),
    ...(headers !== undefined && { headers }),
  }
}

t.test('the example of RFC 8291, in both directions', async (t) => {
  const once = { salt: bytes(RFC.salt), keys: RFC.sender }
  t.equal(toBase64url(await encrypt(utf8(RFC.text), RECIPIENT, once)), RFC.body)
  const text = await decrypt(bytes(RFC.body), RFC.userAgent, RECIPIENT)
  t.equal(Buffer.from(text).toString(), RFC.text)
})

t.test('what web-push encrypts, in both encodings and of all lengths, is read', async (t) => {
  for (const encoding of ['aes128gcm', 'aesgcm'] as const) {
    // Libraries make several records of what is longer than one.
    for (const length of [0, 1, 3993, 4079, 4080, 4081, 9000]) {
      const text = 'x'.repeat(length)
      const content = await readNotification(fromWebPush(Buffer.from(text), encoding), CHANNEL)
      t.same(content, { kind: 'text', text, bytes: length }, `${encoding}, ${length} bytes`)
    }
    t.same(await readNotification(fromWebPush(Buffer.of(255, 0), encoding), CHANNEL), {
      kind: 'binary',
      base64url: '_wA',
      bytes: 2,
    })
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 300 }), async (text) => {
        const content = await readNotification(fromWebPush(Buffer.from(text), encoding), CHANNEL)
        return content.kind === 'text' && content.text === text
      }),
      { numRuns: 20 },
    )
  }
})

t.test('what is encrypted here http_ece reads', async (t) => {
  const { recipient } = keysOf(CHANNEL)
  const read = async (text: string) => {
    const body = await encrypt(utf8(text), recipient)
    return contentOf(notification(toBase64url(body), { encoding: 'aes128gcm' }), CHANNEL)
  }
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 300 }), async (text) => {
      const content = await read(text)
      return content.kind === 'text' && content.text === text
    }),
    { numRuns: 20 },
  )
  const largest = 'x'.repeat(TEXT_BYTES_MAX)
  t.equal((await encrypt(utf8(largest), recipient)).length, 4096)
  t.equal((await encrypt(utf8(''), recipient)).length, OVERHEAD_BYTES)
  for (const text of [largest, `${largest}x`, 'x'.repeat(9000)])
    t.match(await read(text), { kind: 'text', bytes: text.length }, 'in one record, however long')
})

t.test('what can not be read says why', async (t) => {
  const stranger = await newPageChannel('other', undefined)
  const { recipient } = keysOf(CHANNEL)
  const body = Buffer.from(await encrypt(utf8('text'), recipient))
  const changed = (change: (copy: Buffer) => unknown) => {
    const copy = Buffer.from(body)
    change(copy)
    return notification(copy.toString('base64url'), { encoding: 'aes128gcm' })
  }
  const whole = changed(() => {})
  const older = fromWebPush(Buffer.from('text'), 'aesgcm')
  const cases: [Notification, PageChannel | undefined, RegExp][] = [
    [whole, stranger, /encrypted for other keys, or changed/],
    [whole, undefined, /its subscription is not known here/],
    [changed((copy) => copy.writeUInt8(copy.readUInt8(90) ^ 1, 90)), CHANNEL, /changed on its way/],
    [changed((copy) => copy.writeUInt8(3, 21)), CHANNEL, /no public key/],
    [changed((copy) => copy.fill(1, 22, 86)), CHANNEL, /no public key/],
    [changed((copy) => copy.writeUInt8(0, 20)), CHANNEL, /no public key/],
    [changed((copy) => copy.writeUInt32BE(17, 16)), CHANNEL, /17 bytes, which is too few/],
    [notification(toBase64url(body.subarray(0, 80)), whole.headers), CHANNEL, /shorter than the header/],
    [notification(toBase64url(body.subarray(0, 86)), whole.headers), CHANNEL, /nothing after its header/],
    [notification('no base64url!', whole.headers), CHANNEL, /its data is no base64url/],
    [notification('AA', { encoding: 'rot13' }), CHANNEL, /its encoding is rot13/],
    [notification('AA', undefined), CHANNEL, /its encoding is not said/],
    [{ ...older, headers: { ...older.headers, encryption: '' } }, CHANNEL, /its headers have no salt/],
    [
      { ...older, headers: { ...older.headers, crypto_key: 'dh=AA' } },
      CHANNEL,
      /its header dh is no public key/,
    ],
    [{ ...older, headers: { ...older.headers, encryption: 'salt=AAAA' } }, CHANNEL, /changed on its way/],
  ]
  for (const [frame, channel, why] of cases)
    t.match(await readNotification(frame, channel), { kind: 'unreadable', why }, String(why))
  t.same(await readNotification(notification(undefined, undefined), CHANNEL), { kind: 'empty' })
})

t.test('a text that is cut off after a record is refused', async (t) => {
  const long = fromWebPush(Buffer.alloc(9000, 'x'), 'aes128gcm')
  const body = bytes(long.data ?? '')
  const cut = notification(toBase64url(body.slice(0, 86 + 4096)), long.headers)
  t.match(await readNotification(cut, CHANNEL), { kind: 'unreadable', why: /cut off after a record/ })
})

t.test('whatever a service sends, nothing is thrown', async () => {
  const encoding = fc.constantFrom('aes128gcm', 'aesgcm')
  await fc.assert(
    fc.asyncProperty(
      encoding,
      fc.uint8Array({ maxLength: 200 }),
      fc.string(),
      async (encoding, body, header) => {
        const frame = notification(toBase64url(body), {
          encoding,
          encryption: `salt=AA${header}`,
          crypto_key: `dh=${header}`,
        })
        return (await readNotification(frame, CHANNEL)).kind !== 'empty'
      },
    ),
  )
})

t.test('base64url is what Node has, and nothing else is taken for it', (t) => {
  fc.assert(
    fc.property(fc.uint8Array(), (some) => {
      const text = Buffer.from(some).toString('base64url')
      const isSame = (other: string) => Buffer.from(some).equals(fromBase64url(other) ?? randomBytes(1))
      return toBase64url(some) === text && isSame(text) && isSame(Buffer.from(some).toString('base64'))
    }),
  )
  for (const wrong of ['a b', 'ü', 'A', 'AA===', '=AA', 'A.A'])
    t.equal(fromBase64url(wrong), undefined, wrong)
  t.end()
})
