import fc from 'fast-check'
import t from 'tap'
import webPush from 'web-push'
import { seededRandom } from '../../cluster/seeded-random.ts'
import { contentOf } from './decrypt.ts'
import { pushRequest } from './push-request.ts'
import type { Notification } from './server-frame.ts'
import { newChannel, subscriptionOf } from './subscription.ts'
import type { Channel } from './subscription-schema.ts'

const CHANNEL = newChannel('news', undefined, seededRandom(1))
const SUBSCRIPTION = subscriptionOf(CHANNEL, 'https://push.example/wpush/v1/token')
const SENDING = {
  ttlSeconds: 60,
  topic: undefined,
  urgency: undefined,
  vapidFile: undefined,
  receiptWaitSeconds: undefined,
}

/** A notification as a server makes it of what `web-push` posts. */
function encrypted(payload: Buffer, encoding: 'aes128gcm' | 'aesgcm', signed = false): Notification {
  const vapid = signed ? { subject: 'mailto:a@example.org', ...webPush.generateVAPIDKeys() } : undefined
  const { headers, body } = pushRequest(SUBSCRIPTION, payload, vapid, { ...SENDING, encoding })
  const { Encryption: encryption, 'Crypto-Key': cryptoKey } = headers
  return {
    messageType: 'notification',
    channelID: CHANNEL.channelID,
    version: '1',
    ...(body !== undefined && { data: body.toString('base64url') }),
    headers: {
      encoding,
      ...(encryption !== undefined && { encryption }),
      ...(cryptoKey !== undefined && { crypto_key: cryptoKey }),
    },
  }
}

t.test('the example of RFC 8291, section 5', (t) => {
  const channel: Channel = {
    ...CHANNEL,
    privateKey: 'q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94',
    auth: 'BTBZMqHH6r4Tts7J_aSIgg',
  }
  const notification: Notification = {
    messageType: 'notification',
    channelID: CHANNEL.channelID,
    version: '1',
    data: 'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
    headers: { encoding: 'aes128gcm' },
  }
  const text = 'When I grow up, I want to be a watermelon'
  t.same(contentOf(notification, channel), { kind: 'text', text, bytes: text.length })
  t.equal(
    subscriptionOf(channel, '').keys.p256dh,
    'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
  )
  t.end()
})

t.test('what web-push encrypts, in both encodings, is read again', (t) => {
  for (const encoding of ['aes128gcm', 'aesgcm'] as const) {
    for (const signed of [false, true])
      t.match(contentOf(encrypted(Buffer.from('Grüße'), encoding, signed), CHANNEL), {
        kind: 'text',
        text: 'Grüße',
        bytes: 7,
      })
    t.same(contentOf(encrypted(Buffer.of(255, 0), encoding), CHANNEL), {
      kind: 'binary',
      base64url: '_wA',
      bytes: 2,
    })
    t.same(contentOf(encrypted(Buffer.alloc(0), encoding), CHANNEL), { kind: 'text', text: '', bytes: 0 })
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 2000 }), (text) => {
        const content = contentOf(encrypted(Buffer.from(text), encoding), CHANNEL)
        return content.kind === 'text' && content.text === text
      }),
      { numRuns: 20 },
    )
  }
  t.end()
})

t.test('what can not be read says why, and an empty message is empty', (t) => {
  const stranger = newChannel('other', undefined, seededRandom(2))
  const { headers, data = '', ...rest } = encrypted(Buffer.from('text'), 'aesgcm')
  const cases: [Notification, Channel, RegExp][] = [
    [encrypted(Buffer.from('text'), 'aes128gcm'), stranger, /authenticate/],
    [{ ...rest, data, headers: { ...headers, encoding: 'rot13' } }, CHANNEL, /its encoding is rot13/],
    [{ ...rest, data }, CHANNEL, /its encoding is not said/],
    [{ ...rest, data, headers: { ...headers, encryption: '' } }, CHANNEL, /its headers have no salt/],
    [{ ...rest, data, headers: { ...headers, crypto_key: 'sdh=AA' } }, CHANNEL, /its headers have no dh/],
  ]
  for (const [notification, channel, why] of cases)
    t.match(contentOf(notification, channel), { kind: 'unreadable', why })
  t.same(contentOf(rest, CHANNEL), { kind: 'empty' })
  t.end()
})

t.test('whatever a server sends, it never throws', (t) => {
  const encoding = fc.constantFrom('aes128gcm', 'aesgcm')
  fc.assert(
    fc.property(encoding, fc.uint8Array({ maxLength: 200 }), fc.string(), (encoding, bytes, header) => {
      const notification: Notification = {
        messageType: 'notification',
        channelID: CHANNEL.channelID,
        version: '1',
        data: Buffer.from(bytes).toString('base64url'),
        headers: { encoding, encryption: `salt=AA${header}`, crypto_key: `dh=${header}` },
      }
      return contentOf(notification, CHANNEL).kind === 'unreadable'
    }),
  )
  t.end()
})
