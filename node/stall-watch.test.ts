import t from 'tap'
import { SimulatedClock } from '../cluster/simulated-clock.ts'
import { StallWatch } from './stall-watch.ts'

function setUp() {
  const time = new SimulatedClock()
  const clock = time.process(0)
  const stalls: number[] = []
  const watch = new StallWatch(clock, (lostMs) => stalls.push(lostMs))
  const stall = (ms: number) => {
    clock.pause()
    time.advance(ms)
    clock.resume()
    time.advance(0)
  }
  return { time, clock, watch, stalls, stall }
}

t.test('a stall of a second is noticed at its end, wherever it begins, and once', (t) => {
  for (const beforeMs of [0, 1, 100, 249]) {
    const { time, stalls, stall } = setUp()
    time.advance(10_000 + beforeMs)
    t.same(stalls, [], 'a process that runs has none')
    stall(1001)
    t.equal(stalls.length, 1, `${beforeMs} ms after a look`)
    time.advance(10_000)
    t.equal(stalls.length, 1)
    stall(60_000)
    t.equal(stalls.length, 2)
    t.ok((stalls[1] ?? 0) >= 60_000)
  }
  t.end()
})

t.test('a short one is none', (t) => {
  const { time, stalls, stall } = setUp()
  for (const ms of [100, 400, 749]) {
    stall(ms)
    time.advance(1000)
  }
  t.same(stalls, [])
  t.end()
})

t.test('a machine that was suspended shows it by the wall clock alone', (t) => {
  const { time, clock, stalls } = setUp()
  clock.skewMs += 30_000
  time.advance(250)
  t.same(stalls, [30_250])
  clock.skewMs -= 60_000
  time.advance(1000)
  t.equal(stalls.length, 1, 'one that is set back is no stall')
  t.end()
})

t.test('closed, it watches no more', (t) => {
  const { time, watch, stalls, stall } = setUp()
  time.advance(300)
  watch.close()
  t.equal(time.waiting, 0)
  stall(5000)
  t.same(stalls, [])
  t.end()
})
