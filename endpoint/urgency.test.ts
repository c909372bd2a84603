import fc from 'fast-check'
import t from 'tap'
import { URGENCIES } from '../push/urgency.ts'
import { readUrgency } from './urgency.ts'

t.test('no header is normal', async (t) => {
  t.strictSame(readUrgency(undefined), { ok: true, value: 'normal' })
})

t.test('the four of RFC 8030 are read', async (t) => {
  for (const urgency of ['very-low', 'low', 'normal', 'high'])
    t.strictSame(readUrgency(urgency), { ok: true, value: urgency })
})

t.test('anything else is 115, so is one given twice', async (t) => {
  for (const header of ['', 'High', 'urgent', 'high ', 'high, high', 'low,high', 'very_low', '3'])
    t.match(readUrgency(header), { ok: false, code: 'urgencyInvalid' }, JSON.stringify(header))
})

t.test('whatever text comes, it is one of the four or refused', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.string(), (header) => {
        const urgency = readUrgency(header)
        return !urgency.ok || URGENCIES.includes(urgency.value)
      }),
    ),
  )
})
