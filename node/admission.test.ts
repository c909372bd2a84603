import t from 'tap'
import { SimulatedClock } from '../cluster/simulated-clock.ts'
import { Admission, type Turn } from './admission.ts'

function setUp(hellosMax: number, helloQueueMs = 4000) {
  const clock = new SimulatedClock()
  const admission = new Admission({ hellosMax, helloQueueMs }, clock)
  const started: string[] = []
  const hello = (name: string): Turn => {
    const turn = admission.expect()
    turn.take(() => started.push(name))
    return turn
  }
  return { clock, admission, started, hello }
}

t.test('so many at a time, the rest in the order of their coming', (t) => {
  const { started, hello } = setUp(2)
  const [a, b] = ['a', 'b', 'c', 'd'].map(hello)
  t.same(started, ['a', 'b'])
  b?.end()
  t.same(started, ['a', 'b', 'c'])
  b?.end()
  t.same(started, ['a', 'b', 'c'], 'an end counts once')
  a?.end()
  hello('e')
  t.same(started, ['a', 'b', 'c', 'd'])
  t.end()
})

t.test('the order holds however often the queue runs empty', (t) => {
  const { started, hello } = setUp(1)
  const names = Array.from({ length: 9 }, (_, index) => `${index}`)
  for (let at = 0; at < names.length; at += 3) {
    const turns = names.slice(at, at + 3).map(hello)
    for (const turn of turns) turn.end()
  }
  t.same(started, names)
  t.end()
})

t.test(
  'who leaves the queue is passed over; who leaves while looked up keeps the place until that ends',
  (t) => {
    const { started, hello } = setUp(1)
    const [a, b] = ['a', 'b', 'c'].map(hello)
    b?.leave()
    a?.leave()
    t.same(started, ['a'], 'the store still works for it')
    a?.end()
    t.same(started, ['a', 'c'])
    b?.leave()
    b?.end()
    t.same(started, ['a', 'c'])
    t.end()
  },
)

t.test('who is given another id in its turn goes on at once', (t) => {
  const { started, hello } = setUp(1)
  const [a] = ['a', 'b'].map(hello)
  a?.take(() => started.push('a again'))
  t.same(started, ['a', 'a again'])
  t.end()
})

/** Lets hellos of 10 ms each be measured: 64 of them, one after the other, with others waiting. */
function measured(helloQueueMs: number) {
  const world = setUp(1, helloQueueMs)
  const turns = Array.from({ length: 65 }, (_, index) => world.hello(`${index}`))
  for (const turn of turns) {
    world.clock.advance(10)
    turn.end()
  }
  return world
}

t.test('overloaded with more work ahead than the limit: hellos that wait, and those to come', (t) => {
  const { admission, hello } = measured(1000)
  const [running, ...waiting] = Array.from({ length: 51 }, (_, index) => hello(`late ${index}`))
  const expected = Array.from({ length: 50 }, () => admission.expect())
  t.notOk(admission.isOverloaded, '100 times 10 ms')
  const last = admission.expect()
  t.ok(admission.isOverloaded)
  last.leave()
  t.notOk(admission.isOverloaded, 'a connection that closes without a hello is none to come')
  const other = admission.expect()
  t.ok(admission.isOverloaded)
  waiting[7]?.leave()
  t.notOk(admission.isOverloaded, 'nor is one that leaves the queue')
  for (const turn of [running, ...waiting, ...expected, other]) turn?.leave()
  running?.end()
  t.notOk(admission.isOverloaded)
  t.end()
})

t.test('until there is a measurement everybody gets in, and time without a queue is none', (t) => {
  const { admission, clock, hello } = setUp(1, 1000)
  for (let times = 0; times < 100; times += 1) {
    const turn = hello('alone')
    clock.advance(5000)
    turn.end()
  }
  for (let times = 0; times < 10_000; times += 1) admission.expect()
  t.notOk(admission.isOverloaded)
  t.end()
})

t.test('many at once are measured by how many get done, not by how long each takes', (t) => {
  const { admission, clock, hello } = setUp(100, 1000)
  for (let round = 0; round < 3; round += 1) {
    const turns = Array.from({ length: 100 }, () => hello('one of many'))
    const others = Array.from({ length: 100 }, () => hello('one that waits'))
    clock.advance(200)
    for (const turn of turns) turn.end()
    for (const turn of others) turn.leave()
    for (const turn of others) turn.end()
  }
  const expected = Array.from({ length: 500 }, () => admission.expect())
  t.notOk(admission.isOverloaded, '500 times 2 ms, not 200')
  expected.push(admission.expect())
  t.ok(admission.isOverloaded)
  t.end()
})
