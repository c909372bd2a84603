import t from 'tap'
import { channelId, Driver, LIMITS, message, messageId } from './fixtures/driver.ts'

/** A session with one durable message in flight, which its first pass found. */
function withStored(number: number, driver = Driver.opened()) {
  driver.check()
  driver.page([message(number)])
  driver.take()
  return driver
}

t.test('every ack code ends the message: the user agent has it, or can not use it', (t) => {
  for (const code of [100, 101, 102, 999]) {
    const driver = Driver.opened()
    const asker = driver.deliver(message(1))
    driver.frame({ kind: 'ack', updates: [{ ...message(1), code }] })
    t.same(asker.outcomes, ['delivered'], `${code}`)
    t.equal(driver.state.flights?.size, 0)
  }
  t.end()
})

t.test('acks and nacks are counted by code, whatever the user agent sends', (t) => {
  const driver = Driver.opened()
  const counted = [
    [100, 'ack 100'],
    [101, 'ack 101'],
    [102, 'ack 102'],
    [1e9, 'ack other'],
  ] as const
  for (const [code, what] of counted) {
    driver.frame({ kind: 'ack', updates: [{ id: messageId(7), channelId: channelId(1), code }] })
    t.same(driver.takeOf('count'), [{ kind: 'count', what }])
  }
  for (const code of [301, 302, 303] as const) {
    driver.nack(message(7), code)
    t.same(driver.takeOf('count'), [{ kind: 'count', what: `nack ${code}` }])
  }
  driver.nack(message(7), -1)
  t.same(driver.takeOf('count'), [{ kind: 'count', what: 'nack other' }])
  t.end()
})

t.test('an ack of an unknown version, or under another channel, is ignored', (t) => {
  const driver = Driver.opened()
  const asker = driver.deliver(message(1))
  driver.take()
  driver.ack(message(9), { id: message(1).id, channelId: channelId(2) })
  t.same(driver.take(), [])
  t.same(asker.outcomes, [])
  t.end()
})

t.test('one frame acknowledges many', (t) => {
  const driver = Driver.opened()
  const messages = [1, 2, 3].map((number) => message(number))
  const askers = messages.map((one) => driver.deliver(one))
  driver.ack(...messages)
  t.same(
    askers.map((asker) => asker.outcomes),
    [['delivered'], ['delivered'], ['delivered']],
  )
  t.end()
})

t.test('an ack is also heard while the session leaves', (t) => {
  const driver = Driver.opened()
  const asker = driver.deliver(message(1))
  driver.offer({ kind: 'drain' })
  driver.ack(message(1))
  t.same(asker.outcomes, ['delivered'])
  t.end()
})

t.test('what is unacknowledged for 60 s leaves the window, counted once, and is not sent again', (t) => {
  const driver = withStored(1)
  driver.advance(59_999)
  t.same(driver.take(), [])
  driver.advance(1)
  t.same(driver.take(), [{ kind: 'countSends', ids: [messageId(1)] }])
  t.notOk(driver.state.flights?.size)
  driver.check()
  driver.page([message(1)])
  t.same(driver.takeOf('notify'), [])
  driver.offer({ kind: 'closed' })
  t.same(driver.takeOf('countSends'), [])
  t.end()
})

t.test('the send of a message this session has put is counted by the put', (t) => {
  const driver = Driver.opened()
  driver.deliver(message(1))
  driver.advance(250)
  driver.putSettled(message(1), true)
  driver.advance(60_000)
  t.ok(driver.state.parked?.has(messageId(1)))
  t.same(driver.takeOf('countSends'), [])
  t.end()
})

t.test('an ack that comes after 60 s deletes the message all the same', (t) => {
  const driver = withStored(1)
  driver.advance(60_000)
  driver.take()
  driver.ack(message(1))
  t.same(
    driver.takeOf('remove').map(({ removal }) => removal.id),
    [messageId(1)],
  )
  driver.ack(message(1))
  t.same(driver.take(), [], 'once')
  t.end()
})

t.test('the connection closes when as many as the window holds are unacknowledged for too long', (t) => {
  const driver = Driver.opened()
  for (let number = 1; number < LIMITS.inFlightMax; number += 1) withStored(number, driver)
  driver.advance(60_000)
  t.same(driver.takeOf('close'), [])
  withStored(9, driver)
  driver.advance(60_000)
  t.same(driver.takeOf('close'), [{ kind: 'close', reason: 'tooManyUnacknowledged' }])
  t.end()
})

t.test(
  'a nack of a stored message frees its place; it stays stored and is not resent in this session',
  (t) => {
    const driver = withStored(1)
    driver.nack(message(1))
    t.same(driver.take(), [{ kind: 'countSends', ids: [messageId(1)] }])
    t.equal(driver.state.flights?.size, 0)
    driver.check()
    driver.page([message(1)])
    t.same(driver.takeOf('notify'), [])
    t.end()
  },
)

t.test('a nack within the grace puts first: the place is freed once the message is durable', (t) => {
  const driver = Driver.opened()
  const asker = driver.deliver(message(1))
  driver.take()
  driver.nack(message(1))
  t.same(driver.takeKinds(), ['put'])
  t.equal(driver.state.flights?.size, 1)
  driver.putSettled(message(1), true)
  t.same(asker.outcomes, ['stored'])
  t.equal(driver.state.flights?.size, 0)
  t.ok(driver.state.parked?.has(messageId(1)))
  t.end()
})

t.test('a nack whose put failed keeps its place until the deadline, and is `unsaved` then', (t) => {
  const driver = Driver.opened()
  const asker = driver.deliver(message(1))
  driver.nack(message(1))
  driver.putSettled(message(1), false)
  t.equal(driver.state.flights?.size, 1)
  driver.advance(10_000)
  t.same(asker.outcomes, ['unsaved'])
  t.end()
})

t.test('a nack of TTL 0 frees its place; of anything unknown it is counted only', (t) => {
  const driver = Driver.opened()
  driver.deliver(message(1, { ttlSeconds: 0 }))
  driver.take()
  driver.nack(message(1))
  driver.nack(message(2))
  driver.frame({ kind: 'nack', id: undefined, code: 301 })
  t.same(driver.take(), [])
  t.equal(driver.state.flights?.size, 0)
  t.end()
})

t.test('a delete that failed is done again; until it is done its end is remembered', (t) => {
  const driver = withStored(1)
  driver.ack(message(1))
  const removal = {
    id: messageId(1),
    channelId: channelId(1),
    topic: undefined,
    outcome: 'acknowledged' as const,
  }
  t.same(driver.take(), [{ kind: 'remove', removal }])
  driver.offer({ kind: 'removeFailed', removal })
  t.same(driver.take(), [])
  for (let number = 2; number < 42; number += 1) {
    driver.deliver(message(number))
    driver.ack(message(number))
  }
  driver.check()
  driver.take()
  driver.page([message(1)])
  t.same(driver.take(), [{ kind: 'remove', removal }], 'found in the store, it is deleted, not sent')
  driver.advance(5000)
  t.same(driver.takeOf('remove'), [{ kind: 'remove', removal }])
  driver.removed(message(1))
  driver.advance(300_000)
  t.match(driver.state, { ended: undefined, unremoved: undefined })
  t.end()
})

t.test('more deletes fail than the window holds: what a topic has replaced stays replaced', (t) => {
  const driver = Driver.opened({ limits: { inFlightMax: 2 } })
  const topical = [message(1, { topic: 'topic' }), message(2, { topic: 'topic' })] as const
  for (let number = 2; number < 50; number += 1) {
    const one = number === 2 ? topical[1] : message(number)
    driver.deliver(one)
    driver.advance(250)
    driver.ack(one)
    driver.putSettled(one, false)
    for (const { removal } of driver.takeOf('remove')) driver.offer({ kind: 'removeFailed', removal })
  }
  driver.check()
  driver.page([topical[0]])
  t.same(driver.takeOf('notify'), [])
  t.end()
})

t.test('an ended message is remembered for 60 s, and at most 32 of them', (t) => {
  const driver = Driver.opened({ limits: { inFlightMax: 100 } })
  const messages = Array.from({ length: 40 }, (_, index) => message(index + 1))
  for (const one of messages) {
    driver.deliver(one)
    driver.ack(one)
  }
  driver.take()
  driver.check()
  driver.page(messages)
  const notified = driver.takeOf('notify').map((effect) => effect.message.id)
  t.same(
    notified,
    messages.slice(0, 8).map((one) => one.id),
    'the oldest beyond 32 are forgotten',
  )

  const later = Driver.opened()
  later.deliver(message(1))
  later.ack(message(1))
  later.take()
  later.advance(59_999)
  later.check()
  later.page([message(1)])
  t.same(later.takeOf('notify'), [])
  later.removed(message(1))
  later.advance(60_001)
  later.check()
  later.page([message(1)])
  t.same(later.takeOf('notify').length, 1, 'forgotten after 60 s')
  t.end()
})

t.test('what is being deleted is remembered, however much has ended since', (t) => {
  const driver = Driver.opened({ limits: { inFlightMax: 100 } })
  const stored = Array.from({ length: 40 }, (_, index) => message(index + 1))
  driver.check()
  driver.page(stored)
  for (const one of stored) driver.ack(one)
  driver.take()
  driver.check()
  driver.page(stored)
  t.same(driver.takeOf('notify'), [], 'the page was read before the deletes')
  for (const one of stored) driver.removed(one)
  driver.advance(60_001)
  driver.check()
  driver.page(stored)
  t.same(driver.takeOf('notify').length, 40, 'forgotten in the end')
  t.end()
})

t.test('what ended while the store could not be read is remembered longer, within a limit', (t) => {
  const messages = Array.from({ length: 300 }, (_, index) => message(index + 1))
  const notifiedOf = (ends: typeof messages) => {
    const driver = Driver.opened({ limits: { inFlightMax: 1000 } })
    driver.check()
    driver.offer({ kind: 'page', page: 'failed' })
    for (const one of ends) {
      driver.deliver(one)
      driver.ack(one)
    }
    driver.advance(driver.state.limits.readRetryMs)
    driver.take()
    driver.page(ends)
    return driver.takeOf('notify').length
  }
  t.equal(notifiedOf(messages.slice(0, 200)), 0)
  t.ok(notifiedOf(messages) >= 300 - 256)
  t.end()
})

t.test('what ended while a page was read is not forgotten before the page is there', (t) => {
  const driver = Driver.opened({ limits: { inFlightMax: 100 } })
  driver.check()
  const messages = Array.from({ length: 40 }, (_, index) => message(index + 1))
  for (const one of messages) {
    driver.deliver(one)
    driver.ack(one)
  }
  driver.advance(120_000)
  driver.take()
  driver.page(messages)
  t.same(driver.takeOf('notify'), [])
  t.end()
})
