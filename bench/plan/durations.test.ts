import fc from 'fast-check'
import t from 'tap'
import { formatDuration, parseDuration } from './durations.ts'

t.test('durations in words and in seconds', (t) => {
  for (const [text, ms] of [
    ['30s', 30_000],
    ['1m30s', 90_000],
    ['500ms', 500],
    ['2h', 7_200_000],
    ['1.5s', 1500],
    ['12', 12_000],
    [0.25, 250],
    ['0s', 0],
  ] as const)
    t.equal(parseDuration(text), ms, String(text))
  for (const wrong of ['', 's', '3 parsecs', '-1s', '5s5', '1e3s', -1])
    t.equal(parseDuration(wrong), undefined, String(wrong))
  t.end()
})

t.test('what is put into words reads as the same again', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000_000 }), (tenths) => {
      const ms = tenths * 100
      return parseDuration(formatDuration(ms)) === ms
    }),
  )
  t.end()
})
