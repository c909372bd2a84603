import t from 'tap'
import { SimulatedClock } from './fixtures/simulated-clock.ts'
import { VapidSigner } from './fixtures/vapid-signer.ts'
import { Vapid, type VapidOptions } from './vapid.ts'

const ORIGIN = 'https://push.example'
const OPTIONS: VapidOptions = { publicUrl: ORIGIN, vapidCacheMax: 10, verificationsMax: 10 }

const signer = new VapidSigner()
const stranger = new VapidSigner()

function setUp(options: Partial<VapidOptions> = {}) {
  const clock = new SimulatedClock()
  const vapid = new Vapid({ ...OPTIONS, ...options }, clock)
  const claims = (expiresInSeconds = 3600) => ({ aud: ORIGIN, exp: clock.nowMs() / 1000 + expiresInSeconds })
  return { clock, vapid, claims }
}

t.test('a token signed with its key is accepted and proves that key', async (t) => {
  const { vapid, claims } = setUp()
  const verified = await vapid.verify(signer.authorization(claims()), undefined)
  t.strictSame(verified, { ok: true, value: { bytes: signer.point, hash: signer.keyHash } })
})

t.test('an older token with its key in Crypto-Key is accepted', async (t) => {
  const { vapid, claims } = setUp()
  const cryptoKey = `dh=abc;p256ecdsa=${signer.key}`
  t.match(await vapid.verify(`WebPush ${signer.token(claims())}`, cryptoKey), { ok: true })
})

t.test(
  'a token signed with another key is refused, also when it was verified with its own before',
  async (t) => {
    const { vapid, claims } = setUp()
    const token = signer.token(claims())
    t.match(await vapid.verify(`vapid t=${token},k=${signer.key}`, undefined), { ok: true })
    const refused = await vapid.verify(`vapid t=${token},k=${stranger.key}`, undefined)
    t.match(refused, { ok: false, code: 'vapidInvalid', detail: /not signed with the key/ })
  },
)

t.test('a changed token is refused, also when the true one is remembered', async (t) => {
  const { vapid, claims } = setUp()
  const [header = '', payload = '', signature = ''] = signer.token(claims()).split('.')
  const verify = (jwt: string) => vapid.verify(`vapid t=${jwt},k=${signer.key}`, undefined)
  t.match(await verify(`${header}.${payload}.${signature}`), { ok: true })
  const longer = Buffer.from(JSON.stringify(claims(7200))).toString('base64url')
  const flipped = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`
  for (const jwt of [
    `${header}.${longer}.${signature}`,
    `${header}.${payload}.${flipped}`,
    `${header}.${payload}.${signature.slice(4)}`,
    `${header}.${payload}.${'A'.repeat(86)}`,
    `e30.${payload}.${signature}`,
    `AAAA.${payload}.${signature}`,
  ]) {
    t.match(await verify(jwt), { ok: false, code: 'vapidInvalid' }, jwt.slice(0, 20))
  }
})

t.test('only ES256 will do', async (t) => {
  const { vapid, claims } = setUp()
  for (const header of [
    { alg: 'none' },
    { alg: 'HS256' },
    { alg: 'ES384' },
    {},
    { alg: 'ES256', crit: ['x'], x: 1 },
  ]) {
    const authorization = `vapid t=${signer.token(claims(), header)},k=${signer.key}`
    t.match(
      await vapid.verify(authorization, undefined),
      { ok: false, code: 'vapidInvalid' },
      JSON.stringify(header),
    )
  }
})

t.test('a key that is no point of the curve is refused', async (t) => {
  const { vapid, claims } = setUp()
  const key = Buffer.concat([Buffer.from([4]), Buffer.alloc(64, 1)]).toString('base64url')
  for (let times = 0; times < 2; times += 1) {
    const refused = await vapid.verify(`vapid t=${signer.token(claims())},k=${key}`, undefined)
    t.match(refused, { ok: false, code: 'vapidInvalid', detail: /P-256 point/ })
  }
})

t.test('a remembered token is good until it expires, to the millisecond', async (t) => {
  const { vapid, claims, clock } = setUp()
  const authorization = signer.authorization(claims(60))
  t.match(await vapid.verify(authorization, undefined), { ok: true })
  await clock.advance(59_999)
  t.match(await vapid.verify(authorization, undefined), { ok: true })
  await clock.advance(1)
  t.match(await vapid.verify(authorization, undefined), {
    ok: false,
    code: 'vapidInvalid',
    detail: /expired/,
  })
})

t.test('many first uses of one token at once are one verification', async (t) => {
  const { vapid, claims } = setUp({ verificationsMax: 1 })
  const authorization = signer.authorization(claims())
  const uses = await Promise.all(Array.from({ length: 50 }, () => vapid.verify(authorization, undefined)))
  t.strictSame([...new Set(uses.map(({ ok }) => ok))], [true])
})

t.test('no more are verified at a time than the limit; who is one too many may come again', async (t) => {
  const { vapid, claims } = setUp({ verificationsMax: 1 })
  const known = signer.authorization(claims(7200))
  t.match(await vapid.verify(known, undefined), { ok: true })
  const first = vapid.verify(signer.authorization(claims()), undefined)
  t.match(await vapid.verify(known, undefined), { ok: true }, 'what is remembered needs no verification')
  const other = stranger.authorization(claims())
  t.match(await vapid.verify(other, undefined), { ok: false, code: 'unavailable' })
  t.match(await first, { ok: true })
  t.match(await vapid.verify(other, undefined), { ok: true })
})

t.test('a token of which the claims are wrong takes no part in that limit', async (t) => {
  const { vapid, claims } = setUp({ verificationsMax: 1 })
  const first = vapid.verify(signer.authorization(claims()), undefined)
  t.match(await vapid.verify(stranger.authorization(claims(-1)), undefined), { code: 'vapidInvalid' })
  t.match(await first, { ok: true })
})

t.test('what is refused or malformed says what would be right, and repeats no secret', async (t) => {
  const { vapid, claims } = setUp()
  t.match(await vapid.verify('Basic abc', undefined), { ok: false, code: 'vapidInvalid', detail: /vapid t=/ })
  const token = signer.token(claims(-1))
  const refused = await vapid.verify(`vapid t=${token},k=${signer.key}`, undefined)
  t.notMatch(JSON.stringify(refused), new RegExp(`${token.slice(0, 20)}|${signer.key.slice(0, 20)}`))
})
