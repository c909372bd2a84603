import { execFileSync } from 'node:child_process'
import { decodeJwt } from 'jose'
import t from 'tap'
import { systemClock } from '../../../../cluster/clock.ts'
import { Vapid } from '../../../../endpoint/vapid.ts'
import { toBase64url } from '../../../by-hand/base64url.ts'
import { contentOf } from '../../../by-hand/decrypt.ts'
import { receiptUrlIn } from '../../../by-hand/receipt-link.ts'
import type { Recipient } from './aes128gcm.ts'
import { keysOf, newPageChannel, type PageChannel, subscriptionOf } from './channel.ts'
import { asCurl } from './curl.ts'
import { newKeyPair } from './p256.ts'
import { pushRequest, type Sending } from './push-request.ts'
import { readSubscription } from './read-subscription.ts'
import { BLANK_FORM, PASTED, readForm, type SendForm } from './send-form.ts'
import { parseReceipt } from './sent.ts'

const ORIGIN = 'https://push.example'
const CHANNEL: PageChannel = {
  ...(await newPageChannel('news', undefined)),
  endpoint: `${ORIGIN}/wpush/v1/token`,
}
const JSON_TEXT = JSON.stringify(subscriptionOf(CHANNEL))
const RECIPIENT: Recipient = keysOf(CHANNEL).recipient
const SENDING: Sending = {
  text: 'Hello',
  ttlSeconds: 60,
  topic: undefined,
  urgency: undefined,
  receipt: false,
  receiptUrl: undefined,
}
const request = (sending: Partial<Sending>, vapid?: Parameters<typeof pushRequest>[3]) =>
  pushRequest(`${ORIGIN}/wpush/v1/token`, RECIPIENT, { ...SENDING, ...sending }, vapid, systemClock.nowMs())

t.test('a token signed here is good for the service, and for its origin alone', async (t) => {
  const keys = await newKeyPair()
  const { headers } = await request({}, keys)
  const service = (publicUrl: string) =>
    new Vapid({ publicUrl, vapidCacheMax: 10, verificationsMax: 10 }, systemClock)
  const verified = await service(ORIGIN).verify(headers['Authorization'] ?? '', undefined)
  t.equal(verified.ok && verified.value.bytes.toString('base64url'), keys.publicKey)
  const [, token = ''] = /t=([^,]+)/.exec(headers['Authorization'] ?? '') ?? []
  // Other services compare it to the letter.
  t.equal(decodeJwt(token).aud, ORIGIN)
  t.match(decodeJwt(token), { sub: /^mailto:/, exp: Number })
  t.match(await service('https://other.example').verify(headers['Authorization'] ?? '', undefined), {
    ok: false,
    detail: /aud/,
  })
})

t.test('a request says what was asked for, and an empty one has no body', async (t) => {
  const full = await request({ topic: 'weather', urgency: 'high', receipt: true, receiptUrl: 'https://r/1' })
  t.match(full.headers, {
    TTL: '60',
    Topic: 'weather',
    Urgency: 'high',
    Prefer: 'respond-async',
    'Push-Receipt': 'https://r/1',
    'Content-Encoding': 'aes128gcm',
  })
  t.notOk('Authorization' in full.headers)
  const { body, headers } = await request({ text: '', receiptUrl: 'https://r/1' })
  t.equal(body, undefined)
  t.same(headers, { TTL: '60' }, 'nothing else, and no receipt subscription where no receipt is asked for')
})

t.test('as a command of curl it is the same request, whatever is in it', async (t) => {
  const made = await request({ text: 'Grüße' })
  const { endpoint, body } = made
  const command = asCurl({ endpoint, headers: { ...made.headers, 'X-Quote': "it's" }, body })
  // A shell says what curl would get: its arguments, and its input.
  const [first, ...args] = shell(`curl() { printf '%s\\n' "$@"; base64 -w0; }; ${command}`).split('\n')
  t.equal(first, '-si')
  t.equal(args[0], endpoint)
  t.ok(args.includes("X-Quote: it's") && args.includes('Content-Encoding: aes128gcm'))
  const data = Buffer.from(args.at(-1) ?? '', 'base64')
  t.same([...data], [...(body ?? [])])
  const notification = {
    messageType: 'notification',
    channelID: CHANNEL.channelID,
    version: '1',
    data: toBase64url(data),
    headers: { encoding: 'aes128gcm' },
  } as const
  t.match(contentOf(notification, CHANNEL), { text: 'Grüße' })
  t.equal(
    asCurl({ endpoint: 'https://a/b', headers: { TTL: '0' }, body: undefined }),
    "curl -si 'https://a/b' -X POST \\\n  -H 'TTL: 0'",
  )
})

function shell(script: string): string {
  return execFileSync('sh', ['-c', script], { encoding: 'utf8' })
}

t.test('a pasted subscription is read, and of a wrong one it is said what is wrong', async (t) => {
  const { endpoint = '', p256dh, auth } = CHANNEL
  const withTime = JSON.stringify({ endpoint, expirationTime: null, keys: { p256dh: `${p256dh}=`, auth } })
  for (const json of [JSON_TEXT, withTime, `\n ${JSON_TEXT} `])
    t.match(await readSubscription(json), {
      kind: 'subscription',
      subscription: { endpoint, keys: { auth } },
      recipient: RECIPIENT,
    })
  const keys = { p256dh, auth }
  // The same point in a form that OpenSSL takes, and browsers do not.
  const hybrid = RECIPIENT.point.slice()
  hybrid[0] = 6 + ((hybrid.at(-1) ?? 0) & 1)
  const cases: [string, RegExp][] = [
    ['', /no JSON/],
    ['{', /no JSON/],
    ['null', /no subscription/],
    ['{"endpoint":"https://a/"}', /no subscription/],
    [JSON.stringify({ endpoint: 'ftp://a/', keys }), /endpoint is no http/],
    [JSON.stringify({ endpoint: 'https://', keys }), /endpoint is no http/],
    [JSON.stringify({ endpoint, keys: { p256dh: 'AAAA', auth } }), /p256dh is no public key/],
    [JSON.stringify({ endpoint, keys: { p256dh: toBase64url(hybrid), auth } }), /p256dh is no public key/],
    [JSON.stringify({ endpoint, keys: { p256dh: toBase64url(new Uint8Array(65).fill(4)), auth } }), /p256dh/],
    [JSON.stringify({ endpoint, keys: { p256dh, auth: 'AAAA' } }), /auth is not 16 bytes/],
    [JSON.stringify({ endpoint, keys: { p256dh, auth: '?' } }), /auth is not 16 bytes/],
  ]
  for (const [json, why] of cases) t.match(await readSubscription(json), { kind: 'wrong', why }, json)
})

t.test('a form is read, and what is wrong in it is said at its field', async (t) => {
  const form: SendForm = { ...BLANK_FORM, to: CHANNEL.channelID }
  const read = (news: Partial<SendForm>) => readForm({ ...form, ...news }, [CHANNEL])
  t.match(await read({ ttl: ' 0 ', topic: ' weather ', urgency: 'low' }), {
    kind: 'letter',
    letter: { name: 'news', ttlSeconds: 0, topic: 'weather', urgency: 'low', recipient: RECIPIENT },
  })
  t.match(await read({ to: PASTED, pasted: JSON_TEXT }), {
    kind: 'letter',
    letter: { name: 'the pasted subscription', topic: undefined },
  })
  const cases: [Partial<SendForm>, string[]][] = [
    [{ ttl: '' }, ['ttl']],
    [{ ttl: '-1' }, ['ttl']],
    [{ ttl: '1.5' }, ['ttl']],
    [{ topic: 'two words' }, ['topic']],
    [{ topic: 'x'.repeat(33) }, ['topic']],
    [{ to: '' }, ['to']],
    [{ to: PASTED, pasted: 'no', ttl: 'soon' }, ['pasted', 'ttl']],
  ]
  for (const [news, fields] of cases) {
    const wrong = await read(news)
    t.same(wrong.kind === 'wrong' && Object.keys(wrong.errors).sort(), fields, JSON.stringify(news))
  }
})

t.test('receipts and their links are read, and nothing else is taken for them', (t) => {
  const link = '</r/abc>; rel="urn:ietf:params:push:receipt"'
  t.equal(receiptUrlIn(link, `${ORIGIN}/wpush/v1/x`), `${ORIGIN}/r/abc`)
  for (const other of [null, '', '<https://a/>; rel="next"', link.replace('/r/abc', 'https://')])
    t.equal(receiptUrlIn(other, ORIGIN), undefined, String(other))
  t.same(parseReceipt('{"message":"https://a/m/1","status":204}'), { message: 'https://a/m/1', status: 204 })
  for (const data of ['', 'null', '7', '{}', '{"message":1,"status":204}'])
    t.equal(parseReceipt(data), undefined, data)
  t.end()
})
