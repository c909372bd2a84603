import { importJWK, jwtVerify } from 'jose'
import t from 'tap'
import { Application } from './vapid.ts'

const ORIGIN = 'https://push.example'
const NOW_MS = Date.UTC(2026, 0, 1)

function partsOf(authorization: string): { token: string; key: string } {
  const [, token = '', key = ''] = /^vapid t=(\S+), k=(\S+)$/.exec(authorization) ?? []
  return { token, key }
}

async function verified(authorization: string, nowMs = NOW_MS) {
  const { token, key } = partsOf(authorization)
  const point = Buffer.from(key, 'base64url')
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((half) => half.toString('base64url'))
  const publicKey = await importJWK({ kty: 'EC', crv: 'P-256', x: x ?? '', y: y ?? '' }, 'ES256')
  return jwtVerify(token, publicKey, {
    audience: ORIGIN,
    currentDate: new Date(nowMs),
    algorithms: ['ES256'],
  })
}

t.test('a token verifies, is for its origin, and is used again for an hour', async (t) => {
  const application = new Application()
  const first = application.authorization(ORIGIN, NOW_MS)
  const { payload } = await verified(first)
  t.match(payload, { aud: ORIGIN, sub: /^mailto:/ })
  t.ok((payload.exp ?? 0) * 1000 - NOW_MS <= 24 * 60 * 60 * 1000, 'RFC 8292 section 2')
  t.equal(partsOf(first).key, application.publicKey)
  t.equal(application.authorization(ORIGIN, NOW_MS + 3_500_000), first)
  t.not(application.authorization(ORIGIN, NOW_MS + 3_700_000), first)
  t.not(application.authorization('https://other.example', NOW_MS), first)
})

t.test('each wrong token is wrong', async (t) => {
  const application = new Application()
  const wrong = application.wrong(ORIGIN, NOW_MS)
  t.equal(wrong.length, 6)
  for (const [kind, authorization] of wrong) {
    if (kind === 'valid for too long') {
      const { payload } = await verified(authorization)
      t.ok((payload.exp ?? 0) * 1000 - NOW_MS > 24 * 60 * 60 * 1000, kind)
    } else if (kind === 'of another key') {
      await verified(authorization)
      t.not(partsOf(authorization).key, application.publicKey, kind)
    } else await t.rejects(verified(authorization), kind)
  }
})
