import t from 'tap'
import { SimulatedClock } from '../cluster/simulated-clock.ts'
import {
  CLIENT_LIMITS_OPTIONS,
  type ClientConnection,
  ClientLimits,
  type ClientLimitsOptions,
} from './client-limits.ts'

function limit(options: Partial<ClientLimitsOptions>) {
  const clock = new SimulatedClock()
  const limits = new ClientLimits({ ...CLIENT_LIMITS_OPTIONS, ...options }, clock)
  const closed: string[] = []
  /** Opens a connection; what it is closed for is noted under its name. */
  const enter = (address: string, name = address) =>
    limits.entered(address, { close: (reason) => closed.push(`${name}: ${reason}`) })
  return { clock, limits, enter, closed }
}

t.test('connections of one address are bounded; those of others are not touched', (t) => {
  const { limits, enter } = limit({ addressMax: 2 })
  const [first] = [enter('a'), enter('a')]
  t.equal(limits.admits('a'), false)
  t.equal(limits.admits('b'), true)
  first?.left()
  t.equal(limits.admits('a'), true)
  t.same(Object.fromEntries(limits.met), { connections: 1 })
  t.end()
})

t.test('of those of one address that say nothing the oldest makes room, until they speak or end', (t) => {
  const { limits, enter, closed } = limit({ addressSilentMax: 2 })
  const [first, second] = [enter('a', '1'), enter('a', '2')]
  enter('b', 'other')
  t.same(closed, [])
  t.equal(limits.admits('a'), true, 'nobody is refused for them')
  enter('a', '3')
  t.same(closed, ['1: tooManySilent'])
  first.left()
  second.spoke()
  second.spoke()
  enter('a', '4')
  t.same(closed.length, 1, 'one that spoke twice counts once')
  second.left()
  enter('a', '5')
  t.same(closed, ['1: tooManySilent', '3: tooManySilent'], 'one that spoke is not silent any more')
  t.same(Object.fromEntries(limits.met), { silent: 2 })
  t.end()
})

t.test('of all that say nothing the oldest makes room, whatever its address', (t) => {
  const { limits, enter, closed } = limit({ silentMax: 3 })
  const [first] = [enter('a', '1'), enter('b', '2'), enter('c', '3')]
  first.spoke()
  enter('d', '4')
  t.same(closed, [])
  enter('e', '5')
  t.same(closed, ['2: tooManySilent'])
  enter('e', '6')
  t.same(closed, ['2: tooManySilent', '3: tooManySilent'])
  t.same(Object.fromEntries(limits.met), { allSilent: 2 })
  t.end()
})

t.test('one that makes room frees its places, also when it is told so at once', (t) => {
  const { limits } = limit({ addressSilentMax: 1, silentMax: 2 })
  const open: ClientConnection[] = []
  for (let count = 0; count < 100; count++) {
    const client: ClientConnection = limits.entered(`${count % 2}`, {
      close() {
        client.left()
        open.splice(open.indexOf(client), 1)
      },
    })
    open.push(client)
  }
  t.equal(open.length, 2)
  t.same(Object.fromEntries(limits.met), { silent: 98 })
  for (const client of open) client.left()
  t.equal(limits.addresses, 0)
  t.end()
})

t.test('hellos and registrations of one address have a rate', (t) => {
  const { limits, clock, enter } = limit({
    hellosPerSecond: 1,
    hellosBurst: 2,
    registersPerSecond: 1,
    registersBurst: 3,
  })
  t.same(
    [1, 2, 3].map(() => limits.admits('a')),
    [true, true, false],
  )
  t.equal(limits.admits('b'), true)
  const [one, other] = [enter('a'), enter('a')]
  t.same(
    [one, other, one, other].map((client) => client.mayRegister()),
    [true, true, true, false],
  )
  t.equal(enter('b').mayRegister(), true)
  clock.advance(1000)
  t.equal(limits.admits('a'), true)
  t.equal(one.mayRegister(), true)
  t.same(Object.fromEntries(limits.met), { hellos: 1, registers: 1 })
  t.end()
})

t.test('nothing is kept of an address without connections', (t) => {
  const { limits, enter } = limit({})
  const clients = Array.from({ length: 100 }, (_, index) => enter(`${index % 10}`))
  t.equal(limits.addresses, 10)
  for (const client of clients) client.left()
  t.equal(limits.addresses, 0)
  t.end()
})
