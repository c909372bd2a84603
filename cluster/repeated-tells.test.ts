import t from 'tap'
import { RepeatedTells, type Telling } from './repeated-tells.ts'

const EVERYONE = telling('everyone', 'all')

function telling(address: string, text = 'check'): Telling {
  return { address, bytes: Buffer.from(text) }
}

/** What is sent now, as `address:text`; `room` of them can be sent. */
function sent(tells: RepeatedTells, room = 100): string[] {
  const out: string[] = []
  tells.sendUnsent(({ address, bytes }) => {
    if (out.length >= room) return undefined
    out.push(`${address}:${Buffer.from(bytes).toString()}`)
    return 1000 + out.length
  })
  return out
}

t.test('what could not be sent is sent once, the newest for each address', async (t) => {
  const tells = new RepeatedTells({ max: 10, everyone: EVERYONE })
  tells.addUnsent(telling('a', 'old'))
  tells.addUnsent(telling('b'))
  tells.addUnsent(telling('a', 'new'))
  t.same(sent(tells), ['a:new', 'b:check'])
  t.same(sent(tells), [])
  t.equal(tells.size, 2, 'kept until confirmed')
  tells.confirmed(1001)
  t.equal(tells.size, 1)
  tells.confirmed(1002)
  t.equal(tells.size, 0)
})

t.test('what was sent and not confirmed before the connection was lost is sent again', async (t) => {
  const tells = new RepeatedTells({ max: 10, everyone: EVERYONE })
  tells.addSent(telling('a'), 10)
  tells.addSent(telling('b'), 20)
  tells.addSent(telling('a'), 30)
  tells.confirmed(20)
  tells.connectionLost()
  t.same(sent(tells), ['a:check'])
})

t.test('sending goes on where it stopped', async (t) => {
  const tells = new RepeatedTells({ max: 10, everyone: EVERYONE })
  for (const address of ['a', 'b', 'c']) tells.addUnsent(telling(address))
  t.same(sent(tells, 2), ['a:check', 'b:check'])
  t.same(sent(tells), ['c:check'])
})

t.test('too many unsent ones become one to everyone', async (t) => {
  const tells = new RepeatedTells({ max: 3, everyone: EVERYONE })
  for (const address of ['a', 'b', 'c', 'd']) tells.addUnsent(telling(address))
  t.same(sent(tells), ['everyone:all'])
})

t.test(
  'too many unconfirmed ones are forgotten, and everyone is told if the connection is lost',
  async (t) => {
    const tells = new RepeatedTells({ max: 3, everyone: EVERYONE })
    for (let at = 1; at <= 4; at += 1) tells.addSent(telling(`${at}`), at)
    t.equal(tells.size, 0)
    tells.confirmed(3)
    tells.connectionLost()
    t.same(sent(tells), ['everyone:all'])
  },
)

t.test('forgotten ones that were confirmed are told to nobody', async (t) => {
  const tells = new RepeatedTells({ max: 3, everyone: EVERYONE })
  for (let at = 1; at <= 4; at += 1) tells.addSent(telling(`${at}`), at)
  tells.confirmed(4)
  tells.connectionLost()
  t.same(sent(tells), [])
})

t.test('however many there are, no more than twice the limit is kept', async (t) => {
  const tells = new RepeatedTells({ max: 50, everyone: EVERYONE })
  let most = 0
  for (let at = 1; at <= 1000; at += 1) {
    if (at % 3 === 0) tells.addSent(telling(`${at}`), at)
    else tells.addUnsent(telling(`${at}`))
    if (at % 400 === 0) tells.connectionLost()
    most = Math.max(most, tells.size)
  }
  t.ok(most <= 101, `${most}`)
})
