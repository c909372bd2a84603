import t from 'tap'
import { CellAgreement, type MapStatement } from './cell-agreement.ts'
import type { MapDigests } from './cells.ts'
import { seededRandom } from './seeded-random.ts'
import { SimulatedClock } from './simulated-clock.ts'

const OLD: MapDigests = { from: 'old', to: 'old' }
const BOTH: MapDigests = { from: 'old', to: 'new' }
const NEW: MapDigests = { from: 'new', to: 'new' }

/** Processes that hear each other, unless one is cut off. */
function world() {
  const clock = new SimulatedClock()
  const random = seededRandom(11)
  const all: { hears: boolean; agreement: CellAgreement | undefined }[] = []
  const start = (digests: MapDigests) => {
    const noticed: string[] = []
    const said: MapStatement[] = []
    const self: (typeof all)[number] = { hears: true, agreement: undefined }
    all.push(self)
    const agreement = new CellAgreement(digests, {
      clock: clock.process(0),
      random,
      say(statement) {
        said.push(statement)
        if (self.hears) for (const { hears, agreement } of all) if (hears) agreement?.heard(statement)
      },
      differs: (isOlder) => noticed.push(isOlder ? 'older' : 'newer'),
    })
    self.agreement = agreement
    const cut = () => {
      self.hears = false
    }
    return { agreement, noticed, said, cut, disputes: () => agreement.disputes }
  }
  return { clock, start }
}

t.test('processes with one map agree, and so do neighbours while it changes', async (t) => {
  for (const [one, other] of [
    [OLD, OLD],
    [OLD, BOTH],
    [BOTH, BOTH],
    [BOTH, NEW],
  ] as const) {
    const { clock, start } = world()
    const [first, second] = [start(one), start(other)]
    clock.advance(20_000)
    t.same([first.disputes(), second.disputes(), first.noticed, second.noticed], [0, 0, [], []])
  }
})

t.test('of two maps that have nothing in common the younger is disputed, at once', async (t) => {
  const { clock, start } = world()
  const older = start(OLD)
  clock.advance(1000)
  const newer = start(NEW)
  clock.advance(100)
  t.equal(newer.disputes(), 1)
  t.equal(older.disputes(), 0)
  t.same([older.noticed, newer.noticed], [['newer'], ['older']])
  clock.advance(60_000)
  t.equal(newer.disputes(), 1)
  t.same([older.noticed, newer.noticed], [['newer'], ['older']], 'told once')
  newer.agreement.changed(BOTH)
  t.equal(newer.disputes(), 0)
})

t.test('a process that takes another map is younger than those that have theirs', async (t) => {
  const { clock, start } = world()
  const changes = start(OLD)
  clock.advance(1000)
  const stays = start(OLD)
  clock.advance(1000)
  changes.agreement.changed(NEW)
  t.same([changes.disputes(), stays.disputes()], [1, 0])
  t.same([changes.noticed, stays.noticed], [['older'], ['newer']])
  stays.agreement.changed(BOTH)
  t.same([changes.disputes(), stays.disputes()], [0, 0])
})

t.test('of two that are of an age one is disputed', async (t) => {
  const { clock, start } = world()
  const [one, other] = [start(OLD), start(NEW)]
  clock.advance(10_000)
  t.equal(one.disputes() + other.disputes(), 1)
})

t.test('a bad newcomer keeps nobody who starts after it from serving', async (t) => {
  const { clock, start } = world()
  const right = start(OLD)
  clock.advance(1000)
  const wrong = start(NEW)
  clock.advance(10_000)
  const restarted = start(OLD)
  clock.advance(10_000)
  t.same([right.disputes(), wrong.disputes(), restarted.disputes()], [0, 1, 0])
})

t.test('who is not heard of is forgotten, not who only missed a statement or two', async (t) => {
  const { clock, start } = world()
  const older = start(OLD)
  clock.advance(1000)
  const newer = start(NEW)
  clock.advance(10_000)
  older.cut()
  clock.advance(10_000)
  t.equal(newer.disputes(), 1)
  clock.advance(10_000)
  t.equal(newer.disputes(), 0)
})

t.test('says so now and then, at a change and to a newcomer; nothing after close', async (t) => {
  const { clock, start } = world()
  const { agreement, said } = start(OLD)
  t.match(said, [{ process: /^[0-9a-f]{16}$/, ageMs: 0, digests: OLD, isDisputed: false }])
  clock.advance(5000)
  t.match(said.slice(1), [{ ageMs: 5000, digests: OLD }])
  agreement.changed(BOTH)
  t.match(said.slice(2), [{ ageMs: 0, digests: BOTH }])
  const newcomers = [start(BOTH), start(BOTH)]
  clock.advance(100)
  t.match(said.slice(3), [{ ageMs: 100 }])
  for (const newcomer of newcomers) newcomer.agreement.close()
  agreement.close()
  t.equal(clock.waiting, 0)
})
