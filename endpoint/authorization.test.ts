import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { parseAuthorization } from './authorization.ts'

const JWT = 'eyJh.eyJi.c2ln'
const KEY = `BP${'a'.repeat(83)}-_`
const expected = { jwt: JWT, key: KEY }

t.test(
  'vapid credentials are read in any order, with spaces or quotes, in any case of the scheme',
  async (t) => {
    for (const header of [
      `vapid t=${JWT}, k=${KEY}`,
      `vapid t=${JWT},k=${KEY}`,
      `vapid k=${KEY},t=${JWT}`,
      `Vapid  t = "${JWT}" , k = "${KEY}"`,
      `VAPID k=${KEY}=,t=${JWT}`,
      `vapid t=${JWT},k=${KEY.replace('-_', '+/')}`,
      `vapid t=${JWT},k=${KEY},x=1`,
    ]) {
      t.strictSame(parseAuthorization(header, undefined), expected, header)
    }
  },
)

t.test('older credentials have their key in Crypto-Key', async (t) => {
  for (const scheme of ['WebPush', 'webpush', 'Bearer']) {
    t.strictSame(parseAuthorization(`${scheme} ${JWT}`, `p256ecdsa=${KEY}`), expected)
    t.strictSame(parseAuthorization(`${scheme} ${JWT}`, `keyid=a;dh=abc,p256ecdsa="${KEY}="`), expected)
    t.strictSame(parseAuthorization(`${scheme} ${JWT}`, `dh=abc;p256ecdsa=${KEY}`), expected)
  }
})

t.test('what is incomplete, ambiguous or of another form is refused', async (t) => {
  const other = KEY.replace('BP', 'BQ')
  for (const [authorization, cryptoKey] of [
    ['', undefined],
    ['vapid', undefined],
    [`vapid t=${JWT}`, `p256ecdsa=${KEY}`],
    [`vapid k=${KEY}`, undefined],
    [`vapid t=${JWT},t=${JWT},k=${KEY}`, undefined],
    [`vapid t=${JWT},k=${KEY},k=${other}`, undefined],
    [`vapid t=${JWT},k=${KEY}a`, undefined],
    [`vapid t=a.b,k=${KEY}`, undefined],
    [`vapid ${JWT}`, `p256ecdsa=${KEY}`],
    [`Basic ${JWT}`, `p256ecdsa=${KEY}`],
    [`WebPush ${JWT}`, undefined],
    [`WebPush ${JWT}`, 'dh=abc'],
    [`WebPush ${JWT}`, `p256ecdsa=${KEY},p256ecdsa=${other}`],
    ['WebPush a.b.c.d', `p256ecdsa=${KEY}`],
    [JWT, `p256ecdsa=${KEY}`],
  ] as const) {
    t.equal(parseAuthorization(authorization, cryptoKey), undefined, authorization)
  }
})

t.test('whatever comes, it is read or refused', async (t) => {
  const parts = ['vapid ', 'WebPush ', 't=', 'k=', JWT, KEY, ',', ';', '"', '=', ' ', '.']
  const text = fc.oneof(
    fc.string(),
    fc.array(fc.constantFrom(...parts)).map((list) => list.join('')),
  )
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(text, text, (authorization, cryptoKey) => {
        const credentials = parseAuthorization(authorization, cryptoKey)
        if (credentials === undefined) return
        assert.match(credentials.key, /^[A-Za-z0-9_-]{87}$/)
        assert.match(credentials.jwt, /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/)
      }),
      { numRuns: 2000 },
    ),
  )
})
