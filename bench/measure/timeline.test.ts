import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import {
  endConnections,
  mergeTimelines,
  type RecordedTimeline,
  SLOTS_MAX,
  Timeline,
  updateTimeline,
} from './timeline.ts'

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

/** Something happens in a second, or it is told what has changed, which arrives or not. */
const steps = fc.array(
  fc.oneof(
    fc.record({ second: fc.oneof(fc.nat(20), fc.nat(SLOTS_MAX * 5)), us: fc.nat(10_000) }),
    fc.record({ arrives: fc.boolean() }),
  ),
  { maxLength: 60 },
)

t.test('what changed, put together, is the whole, whatever got lost on its way', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(steps, (steps) => {
        const timeline = new Timeline()
        timeline.start(0)
        let known: RecordedTimeline = { everyS: 1, slots: {} }
        let since = 0
        for (const step of [...steps, { arrives: true }]) {
          if ('second' in step) {
            timeline.count('posted', step.second * S)
            timeline.timed('hello', step.second * S, step.us)
            continue
          }
          const changes = timeline.changes(since)
          if (!step.arrives) continue
          known = updateTimeline(known, changes.timeline)
          since = changes.revision
        }
        assert.deepEqual(known, timeline.recorded())
      }),
    ),
  )
})

t.test('what did not change is not told again', async (t) => {
  const timeline = new Timeline()
  timeline.start(0)
  for (const second of [0, 1, 2]) timeline.count('posted', second * S)
  const { revision } = timeline.changes(0)
  t.same(timeline.changes(revision).timeline.slots, {})
  timeline.count('posted', 1.5 * S)
  t.same(Object.keys(timeline.changes(revision).timeline.slots), ['1'])
})

t.test('connections that ended unheard of are none from the last slot on', async (t) => {
  const timeline = new Timeline()
  timeline.start(0)
  timeline.count('connections', 0, 5)
  timeline.count('connections', 1 * S, -1)
  timeline.count('posted', 2 * S)
  const { slots } = endConnections(timeline.recorded())
  t.match(slots, { 0: { counts: { connections: 5 } }, 2: { counts: { posted: 1, connections: -4 } } })
  t.same(endConnections({ everyS: 1, slots: {} }), { everyS: 1, slots: {} })
})
