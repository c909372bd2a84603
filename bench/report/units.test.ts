import fc from 'fast-check'
import t from 'tap'
import { digits, quantity, tick, type Unit } from './units.ts'

t.test('numbers as people read them', async (t) => {
  const cases: [number | null, Unit, string][] = [
    [0, 'ms', '0 ms'],
    [0.0000004, 'ms', '0.400 ns'],
    [0.637, 'ms', '637 µs'],
    [0.9999, 'ms', '1.000 ms'],
    [1.5, 'ms', '1.50 ms'],
    [12.34, 'ms', '12.3 ms'],
    [312.4, 'ms', '312 ms'],
    [999.9, 'ms', '1.000 s'],
    [65_000, 'ms', '65 s'],
    [600_000, 'ms', '10 min'],
    [7_200_000, 'ms', '2 h'],
    [145.2, 'us', '145 µs'],
    [0, 's', '0 s'],
    [30, 's', '30 s'],
    [999, 'bytes', '999 B'],
    [4400, 'bytes', '4.40 kB'],
    [123_000_000, 'bytes', '123 MB'],
    [2.5e9, 'bytes', '2.50 GB'],
    [24_044, 'count', '24,044'],
    [1_234_567, 'count', '1,234,567'],
    [400.7, 'perS', '401/s'],
    [1, 'cores', '1 core'],
    [0.052, 'cores', '0.052 cores'],
    [-3, 'count', '−3'],
    [null, 'ms', '–'],
    [Number.NaN, 'ms', '–'],
  ]
  for (const [value, unit, text] of cases) t.equal(quantity(value, unit), text)
})

t.test('what is not quite all is not 100 %', async (t) => {
  t.same(
    [100, 99.95, 99.9963, 99.2, 12.34, 0.05, 0].map((value) => quantity(value, 'percent')),
    ['100 %', '99.950 %', '99.9963 %', '99.2 %', '12.3 %', '0.050 %', '0 %'],
  )
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 99.999999, noNaN: true }),
      (value) => !/^100/.test(quantity(value, 'percent')),
    ),
  )
})

t.test('a number reads as what it is, to three digits', async (t) => {
  fc.assert(
    fc.property(fc.double({ min: 0.001, max: 1e9, noNaN: true }), (value) => {
      const read = Number(digits(value).replaceAll(',', ''))
      return Math.abs(read - value) <= Math.max(value * 0.006, 0.0005)
    }),
  )
  t.pass('for all')
})

t.test('ticks have no zeros at their ends', async (t) => {
  t.same(
    [tick(1.5, 'ms'), tick(0.1, 'cores'), tick(200, 'perS'), tick(1000, 'count'), tick(0.02, 'count')],
    ['1.5 ms', '0.1 cores', '200/s', '1,000', '0.02'],
  )
})
