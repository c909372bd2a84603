import t from 'tap'
import { type BusUnderTest, busContract, type Note } from './bus.contract.ts'
import { InProcessBus } from './in-process-bus.ts'
import { SimulatedClock } from './simulated-clock.ts'

function open(onListenerError: (error: unknown, address: string) => void = () => {}) {
  const clock = new SimulatedClock()
  return { clock, bus: new InProcessBus<Note, Note>({ clock, onListenerError }) }
}

busContract('InProcessBus', async (): Promise<BusUnderTest> => {
  const { clock, bus } = open()
  return { bus, elapse: (ms) => clock.advanceSettled(ms) }
})

t.test('delivers before tell and ask return, so a single process needs no flush', async (t) => {
  const { bus } = open()
  const heard: string[] = []
  bus.listen('a', ({ text }) => heard.push(text))
  bus.tell('a', { text: 'told' })
  void bus.ask('a', { text: 'asked' }, 10)
  t.same(heard, ['told', 'asked'])
})

t.test('reports a listener that threw, with its address', async (t) => {
  const reported: unknown[] = []
  const { bus } = open((error, address) => reported.push(error, address))
  const defect = new Error('a defect')
  bus.listen('a', () => {
    throw defect
  })
  bus.tell('a', { text: 'hint' })
  t.same(reported, [defect, 'a'])
})

t.test('one timer serves all asks, and none is set once they are settled and over', async (t) => {
  const { clock, bus } = open()
  bus.listen('quick', (_, respond) => respond?.({ text: 'at once' }))
  const held: (() => void)[] = []
  bus.listen('slow', (_, respond) => held.push(() => respond?.({ text: 'later' })))
  await bus.ask('quick', { text: 'hello' }, 1000)
  t.equal(clock.waiting, 0)
  const slow = bus.ask('slow', { text: 'hello' }, 1000)
  const never = bus.ask('slow', { text: 'hello' }, 600)
  t.equal(clock.waiting, 1)
  held[0]?.()
  t.same(await slow, { text: 'later' })
  clock.advance(599)
  const last = bus.ask('slow', { text: 'hello' }, 600)
  clock.advance(1)
  t.equal(await never, 'timeout')
  clock.advance(599)
  t.equal(await last, 'timeout', 'each at its own time')
  t.equal(clock.waiting, 0)
})

t.test('a listener added by a message is not called with that message', async (t) => {
  const { bus } = open()
  const heard: string[] = []
  bus.listen('a', () => {
    heard.push('first')
    bus.listen('a', () => heard.push('added'))
  })
  bus.tell('a', { text: 'hint' })
  t.same(heard, ['first'])
})
