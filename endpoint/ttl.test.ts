import fc from 'fast-check'
import t from 'tap'
import { TTL_MAX_SECONDS } from '../push/message.ts'
import { parseTtl } from './ttl.ts'

t.test('a whole number of seconds is granted, up to 30 days', async (t) => {
  for (const [header, value] of [
    ['0', 0],
    ['60', 60],
    ['0060', 60],
    ['2592000', TTL_MAX_SECONDS],
    ['2592001', TTL_MAX_SECONDS],
    ['9'.repeat(4000), TTL_MAX_SECONDS],
  ] as const) {
    t.strictSame(parseTtl(header), { ok: true, value }, header.slice(0, 10))
  }
})

t.test('missing 111, negative 114, garbage 112', async (t) => {
  t.match(parseTtl(undefined), { ok: false, code: 'ttlMissing' })
  for (const header of ['-1', '-0', '-99999999999999999999']) {
    t.match(parseTtl(header), { ok: false, code: 'ttlNegative' }, header)
  }
  for (const header of ['', ' 1', '1.5', '+1', '1e3', '0x10', '60, 60', '-', '--1', 'Infinity', '١']) {
    t.match(parseTtl(header), { ok: false, code: 'ttlInvalid' }, header)
  }
})

t.test('any number is granted as itself or the limit', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.bigInt({ min: 0n }), (seconds) => {
        const ttl = parseTtl(seconds.toString())
        const limit = BigInt(TTL_MAX_SECONDS)
        return ttl.ok && BigInt(ttl.value) === (seconds < limit ? seconds : limit)
      }),
    ),
  )
})

t.test('whatever text comes, it is read or refused', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.string(), (header) => {
        const ttl = parseTtl(header)
        return !ttl.ok || (Number.isInteger(ttl.value) && ttl.value >= 0 && ttl.value <= TTL_MAX_SECONDS)
      }),
    ),
  )
})
