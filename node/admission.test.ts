import t from 'tap'
import { SimulatedClock } from '../cluster/simulated-clock.ts'
import { Admission, type Turn } from './admission.ts'

function setUp(hellosMax: number, helloQueueMs = 4000) {
  const clock = new SimulatedClock()
  const admission = new Admission({ hellosMax, helloQueueMs }, clock)
  const started: string[] = []
  const take = (turn: Turn, name: string) =>
    turn.take(
      () => started.push(name),
      () => started.push(`${name}: sent away`),
    )
  const hello = (name: string): Turn => {
    const turn = admission.expect()
    take(turn, name)
    return turn
  }
  return { clock, admission, started, hello, take }
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
  const { started, hello, take } = setUp(1)
  const [a] = ['a', 'b'].map(hello)
  if (a !== undefined) take(a, 'a again')
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

t.test('overloaded with more work ahead than the limit: then a hello that comes has no place', (t) => {
  const { admission, hello, take, started } = measured(1000)
  const [running, ...waiting] = Array.from({ length: 101 }, (_, index) => hello(`late ${index}`))
  t.notOk(admission.isOverloaded, '100 times 10 ms')
  waiting.push(hello('one more'))
  t.ok(admission.isOverloaded)
  started.length = 0
  const sentAway = admission.expect()
  take(sentAway, 'too late')
  t.same(started, ['too late: sent away'])
  t.same(admission.counts, { expected: 0, waiting: 101, running: 1 }, 'and is waited for no more')
  sentAway.leave()
  sentAway.end()
  waiting[7]?.leave()
  t.notOk(admission.isOverloaded, 'nor is one that leaves the queue')
  hello('last')
  for (const turn of [running, ...waiting]) turn?.end()
  for (const turn of waiting) turn.end()
  t.equal(started.at(-1), 'last')
  t.notOk(started.includes('too late'))
  t.notOk(admission.isOverloaded)
  t.end()
})

t.test('connections that are silent keep nobody out, however many they are', (t) => {
  const { admission, hello } = measured(1000)
  const silent = Array.from({ length: 10_000 }, () => admission.expect())
  t.notOk(admission.isOverloaded)
  const turn = hello('who speaks')
  t.same(admission.counts, { expected: 10_000, waiting: 0, running: 1 })
  turn.end()
  for (const one of silent) one.leave()
  t.same(admission.counts, { expected: 0, waiting: 0, running: 0 })
  t.end()
})

t.test('until there is a measurement everybody gets in, and time without a queue is none', (t) => {
  const { admission, clock, hello } = setUp(1, 1000)
  for (let times = 0; times < 100; times += 1) {
    const turn = hello('alone')
    clock.advance(5000)
    turn.end()
  }
  for (let times = 0; times < 10_000; times += 1) hello('one of many')
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
  for (let count = 0; count < 100 + 500; count += 1) hello('one more')
  t.notOk(admission.isOverloaded, '500 times 2 ms, not 200')
  hello('one more')
  t.ok(admission.isOverloaded)
  t.end()
})
