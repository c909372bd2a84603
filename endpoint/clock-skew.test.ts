import t from 'tap'
import { SimulatedClock } from '../cluster/simulated-clock.ts'
import { ClockSkew } from './clock-skew.ts'

function setUp() {
  const clock = new SimulatedClock()
  const warned: unknown[] = []
  const log = { info: () => {}, error: () => {}, warn: (fields: unknown) => warned.push(fields) }
  const skew = new ClockSkew(clock, log)
  /** A node whose clock is `aheadMs` ahead answers after so long, on the way for another so long. */
  const answer = (aheadMs: number, afterMs = 0, wayMs = 0) => {
    const askedAtMs = clock.nowMs()
    clock.advance(afterMs)
    const repliedAtMs = clock.nowMs() + aheadMs
    clock.advance(wayMs)
    skew.observe(askedAtMs, repliedAtMs)
  }
  return { clock, warned, skew, answer }
}

t.test('clocks may differ by a second', (t) => {
  const { skew, warned, answer } = setUp()
  for (const aheadMs of [0, 1000, -1000]) answer(aheadMs)
  t.equal(skew.found, 0)
  answer(1001)
  answer(-1001)
  t.equal(skew.found, 2)
  t.same(warned, [{ skewMs: 1001 }])
  t.end()
})

t.test('an answer that took long says nothing of clocks', (t) => {
  const { skew, answer } = setUp()
  answer(0, 2400, 0)
  answer(0, 0, 2400)
  t.equal(skew.found, 0)
  answer(-1200, 0, 2400)
  t.equal(skew.found, 1, 'but it was not given before it was asked for')
  t.end()
})

t.test('a wrong clock is warned of once a minute, and counted each time', (t) => {
  const { skew, warned, answer, clock } = setUp()
  for (let times = 0; times < 10; times += 1) answer(-5000)
  t.same(warned, [{ skewMs: -5000 }])
  clock.advance(60_000)
  answer(-5000)
  t.equal(warned.length, 2)
  t.equal(skew.found, 11)
  t.end()
})
