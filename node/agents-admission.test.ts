import t from 'tap'
import { settled } from '../cluster/simulated-clock.ts'
import { parseUaid } from '../push/ids.ts'
import type { Store } from '../store/store.ts'
import { AGENTS_OPTIONS } from './agents.ts'
import { type FakeSocket, KNOWN, OTHER, UAID, world } from './fixtures/agents-world.ts'

/** A store that answers `connect` when it is told to, one after the other. */
function slowStore() {
  const waiting: (() => void)[] = []
  const store: Partial<Store> = {
    connect: () => new Promise((resolve) => waiting.push(() => resolve(KNOWN))),
  }
  const answer = async () => {
    waiting.shift()?.()
    await settled()
  }
  return { store, waiting, answer }
}

t.test('hellos queue for the store, and what they wait is not held against them', async (t) => {
  const { store, waiting, answer } = slowStore()
  const { hello, clock } = world({ store, options: { hellosMax: 2 } })
  const sockets: FakeSocket[] = []
  for (const digit of ['1', '2', '3', '4', '5']) sockets.push(await hello(parseUaid(digit.repeat(32))))
  t.equal(waiting.length, 2)
  const welcomed = () => sockets.map((socket) => socket.frames.length)
  for (let times = 0; times < 3; times += 1) {
    await clock.advanceSettled(AGENTS_OPTIONS.putTimeoutMs - 1)
    await answer()
    await answer()
  }
  t.same(welcomed(), [1, 1, 1, 1, 1])
})

t.test(
  'a connection that closes in the queue costs the store nothing, nor the others their turn',
  async (t) => {
    const { store, waiting, answer } = slowStore()
    const { hello, bus } = world({ store, options: { hellosMax: 1 } })
    const first = await hello(UAID)
    const gone = await hello(OTHER)
    const listen = t.capture(bus, 'listen', bus.listen)
    gone.close('peer')
    first.close('peer')
    const last = await hello(parseUaid('c'.repeat(32)))
    t.equal(waiting.length, 1, 'the store still works for the first')
    await answer()
    t.same(
      listen().map(({ args }) => args[0]),
      [`push.ua.${'c'.repeat(32)}`],
    )
    await answer()
    t.same(last.frames.length, 1)
  },
)

t.test('a place in the queue is kept until the first messages are read', async (t) => {
  const pages: (() => void)[] = []
  const list: Store['list'] = () =>
    new Promise((resolve) => pages.push(() => resolve({ messages: [], next: undefined })))
  const { hello } = world({ store: { list }, options: { hellosMax: 1 } })
  const first = await hello(UAID)
  const second = await hello(OTHER)
  const third = await hello(parseUaid('c'.repeat(32)))
  t.same([first.frames.length, second.frames.length], [1, 0], 'the answer to hello does not wait for them')
  pages.shift()?.()
  await settled()
  t.same([second.frames.length, third.frames.length], [1, 0])
  second.close('peer')
  pages.shift()?.()
  await settled()
  t.same(third.frames.length, 1, 'also when nobody is there to get them any more')
})

t.test('a node is overloaded with too many hellos before it, and while it drains', async (t) => {
  const { store, answer, waiting } = slowStore()
  const { hello, open, agents, clock } = world({ store, options: { hellosMax: 1, helloQueueMs: 1000 } })
  await hello(UAID)
  await hello(OTHER)
  await clock.advanceSettled(500)
  await answer()
  for (let count = 0; count < 100; count += 1) open()
  t.notOk(agents.isOverloaded, 'whoever is silent is no hello')
  t.same(agents.hellos, { expected: 100, waiting: 0, running: 1 })
  const queued: FakeSocket[] = []
  for (const digit of ['1', '2', '3']) queued.push(await hello(parseUaid(digit.repeat(32))))
  t.ok(agents.isOverloaded, 'each hello takes 500 ms')
  const late = await hello(parseUaid('c'.repeat(32)))
  t.equal(late.closedFor, 'tooManyHellos', 'one that was let in before is sent away now')
  t.same(late.frames, [])
  t.equal(agents.counts.get('displaced'), undefined)
  t.same(agents.hellos, { expected: 100, waiting: 3, running: 1 })
  queued[0]?.close('peer')
  t.notOk(agents.isOverloaded)
  t.equal(waiting.length, 1)
  const drained = agents.drain(0)
  t.ok(agents.isOverloaded)
  await clock.advanceSettled(AGENTS_OPTIONS.putTimeoutMs)
  await drained
})
