import fc from 'fast-check'
import t from 'tap'
import { checkClaims } from './vapid-claims.ts'

const ORIGIN = 'https://push.example'
const NOW_MS = 1_700_000_000_000
const NOW = NOW_MS / 1000
const GOOD = { aud: ORIGIN, exp: NOW + 3600, sub: 'mailto:a@example.com' }

const check = (claims: object) => checkClaims(JSON.stringify(claims), ORIGIN, NOW_MS)

t.test('good claims give the time of expiry', async (t) => {
  t.strictSame(check(GOOD), { ok: true, value: (NOW + 3600) * 1000 })
  t.match(check({ aud: ORIGIN, exp: NOW + 86_400 }), { ok: true })
  t.match(check({ ...GOOD, exp: NOW + 0.5 }), { ok: true })
})

t.test('the audience is our origin, alone or in a list', async (t) => {
  for (const aud of [ORIGIN, `${ORIGIN}/`, `${ORIGIN}:443`, ['https://other.example', ORIGIN]]) {
    t.match(check({ ...GOOD, aud }), { ok: true }, JSON.stringify(aud))
  }
  for (const aud of [
    undefined,
    null,
    '',
    7,
    [],
    {},
    'push.example',
    'http://push.example',
    `${ORIGIN}:8080`,
    `${ORIGIN}.evil.example`,
    [[ORIGIN]],
  ]) {
    t.match(
      check({ ...GOOD, aud }),
      { ok: false, code: 'vapidInvalid', detail: /aud "https:\/\/push.example"/ },
      JSON.stringify(aud) ?? 'none',
    )
  }
})

t.test('the expiry is in the future and at most 24 hours ahead', async (t) => {
  for (const exp of [NOW, NOW - 1, 0, -1, NOW + 86_401, 1e300, undefined, null, `${NOW + 60}`, [NOW + 60]]) {
    t.match(check({ ...GOOD, exp }), { ok: false, code: 'vapidInvalid' }, JSON.stringify(exp) ?? 'none')
  }
})

t.test('the contact, if there is one, is a mailto: or https: URI', async (t) => {
  for (const sub of ['mailto:a@example.com', 'https://example.com/contact']) {
    t.match(check({ ...GOOD, sub }), { ok: true }, sub)
  }
  for (const sub of ['', 'mailto:', 'a@example.com', 'http://example.com', 'javascript:0', 7, null, {}]) {
    t.match(check({ ...GOOD, sub }), { ok: false, code: 'vapidInvalid' }, JSON.stringify(sub))
  }
})

t.test('claims that are no JSON object are refused', async (t) => {
  for (const text of ['', '{', 'null', '7', '"x"', '[]']) {
    t.match(checkClaims(text, ORIGIN, NOW_MS), { ok: false, code: 'vapidInvalid' }, text)
  }
})

t.test('whatever the claims are, they are accepted or refused', async (t) => {
  const claims = fc.record(
    {
      aud: fc.oneof(fc.constant(ORIGIN), fc.jsonValue()),
      exp: fc.oneof(fc.double(), fc.jsonValue()),
      sub: fc.jsonValue(),
    },
    { requiredKeys: [] },
  )
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(
        fc.oneof(
          claims.map((value) => JSON.stringify(value)),
          fc.json(),
          fc.string(),
        ),
        (text) => {
          const checked = checkClaims(text, ORIGIN, NOW_MS)
          return !checked.ok || (checked.value > NOW_MS && checked.value <= NOW_MS + 86_400_000)
        },
      ),
      { numRuns: 1000 },
    ),
  )
})
