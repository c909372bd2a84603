import fc from 'fast-check'
import t from 'tap'
import { parsePrefer } from './prefer.ts'

t.test('preferences are read, others passed over', async (t) => {
  const cases: [string | undefined, ReturnType<typeof parsePrefer>][] = [
    [undefined, { respondAsync: false }],
    ['', { respondAsync: false }],
    ['respond-async', { respondAsync: true }],
    ['Respond-Async, wait=10', { respondAsync: true, waitSeconds: 10 }],
    ['wait = 0; foo="bar"', { respondAsync: false, waitSeconds: 0 }],
    ['handling=lenient, wait="7"', { respondAsync: false, waitSeconds: 7 }],
    ['wait=3, wait=5', { respondAsync: false, waitSeconds: 3 }],
    ['return=minimal;respond-async', { respondAsync: false }],
    ['respond-asynchronously', { respondAsync: false }],
  ]
  for (const [header, expected] of cases) t.strictSame(parsePrefer(header), expected, `${header}`)
})

t.test('a wait that is no number of seconds is told apart from none', async (t) => {
  for (const wait of ['wait', 'wait=', 'wait=-1', 'wait=1.5', 'wait=ten', 'wait=99999999999'])
    t.equal(parsePrefer(wait).waitSeconds, 'invalid', wait)
})

t.test('any text is read', async (t) => {
  t.doesNotThrow(() => fc.assert(fc.property(fc.string(), (header) => void parsePrefer(header))))
})
