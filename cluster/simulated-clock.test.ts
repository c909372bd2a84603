import t from 'tap'
import { SimulatedClock, settled } from './simulated-clock.ts'

t.test('timers run in order of time, then of creation', (t) => {
  const clock = new SimulatedClock()
  const ran: string[] = []
  clock.after(20, () => ran.push('late'))
  clock.after(10, () => ran.push('first'))
  clock.after(10, () => ran.push('second'))
  clock.after(0, () => ran.push('at once'))
  clock.advance(9)
  t.same(ran, ['at once'])
  clock.advance(11)
  t.same(ran, ['at once', 'first', 'second', 'late'])
  t.equal(clock.waiting, 0)
  t.end()
})

t.test('a timer sees the time it was due at, and what it starts runs in the same advance', (t) => {
  const clock = new SimulatedClock()
  const startMs = clock.nowMs()
  const seen: number[] = []
  clock.after(10, () => {
    seen.push(clock.monotonicMs())
    clock.after(5, () => seen.push(clock.monotonicMs()))
    clock.after(0, () => seen.push(clock.monotonicMs()))
  })
  clock.advance(100)
  t.same(seen, [10, 10, 15])
  t.equal(clock.monotonicMs(), 100)
  t.equal(clock.nowMs() - startMs, 100)
  t.end()
})

t.test('a cancelled timer does not run; cancelling one that ran does nothing', (t) => {
  const clock = new SimulatedClock()
  const ran: string[] = []
  const cancelled = clock.after(10, () => ran.push('cancelled'))
  const kept = clock.after(10, () => {
    ran.push('kept')
    byItsElder.cancel()
  })
  const byItsElder = clock.after(10, () => ran.push('cancelled by its elder'))
  cancelled.cancel()
  clock.advance(10)
  kept.cancel()
  t.same(ran, ['kept'])
  t.end()
})

t.test('steps one timer at a time, and no further than told', (t) => {
  const clock = new SimulatedClock()
  clock.after(5, () => {})
  clock.after(50, () => {})
  t.equal(clock.step(10), true)
  t.equal(clock.elapsedMs, 5)
  t.equal(clock.step(10), false)
  t.equal(clock.elapsedMs, 5)
  t.equal(clock.step(), true)
  t.equal(clock.step(), false)
  t.equal(clock.elapsedMs, 50)
  t.end()
})

t.test('processes have clocks of their own', (t) => {
  const clock = new SimulatedClock()
  clock.advance(1000)
  const fast = clock.process(5000)
  clock.advance(10)
  t.equal(fast.nowMs() - clock.nowMs(), 5000)
  t.equal(fast.monotonicMs(), 10, 'monotonic time counts from the start of the process')
  fast.skewMs = -200
  t.equal(fast.nowMs() - clock.nowMs(), -200)
  t.equal(fast.monotonicMs(), 10, 'setting the wall clock leaves it alone')
  t.end()
})

t.test('a paused process runs what became due when it resumes; others go on', (t) => {
  const clock = new SimulatedClock()
  const paused = clock.process(0)
  const ran: string[] = []
  paused.after(10, () => ran.push('paused 10'))
  paused.after(20, () => ran.push('paused 20'))
  paused.after(90, () => ran.push('paused 90'))
  const cancelled = paused.after(30, () => ran.push('cancelled by its elder'))
  paused.after(25, () => cancelled.cancel())
  clock.after(30, () => ran.push('other'))
  paused.pause()
  clock.advance(50)
  t.same(ran, ['other'])
  paused.resume()
  t.same(ran, ['other'], 'not inside resume')
  clock.advance(0)
  t.same(ran, ['other', 'paused 10', 'paused 20'])
  clock.advance(50)
  t.same(ran, ['other', 'paused 10', 'paused 20', 'paused 90'])
  t.end()
})

t.test('a killed process runs nothing more, paused before or not', (t) => {
  const clock = new SimulatedClock()
  const killed = clock.process(0)
  killed.after(10, () => t.fail('ran after the kill'))
  killed.pause()
  clock.advance(20)
  killed.kill()
  killed.resume()
  killed.after(0, () => t.fail('ran after the kill'))
  clock.advance(20)
  t.equal(clock.waiting, 0)
  t.end()
})

t.test('advanceSettled lets promises go on between timers', async (t) => {
  const clock = new SimulatedClock()
  const ran: string[] = []
  const sleep = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve))
  const work = async (name: string, ms: number) => {
    await null
    for (let round = 1; round <= 3; round++) {
      await sleep(ms)
      for (let turn = 0; turn < 20; turn++) await null
      ran.push(`${name} ${round * ms}`)
    }
  }
  const both = Promise.all([work('a', 10), work('b', 15)])
  await clock.advanceSettled(44)
  t.same(ran, ['a 10', 'b 15', 'a 20', 'b 30', 'a 30'])
  await clock.advanceSettled(1)
  await both
  t.equal(clock.monotonicMs(), 45)
})

t.test('settled waits for chains of promises of any length', async (t) => {
  let done = false
  void (async () => {
    for (let turn = 0; turn < 1000; turn++) await null
    done = true
  })()
  await settled()
  t.equal(done, true)
})
