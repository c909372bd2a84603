import t from 'tap'
import type { Message } from '../../push/message.ts'
import { agentWith, CHANNEL, channelId, Driver, listing, message, messageId } from './fixtures/driver.ts'

/** The numbers of the messages sent since the last look. */
function sent(driver: Driver): number[] {
  return driver.takeOf('notify').map((effect) => Number.parseInt(effect.message.id.slice(-4), 16))
}

function messages(...numbers: number[]): Message[] {
  return numbers.map((number) => message(number))
}

t.test('one read at a time; `check` during it asks for one more pass, however often it is told', (t) => {
  const driver = Driver.opened()
  driver.check()
  t.same(driver.takeKinds(), ['list'])
  driver.check()
  driver.check()
  t.same(driver.take(), [])
  driver.page([])
  t.same(driver.take(), [listing(4)])
  driver.page([])
  t.same(driver.take(), [])
  t.end()
})

t.test('a check of its own session needs no look', (t) => {
  const driver = Driver.opened()
  driver.offer({ kind: 'check', from: driver.state.sessionId })
  t.same(driver.take(), [])
  t.end()
})

t.test('a pass goes on after its cursor, to the end', (t) => {
  const driver = Driver.opened({ limits: { inFlightMax: 100 } })
  driver.check()
  t.same(driver.take(), [listing(50)])
  driver.page(messages(1, 2), messageId(5))
  t.same(driver.takeOf('list'), [listing(50, messageId(5))])
  driver.page([], messageId(7))
  t.same(driver.takeOf('list'), [listing(50, messageId(7))])
  driver.page([])
  t.same(driver.take(), [])
  t.end()
})

t.test('every pass starts at the first message: one may have been put behind the cursor', (t) => {
  const driver = Driver.opened({ limits: { inFlightMax: 10 } })
  driver.check()
  driver.page(messages(5), messageId(5))
  driver.check()
  driver.page([])
  t.same(driver.takeOf('list').at(-1), listing(9))
  driver.page(messages(4, 5))
  t.same(sent(driver), [4])
  t.end()
})

t.test('a page that fills the window is gone on with at half of it, after the last message sent', (t) => {
  const driver = Driver.opened()
  driver.deliver(message(1))
  driver.check()
  t.same(driver.takeOf('list'), [listing(3)])
  driver.deliver(message(2))
  driver.take()
  driver.page(messages(11, 12, 13), messageId(13))
  t.same(sent(driver), [11, 12])
  t.equal(driver.state.flights?.size, 4)
  driver.ack(message(1))
  t.same(driver.takeOf('list'), [])
  driver.ack(message(11))
  t.same(driver.takeOf('list'), [listing(2, messageId(12))])
  t.end()
})

t.test('a page that did not fit is not the end of the pass, even if nothing followed it', (t) => {
  const driver = Driver.opened()
  driver.check()
  driver.deliver(message(1))
  driver.deliver(message(2))
  driver.take()
  driver.page(messages(11, 12, 13))
  t.same(sent(driver), [11, 12])
  driver.ack(...messages(1, 2))
  t.same(driver.takeOf('list'), [listing(2, messageId(12))])
  t.end()
})

t.test('ids this session knows are skipped: in flight and no longer waited for', (t) => {
  const driver = Driver.opened()
  driver.deliver(message(1))
  driver.deliver(message(2))
  driver.nack(message(2))
  driver.putSettled(message(2), true)
  driver.check()
  driver.take()
  driver.page(messages(1, 2, 3))
  t.same(sent(driver), [3])
  t.end()
})

t.test('what has ended and is found in the store is deleted, not sent', (t) => {
  const driver = Driver.opened()
  driver.deliver(message(1))
  driver.ack(message(1))
  driver.check()
  driver.take()
  driver.page(messages(1))
  t.same(driver.take(), [
    {
      kind: 'remove',
      removal: { id: messageId(1), channelId: CHANNEL, topic: undefined, outcome: 'acknowledged' },
    },
  ])
  t.end()
})

t.test('the remaining TTL is told, and checked at the moment of sending', (t) => {
  const driver = Driver.opened()
  driver.check()
  driver.take()
  const left = (number: number, ms: number) => message(number, { expiresAtMs: driver.wallMs + ms })
  driver.page([left(1, -1), left(2, 0), left(3, 1), left(4, 90_500)])
  t.same(
    driver.takeOf('notify').map((effect) => [effect.message.id, effect.ttlSeconds]),
    [
      [messageId(3), 1],
      [messageId(4), 91],
    ],
  )
  t.end()
})

t.test('a message sent by five sessions without an acknowledgement is given up', (t) => {
  const driver = Driver.opened()
  driver.check()
  driver.page(messages(1), undefined, 4)
  t.same(sent(driver), [1], 'the fifth time')
  driver.check()
  driver.page(messages(2), undefined, 5)
  t.same(
    driver.takeOf('remove').map(({ removal }) => removal.id),
    [messageId(2)],
  )
  driver.check()
  driver.page(messages(2), undefined, 5)
  t.same(sent(driver), [])
  t.end()
})

t.test('giving up is counted', (t) => {
  const driver = Driver.opened()
  driver.check()
  driver.page(messages(1), undefined, 5)
  t.same(driver.takeOf('count'), [{ kind: 'count', what: 'given up' }])
  t.end()
})

t.test('giving up a message keeps the others of its topic', (t) => {
  const driver = Driver.opened()
  driver.check()
  driver.take()
  driver.page([message(1, { topic: 'mail' })], undefined, 5)
  t.same(driver.take(), [
    {
      kind: 'remove',
      removal: { id: messageId(1), channelId: CHANNEL, topic: undefined, outcome: 'notDelivered' },
    },
  ])
  t.end()
})

t.test('an unknown channel in a page makes the channels be read again, once, and then the messages', (t) => {
  const driver = Driver.opened()
  driver.check()
  driver.take()
  const unknown = [1, 2].map((number) => message(number, { channelId: channelId(2) }))
  driver.page([...unknown, message(3)])
  t.same(driver.takeKinds(), ['reload', 'notify'])
  driver.offer({ kind: 'reloaded', agent: agentWith([channelId(2)]) })
  t.same(driver.takeKinds(), ['list'])
  driver.page([...unknown, message(3)])
  t.same(sent(driver), [1, 2])
  t.end()
})

t.test('channels that can not be read again wait for the next look', (t) => {
  const driver = Driver.opened()
  driver.check()
  driver.page([message(1, { channelId: channelId(2) })])
  driver.take()
  driver.offer({ kind: 'reloaded', agent: 'failed' })
  t.same(driver.take(), [])
  t.same(driver.deliver(message(2)).outcomes, [], 'the channels known before stay')
  t.end()
})

t.test('a read that failed is tried again after a wait, from the first message', (t) => {
  const driver = Driver.opened({ limits: { inFlightMax: 10 } })
  driver.check()
  driver.page(messages(1), messageId(1))
  driver.take()
  driver.offer({ kind: 'page', page: 'failed' })
  driver.check()
  driver.advance(4999)
  t.same(driver.take(), [])
  driver.advance(1)
  t.same(driver.take(), [listing(9)])
  t.end()
})

t.test('a socket that is congested stops the reading until it has drained', (t) => {
  const driver = Driver.opened()
  driver.offer({ kind: 'congested' })
  driver.check()
  t.same(driver.take(), [])
  driver.offer({ kind: 'drained' })
  t.same(driver.takeKinds(), ['list'])
  t.end()
})

t.test('a stored message the socket dropped is sent by another pass, and not counted', (t) => {
  const driver = Driver.opened()
  driver.check()
  driver.page(messages(1))
  driver.offer({ kind: 'dropped', id: messageId(1) })
  driver.offer({ kind: 'drained' })
  t.same(driver.takeOf('list').length, 2)
  driver.page(messages(1))
  t.same(sent(driver), [1])
  t.same(driver.takeOf('countSends'), [])
  t.end()
})

t.test('a page that comes after the session began to leave is not sent', (t) => {
  const driver = Driver.opened()
  driver.check()
  driver.take()
  driver.offer({ kind: 'drain' })
  driver.page(messages(1))
  t.same(driver.takeOf('notify'), [])
  t.end()
})

t.test('an idle actor gives back its maps, and needs no timer', (t) => {
  const idle = Driver.opened()
  const empty = {
    flights: undefined,
    parked: undefined,
    ended: undefined,
    commands: undefined,
    early: undefined,
  }
  idle.advance(300_000)
  t.match(idle.state, empty)
  t.notOk(idle.sleeps)

  const acked = Driver.opened()
  acked.deliver(message(1))
  acked.ack(message(1))
  acked.advance(300_000)
  t.match(acked.state, empty, 'after a message')
  t.notOk(acked.sleeps)

  const late = Driver.opened()
  late.deliver(message(1))
  late.nack(message(1))
  late.putSettled(message(1), true)
  late.advance(300_000)
  late.ack(message(1))
  late.removed(message(1))
  late.advance(300_000)
  t.match(late.state, empty, 'after an acknowledgement that came late')
  t.notOk(late.sleeps)

  const given = Driver.opened()
  given.advance(300_000)
  given.check()
  given.page(messages(1), undefined, 5)
  given.removed(message(1))
  given.advance(300_000)
  t.match(given.state, empty, 'after a message that was given up')
  t.notOk(given.sleeps)
  t.end()
})
