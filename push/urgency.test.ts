import t from 'tap'
import { isBelow, NO_MIN_URGENCY, parseUrgency, URGENCIES } from './urgency.ts'

t.test('they are ordered from very-low to high', async (t) => {
  for (const [rank, urgency] of URGENCIES.entries())
    for (const [minRank, min] of URGENCIES.entries())
      t.equal(isBelow(urgency, min), rank < minRank, `${urgency} below ${min}`)
})

t.test('nothing is below no minimum', async (t) => {
  for (const urgency of URGENCIES) t.notOk(isBelow(urgency, NO_MIN_URGENCY))
})

t.test('only their names are read', async (t) => {
  t.strictSame(URGENCIES.map(parseUrgency), [...URGENCIES])
  for (const name of ['', 'HIGH', 'toString', 1, null, undefined, ['high']])
    t.equal(parseUrgency(name), undefined)
})
