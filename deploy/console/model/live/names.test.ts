import t from 'tap'
import { retryMs } from './feed-state.ts'
import { counted, longFor, processName } from './names.ts'

t.test('how long', async (t) => {
  const second = 1000
  const minute = 60 * second
  const hour = 60 * minute
  for (const [ms, text] of [
    [-5, '0 s'],
    [59 * second, '59 s'],
    [60 * second, '1 min'],
    [hour + 5 * minute, '1 h 5 min'],
    [49 * hour, '2 d 1 h'],
  ] as const)
    t.equal(longFor(ms), text)
})

t.test('names and numbers', async (t) => {
  const node = { role: 'node', host: 'a', pid: 7 } as const
  t.equal(processName(node, true), 'node 7')
  t.equal(processName(node, false), 'node a:7')
  t.equal(counted(1, 'cell'), '1 cell')
  t.equal(counted(2, 'process', 'processes'), '2 processes')
})

t.test('tries come soon at first, and never stop', async (t) => {
  const waits = [0, 1, 2, 3, 10, 10_000].map(retryMs)
  t.same(waits, [500, 1000, 2000, 4000, 10_000, 10_000])
})
