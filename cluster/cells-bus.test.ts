import t from 'tap'
import { type BusUnderTest, busContract } from './bus.contract.ts'
import { CellsListening } from './cells-listening.ts'
import { addressIn, EVERYWHERE, world } from './fixtures/cells-world.ts'

const TIMEOUT_MS = 1000
const hello = { text: 'hello' }
const heard = { text: 'heard' }

for (const text of ['main', 'east west', 'east -west +north']) {
  for (const isFixed of [true, false]) {
    busContract(`CellsBus (${text}, ${isFixed ? 'fixed' : 'not fixed'})`, async (): Promise<BusUnderTest> => {
      const { clock, process } = world()
      const { bus } = process(text, { isFixed })
      await clock.advanceSettled(1)
      return { bus, elapse: (ms) => clock.advanceSettled(ms) }
    })
  }
}

t.test('each address is asked, told and listened to in its own cell only', async (t) => {
  const { clock, process, serversOf } = world()
  const { bus, cell } = process('east west')
  await clock.advanceSettled(1)
  const [east, west] = [addressIn('east', 'east west'), addressIn('west', 'east west')]
  bus.listen(east, (_, respond) => respond?.(heard))
  t.same([cell('east').listening, cell('west').listening], [1, 0])
  t.same(await bus.ask(east, hello, TIMEOUT_MS), heard)
  t.equal(await bus.ask(west, hello, TIMEOUT_MS), 'absent')
  t.same([cell('east').asked, cell('west').asked], [1, 1])
  t.equal(await serversOf('west').ask(east, hello, TIMEOUT_MS), 'absent')
})

t.test('what belongs to every cell is listened to and told in all', async (t) => {
  const { clock, process, serversOf } = world()
  const { bus } = process('east west')
  await clock.advanceSettled(1)
  const texts: string[] = []
  bus.listen(EVERYWHERE, ({ text }) => texts.push(text))
  serversOf('east').tell(EVERYWHERE, { text: 'from east' })
  serversOf('west').tell(EVERYWHERE, { text: 'from west' })
  bus.tell(EVERYWHERE, { text: 'told' })
  t.same(texts, ['from east', 'from west', 'told', 'told'])
})

t.test('a cell that is away hurts its own addresses only', async (t) => {
  const { clock, process } = world()
  const { bus, cell, events } = process('east west')
  await clock.advanceSettled(1)
  const [east, west] = [addressIn('east', 'east west'), addressIn('west', 'east west')]
  bus.listen(east, (_, respond) => respond?.(heard))
  bus.listen(west, (_, respond) => respond?.(heard))
  events()
  cell('west').down()
  t.equal(await bus.ask(west, hello, TIMEOUT_MS), 'timeout', 'never absent')
  t.same(await bus.ask(east, hello, TIMEOUT_MS), heard)
  t.same([bus.isReachable(east), bus.isReachable(west), bus.isConnected], [true, false, true])
  await bus.listen(east, () => {}).flush()
  await t.rejects(bus.listen(west, () => {}).flush(), /away/)
  cell('west').up()
  const told = events()
  t.same(
    told.map(({ event, concerns }) => [event, concerns?.(east), concerns?.(west)]),
    [
      ['lost', false, true],
      ['restored', false, true],
    ],
  )
  cell('east').down()
  cell('west').down()
  t.equal(bus.isConnected, false)
})

t.test(
  'while a cell is added, all that have the old map, both, or the new one find each other',
  async (t) => {
    const moving = addressIn('west', 'east west', 'north', 'east west north')
    const staying = addressIn('east', 'east west', 'east', 'east west north')
    const maps = ['east west', 'east west +north', 'east west north']
    for (const address of [moving, staying]) {
      for (const [listens, asks] of [
        [0, 0],
        [0, 1],
        [1, 0],
        [1, 1],
        [1, 2],
        [2, 1],
        [2, 2],
      ] as const) {
        const { clock, process } = world()
        const [node, endpoint] = [process(maps[listens] ?? ''), process(maps[asks] ?? '')]
        await clock.advanceSettled(1)
        const texts: string[] = []
        await node.bus
          .listen(address, ({ text }, respond) => {
            texts.push(text)
            respond?.(heard)
          })
          .flush()
        t.same(await endpoint.bus.ask(address, hello, TIMEOUT_MS), heard, `${maps[listens]} by ${maps[asks]}`)
        t.same(texts, ['hello'], 'asked once')
        endpoint.bus.tell(address, { text: 'hint' })
        t.ok(texts.includes('hint'))
      }
    }
  },
)

t.test(
  'under change the new cell is asked first; what it takes is taken off the time of the old',
  async (t) => {
    const { clock, process } = world()
    const [node, endpoint] = [process('east'), process('east +west')]
    await clock.advanceSettled(1)
    const moving = addressIn('east', 'east', 'west', 'east west')
    node.bus.listen(moving, () => {})
    const asked = endpoint.bus.ask(moving, hello, TIMEOUT_MS)
    await clock.advanceSettled(TIMEOUT_MS)
    t.equal(await asked, 'timeout')
    t.same([endpoint.cell('west').asked, endpoint.cell('east').asked], [1, 1])
    endpoint.cell('west').down()
    t.equal(
      await endpoint.bus.ask(moving, hello, TIMEOUT_MS),
      'timeout',
      'nobody knows who is in the new one',
    )
    t.equal(endpoint.cell('east').asked, 1)
    t.equal(endpoint.bus.isReachable(moving), false)
  },
)

t.test('a map that is fixed keeps no account of what is listened to, and can not change', async (t) => {
  const { clock, process } = world()
  const { bus, change } = process('east west', { isFixed: true })
  await clock.advanceSettled(1)
  t.throws(() => change('east'), /fixed/)
  t.notOk(bus.listen('a', () => {}) instanceof CellsListening, "it is the cell's own")
})
