import t from 'tap'
import { sparkline } from './sparkline.ts'

const room = { room: 5, width: 100, height: 20 }

t.test('the latest value is at the right edge, and the highest at the top', async (t) => {
  t.equal(sparkline([1, 4, 2], room), 'M50 15L75 0L100 10')
  t.equal(sparkline([9, 9, 1, 2, 3, 4, 4], room), 'M0 15L25 10L50 5L75 0L100 0', 'what is older has no room')
})

t.test('nothing is drawn across a gap, and nothing where there is nothing', async (t) => {
  t.equal(sparkline([1, null, 1, 1], room), 'M25 0M75 0L100 0')
  t.equal(sparkline([], room), '')
  t.equal(sparkline([0, 0], room), 'M75 20L100 20')
})
