import t from 'tap'
import { addressIn, EVERYWHERE, world } from './fixtures/cells-world.ts'
import { settled } from './simulated-clock.ts'

const TIMEOUT_MS = 1000
const hello = { text: 'hello' }
const heard = { text: 'heard' }

t.test('what is listened to moves when the map changes, and is never out of reach', async (t) => {
  const { clock, process } = world()
  const node = process('east')
  const endpoints = ['east', 'east +west', 'east west'].map((text) => process(text))
  await clock.advanceSettled(1)
  const [moving, staying] = [
    addressIn('east', 'east', 'west', 'east west'),
    addressIn('east', 'east', 'east', 'east west'),
  ]
  for (const address of [moving, staying, EVERYWHERE])
    node.bus.listen(address, (_, respond) => respond?.(heard))
  const reached = (by: readonly number[]) =>
    Promise.all(
      by.flatMap((index) =>
        [moving, staying].map((address) => endpoints[index]?.bus.ask(address, hello, TIMEOUT_MS)),
      ),
    )
  t.same(await reached([0, 1]), Array(4).fill(heard))
  node.change('east +west')
  t.equal(node.bus.isSettled, false)
  await clock.advanceSettled(1)
  t.equal(node.bus.isSettled, true)
  t.same([node.cell('east').listening, node.cell('west').listening], [3, 2])
  t.same(await reached([0, 1, 2]), Array(6).fill(heard))
  node.change('east west')
  await clock.advanceSettled(1)
  t.equal(node.bus.isSettled, true)
  t.same([node.cell('east').listening, node.cell('west').listening], [2, 2])
  t.same(await reached([1, 2]), Array(4).fill(heard))
  t.match(node.bus.cells, [
    { name: 'east', change: 'none' },
    { name: 'west', change: 'none' },
  ])
  node.change('east -west')
  await clock.advanceSettled(1)
  t.same(await reached([0, 1, 2]), Array(6).fill(heard))
  node.change('east')
  await clock.advanceSettled(1)
  t.same(await reached([0, 1]), Array(4).fill(heard))
  t.equal(node.cell('west').isClosed, false, 'asks may be under way')
  await clock.advanceSettled(5000)
  t.equal(node.cell('west').isClosed, true)
  t.equal(node.cell('east').isClosed, false)
})

t.test(
  'many listenings move in pieces; those that come and go meanwhile are where they belong',
  async (t) => {
    const { clock, process } = world()
    const { bus, cell, change, events } = process('east')
    await clock.advanceSettled(1)
    const all = Array.from({ length: 5000 }, (_, number) => ({
      address: `ua.${number}`,
      listening: bus.listen(`ua.${number}`, (_, respond) => respond?.(heard)),
    }))
    change('east +west')
    clock.advance(0)
    await settled()
    const afterOnePiece = cell('west').listening
    t.ok(afterOnePiece > 0 && afterOnePiece < 1000, `${afterOnePiece} after one piece`)
    for (const { listening } of all.slice(0, 2500)) listening.stop()
    for (let number = 5000; number < 6000; number += 1)
      bus.listen(`ua.${number}`, (_, respond) => respond?.(heard))
    await clock.advanceSettled(10)
    change('east west')
    await clock.advanceSettled(10)
    t.match(
      events().map(({ event }) => event),
      ['restored', 'restored', 'changed', 'settled', 'changed', 'settled'],
    )
    t.equal(cell('east').listening + cell('west').listening, 3500, 'each in one cell')
    const other = process('east west')
    await clock.advanceSettled(1)
    for (let number = 0; number < 6000; number += 1) {
      const reply = await other.bus.ask(`ua.${number}`, hello, TIMEOUT_MS)
      if ((reply === 'absent') !== number < 2500) t.fail(`ua.${number}: ${reply}`)
    }
  },
)

t.test(
  'a new cell that can not be reached changes nothing until it can, or the map is another one',
  async (t) => {
    const { clock, process } = world()
    const { bus, cell, unreachable, change } = process('east')
    await clock.advanceSettled(1)
    const moving = addressIn('east', 'east', 'west', 'east west')
    bus.listen(moving, (_, respond) => respond?.(heard))
    unreachable.add('west')
    const { digests } = bus
    change('east +west')
    await clock.advanceSettled(60_000)
    t.same([bus.isSettled, bus.digests], [false, digests])
    t.match(bus.cells, [{ name: 'east' }, { name: 'west', change: 'adding', isConnected: false }])
    t.same(await bus.ask(moving, hello, TIMEOUT_MS), heard)
    t.equal(bus.isReachable(moving), true)
    change('east')
    await clock.advanceSettled(5000)
    t.same([bus.isSettled, cell('west').isClosed], [true, true])
    change('east +west')
    cell('west').up()
    await clock.advanceSettled(1)
    t.equal(bus.isSettled, true)
    t.same([cell('east').listening, cell('west').listening], [1, 1])
  },
)

t.test('a cell that gets lost while listenings move is waited for', async (t) => {
  const { clock, process } = world()
  const { bus, cell, change } = process('east')
  await clock.advanceSettled(1)
  bus.listen(addressIn('east', 'east', 'west', 'east west'), () => {})
  change('east west')
  clock.advance(0)
  cell('west').isAway = true
  await clock.advanceSettled(60_000)
  t.equal(bus.isSettled, false)
  t.same([cell('east').listening, cell('west').listening], [1, 1], 'the old one goes on')
  cell('west').up()
  await clock.advanceSettled(1)
  t.equal(bus.isSettled, true)
  t.same([cell('east').listening, cell('west').listening], [0, 1])
})

t.test('a dead cell that is being removed hurts nobody any more', async (t) => {
  const { clock, process } = world()
  const { bus, cell, change } = process('east west')
  await clock.advanceSettled(1)
  const moving = addressIn('west', 'east west', 'east', 'east')
  bus.listen(moving, (_, respond) => respond?.(heard))
  cell('west').down()
  t.equal(await bus.ask(moving, hello, TIMEOUT_MS), 'timeout')
  change('east -west')
  await clock.advanceSettled(1)
  t.equal(bus.isSettled, true)
  t.same(await bus.ask(moving, hello, TIMEOUT_MS), heard)
  await bus.listen(moving, () => {}).flush()
  change('east')
  await clock.advanceSettled(1)
  t.same([cell('east').listening, cell('west').listening], [2, 0])
  t.equal(bus.isReachable(moving), true)
})

t.test(
  'a cell that is reached in another way is connected anew before the old connection goes',
  async (t) => {
    const { clock, process } = world()
    const { bus, cell, change } = process('east west')
    await clock.advanceSettled(1)
    const east = addressIn('east', 'east west')
    bus.listen(east, (_, respond) => respond?.(heard))
    const kept = cell('west')
    change('east/2 west')
    t.same(await bus.ask(east, hello, TIMEOUT_MS), heard)
    await clock.advanceSettled(1)
    t.same(await bus.ask(east, hello, TIMEOUT_MS), heard)
    t.same([cell('east', '1').listening, cell('east', '2').listening], [0, 1])
    await clock.advanceSettled(5000)
    t.same([cell('east', '1').isClosed, cell('east', '2').isClosed], [true, false])
    t.equal(cell('west'), kept)
  },
)

t.test('nothing is left after close, and no other map is taken', async (t) => {
  const { clock, process } = world()
  const { bus, cell, change } = process('east west')
  await clock.advanceSettled(1)
  change('east')
  await clock.advanceSettled(1)
  await bus.close()
  t.same([cell('east').isClosed, cell('west').isClosed, clock.waiting], [true, true, 0])
  change('east +north')
  t.throws(() => cell('north'))
})
