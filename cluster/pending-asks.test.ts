import t from 'tap'
import { type AskOutcome, PendingAsks } from './pending-asks.ts'
import { SimulatedClock } from './simulated-clock.ts'

function open() {
  const clock = new SimulatedClock()
  const asks = new PendingAsks<{ text: string }>({ pendingAsksMax: 3, pendingBytesMax: 1000 }, clock)
  const outcomes: AskOutcome<{ text: string }>[] = []
  const add = (bytes = 1) => asks.add(bytes, 100, (outcome) => outcomes.push(outcome))
  return { clock, asks, outcomes, add }
}

t.test('an ask settles once, and leaves nothing', async (t) => {
  const { clock, asks, outcomes, add } = open()
  const number = add(400)
  t.equal(asks.bytes, 400)
  t.equal(asks.has(number), true)
  asks.settle(number, { text: 'first' })
  asks.settle(number, { text: 'second' })
  clock.advance(1000)
  t.same(outcomes, [{ text: 'first' }])
  t.same([asks.count, asks.bytes, asks.has(number), clock.waiting], [0, 0, false, 0])
})

t.test('an ask without a reply times out, each in its time', async (t) => {
  const { clock, asks, outcomes, add } = open()
  add()
  clock.advance(60)
  add()
  clock.advance(40)
  t.same(outcomes, ['timeout'])
  clock.advance(60)
  t.same(outcomes, ['timeout', 'timeout'])
  t.equal(asks.count, 0)
})

t.test('numbers are not used again', async (t) => {
  const { asks, add } = open()
  const first = add()
  asks.settle(first, 'absent')
  t.not(add(), first)
})

t.test('there is room up to the limits of number and bytes', async (t) => {
  const { asks, add } = open()
  add(600)
  t.equal(asks.hasRoomFor(400), true)
  t.equal(asks.hasRoomFor(401), false)
  add()
  add()
  t.equal(asks.hasRoomFor(1), false)
})

t.test('all are settled at once when no reply can come', async (t) => {
  const { clock, asks, outcomes, add } = open()
  add()
  add()
  asks.settleAll()
  t.same(outcomes, ['timeout', 'timeout'])
  t.equal(clock.waiting, 0)
})
