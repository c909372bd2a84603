import t from 'tap'
import { SimulatedClock } from '../cluster/simulated-clock.ts'
import { CLIENT_LIMITS_OPTIONS, ClientLimits, type ClientLimitsOptions } from './client-limits.ts'

function limit(options: Partial<ClientLimitsOptions>) {
  const clock = new SimulatedClock()
  return { clock, limits: new ClientLimits({ ...CLIENT_LIMITS_OPTIONS, ...options }, clock) }
}

t.test('connections of one address are bounded; those of others are not touched', (t) => {
  const { limits } = limit({ addressMax: 2 })
  const [first] = [limits.entered('a'), limits.entered('a')]
  t.equal(limits.admits('a'), false)
  t.equal(limits.admits('b'), true)
  first?.left()
  t.equal(limits.admits('a'), true)
  t.same(Object.fromEntries(limits.refused), { connections: 1 })
  t.end()
})

t.test('so are those that say nothing, until they do or end', (t) => {
  const { limits } = limit({ addressSilentMax: 2 })
  const [first, second] = [limits.entered('a'), limits.entered('a')]
  t.equal(limits.admits('a'), false)
  t.equal(limits.admits('b'), true)
  first?.spoke()
  first?.spoke()
  t.equal(limits.admits('a'), true)
  limits.entered('a')
  t.equal(limits.admits('a'), false, 'one that spoke twice counts once')
  first?.left()
  t.equal(limits.admits('a'), false, 'one that spoke is not silent any more when it ends')
  second?.left()
  t.equal(limits.admits('a'), true)
  t.same(Object.fromEntries(limits.refused), { silent: 3 })
  t.end()
})

t.test('hellos and registrations of one address have a rate', (t) => {
  const { limits, clock } = limit({
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
  const [one, other] = [limits.entered('a'), limits.entered('a')]
  t.same(
    [one, other, one, other].map((client) => client.mayRegister()),
    [true, true, true, false],
  )
  t.equal(limits.entered('b').mayRegister(), true)
  clock.advance(1000)
  t.equal(limits.admits('a'), true)
  t.equal(one.mayRegister(), true)
  t.same(Object.fromEntries(limits.refused), { hellos: 1, registers: 1 })
  t.end()
})

t.test('nothing is kept of an address without connections', (t) => {
  const { limits } = limit({})
  const clients = Array.from({ length: 100 }, (_, index) => limits.entered(`${index % 10}`))
  t.equal(limits.addresses, 10)
  for (const client of clients) client.left()
  t.equal(limits.addresses, 0)
  t.end()
})
