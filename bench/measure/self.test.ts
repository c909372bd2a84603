import t from 'tap'
import { judgeSaturation, type SelfSamples } from './self.ts'

function worker(saturatedSeconds: number, measuredSeconds: number) {
  const self: SelfSamples = {
    samples: [],
    rssMaxBytes: 0,
    cpuShareMax: 0,
    loopDelayP99Ms: 0,
    measuredSeconds,
    saturatedSeconds,
  }
  return { name: 'w1', self }
}

const sends = { all: 1000, late: 0 }

t.test('a generator that keeps up is not the bottleneck', async (t) => {
  t.same(judgeSaturation([worker(0, 30), worker(1, 30)], sends), { saturated: false, reasons: [] })
  t.equal(judgeSaturation([worker(1, 3)], sends).saturated, false, 'one bad second is none')
  t.equal(judgeSaturation([worker(5, 100)], sends).saturated, false)
  t.equal(judgeSaturation([worker(0, 30)], { all: 1000, late: 10 }).saturated, false)
})

t.test('one that does not is named, with why', async (t) => {
  t.match(judgeSaturation([worker(0, 30), worker(6, 100)], sends), {
    saturated: true,
    reasons: [/6 of 100 seconds/],
  })
  t.match(judgeSaturation([worker(0, 30)], { all: 1000, late: 11 }), {
    saturated: true,
    reasons: [/11 of 1000 messages were sent over 10 ms later/],
  })
})
