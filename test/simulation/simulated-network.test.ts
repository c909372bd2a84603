import t from 'tap'
import { busContract, type Note } from '../../cluster/bus.contract.ts'
import { SimulatedClock } from '../../cluster/simulated-clock.ts'
import { Dice } from './dice.ts'
import { CALM } from './faults.ts'
import { Process } from './process.ts'
import { SimulatedNetwork } from './simulated-network.ts'

const AT_ONCE = { busDelayMs: [0, 0], listenDelayMs: [0, 0], interestDelayMs: [0, 0] } as const

function network(faults: Partial<typeof CALM> = {}) {
  const time = new SimulatedClock()
  const simulated = new SimulatedNetwork<Note, Note>({
    time,
    dice: new Dice(1, 'network'),
    faults: { ...CALM, ...AT_ONCE, ...faults },
    isHint: ({ text }) => text === 'check',
    isCheck: ({ text }) => text === 'check',
    onFault: () => {},
    onListenerError: () => {},
  })
  return { time, simulated, process: (name: string) => new Process(name, time, 0) }
}

/** Moves time by itself while somebody waits: what takes no time is done before what takes some. */
async function ran<T>(time: SimulatedClock, work: Promise<T>): Promise<T> {
  let done = false
  const watched = work.finally(() => {
    done = true
  })
  while (!done) await time.advanceSettled(1)
  return watched
}

busContract('SimulatedNetwork', async () => {
  const { time, simulated, process } = network()
  const bus = simulated.busOf(process('one'))
  return {
    bus: {
      isReachable: (address) => bus.isReachable(address),
      ask: (address, note, timeoutMs) => {
        const asked = bus.ask(address, note, timeoutMs)
        return timeoutMs > 1000 ? ran(time, asked) : asked
      },
      tell: (address, note) => {
        const told = bus.tell(address, note)
        void time.advanceSettled(0)
        return told
      },
      listen: (address, listener) => {
        const listening = bus.listen(address, listener)
        return { stop: () => listening.stop(), flush: () => ran(time, listening.flush()) }
      },
      close: () => bus.close(),
    },
    elapse: (ms) => time.advanceSettled(ms),
  }
})

t.test('interest is known late, and vanishes for a while without an event', async (t) => {
  const { time, simulated, process } = network({ interestDelayMs: [100, 100] })
  const [listens, asks] = [process('listens'), process('asks')]
  simulated.busOf(listens).listen('a', (_, respond) => respond?.({ text: 'here' }))
  const ask = () => ran(time, simulated.busOf(asks).ask('a', { text: 'hello' }, 5000))
  t.equal(await ask(), 'absent')
  await time.advanceSettled(100)
  t.same(await ask(), { text: 'here' })
  simulated.hide(listens, asks, 1000)
  t.equal(await ask(), 'absent')
  await time.advanceSettled(1000)
  t.same(await ask(), { text: 'here' })
})

t.test('a lost reply is a time-out of what was acted upon', async (t) => {
  const { time, simulated, process } = network({ replyLossRate: 1 })
  let heard = 0
  simulated.busOf(process('listens')).listen('a', (_, respond) => {
    heard += 1
    respond?.({ text: 'here' })
  })
  t.equal(await ran(time, simulated.busOf(process('asks')).ask('a', { text: 'hello' }, 500)), 'timeout')
  t.equal(heard, 1)
})

t.test('a paused process is a time-out, a killed one is absent', async (t) => {
  const { time, simulated, process } = network()
  const listens = process('listens')
  simulated.busOf(listens).listen('a', (_, respond) => respond?.({ text: 'here' }))
  const bus = simulated.busOf(process('asks'))
  listens.clock.pause()
  t.equal(await ran(time, bus.ask('a', { text: 'hello' }, 500)), 'timeout')
  listens.kill()
  t.equal(await ran(time, bus.ask('a', { text: 'hello' }, 500)), 'absent')
  t.equal(
    simulated.listening(() => true),
    0,
  )
})

t.test('hints are lost while all of them are to be, and nothing else', async (t) => {
  const { time, simulated, process } = network({ hintsLost: true })
  const heard: string[] = []
  simulated.busOf(process('listens')).listen('a', ({ text }) => heard.push(text))
  const bus = simulated.busOf(process('tells'))
  bus.tell('a', { text: 'check' })
  bus.tell('a', { text: 'other' })
  await time.advanceSettled(100)
  t.same(heard, ['other'])
})
