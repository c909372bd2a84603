import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { formatParameters, parseParameters } from './parameters.ts'

const normal = (header: string) => {
  const entries = parseParameters(header)
  return entries && formatParameters(entries)
}

t.test('headers have one normal form: no quotes, no padding, no spaces, lower-case names', async (t) => {
  for (const [header, expected] of [
    ['salt=abc', 'salt=abc'],
    ['keyid=p256dh;salt="abc=="', 'keyid=p256dh;salt=abc'],
    [' keyid = p256dh ; DH = abc= , p256ecdsa="def" ', 'keyid=p256dh;dh=abc,p256ecdsa=def'],
    ['a=1;;b=2,', 'a=1;b=2'],
    ['a=b=c=', 'a=b=c'],
    ['a=', 'a='],
    ['', ''],
  ] as const) {
    t.equal(normal(header), expected, header)
  }
})

t.test('another form is refused', async (t) => {
  for (const header of [
    'abc',
    '=abc',
    'a b=c',
    'a="b',
    'a=b"c',
    'a="b;c"',
    'a="b,c"',
    'a=é',
    'a=b c',
    'a=1;A=2',
    'a=\t1\u0000',
  ]) {
    t.equal(parseParameters(header), undefined, JSON.stringify(header))
  }
})

const parts = ['a', 'salt', 'dh', '=', '==', ';', ',', '"', ' ', 'AbC_-', '+/', 'é', '\u0000']

t.test('whatever text comes, it is read or refused, and the normal form is stable', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(fc.constantFrom(...parts)).map((list) => list.join('')),
        ),
        (header) => {
          const once = normal(header)
          if (once === undefined) return
          assert.equal(normal(once), once)
          for (const value of (parseParameters(once) ?? []).flatMap((entry) => [...entry.values()])) {
            assert.match(value, /^([!#-+\--:<-~]*[!#-+\--:<>-~])?$/)
          }
        },
      ),
      { numRuns: 2000 },
    ),
  )
})
