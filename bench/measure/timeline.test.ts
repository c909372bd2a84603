import t from 'tap'
import { mergeTimelines, SLOTS_MAX, Timeline } from './timeline.ts'

const S = 1e6

t.test('what happens falls into seconds from the start; what came before is not kept', async (t) => {
  const timeline = new Timeline()
  timeline.count('posted', 1 * S)
  timeline.start(10 * S)
  timeline.count('posted', 9.9 * S)
  timeline.count('posted', 10 * S)
  timeline.count('posted', 10.9 * S)
  timeline.count('errors', 12 * S)
  timeline.timed('hello', 12.5 * S, 2000)
  t.match(timeline.recorded(), {
    everyS: 1,
    slots: {
      0: { counts: { posted: 2 } },
      2: { counts: { errors: 1 }, latencies: { hello: { count: 1, maxUs: 2000 } } },
    },
  })
  t.equal(timeline.recorded().slots[1], undefined)
})

t.test('a long run has wider slots, not more of them', async (t) => {
  const timeline = new Timeline()
  timeline.start(0)
  const seconds = SLOTS_MAX * 5
  for (let second = 0; second < seconds; second += 1) {
    timeline.count('posted', second * S)
    timeline.timed('hello', second * S, second)
  }
  const { everyS, slots } = timeline.recorded()
  t.equal(everyS, 8)
  t.equal(Object.keys(slots).length, seconds / 8)
  t.match(slots[0], { counts: { posted: 8 }, latencies: { hello: { count: 8, maxUs: 7 } } })
})

t.test('a long one and a short one are merged at the coarser width', async (t) => {
  const [long, short] = [new Timeline(), new Timeline()]
  for (const timeline of [long, short]) timeline.start(0)
  long.count('posted', 0)
  long.count('posted', SLOTS_MAX * S)
  for (const second of [0, 1, 2]) short.count('posted', second * S)
  const { everyS, slots } = mergeTimelines(short.recorded(), long.recorded())
  t.equal(everyS, 2)
  t.match(slots, {
    0: { counts: { posted: 3 } },
    1: { counts: { posted: 1 } },
    [SLOTS_MAX / 2]: { counts: { posted: 1 } },
  })
})
