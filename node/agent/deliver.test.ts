import t from 'tap'
import {
  CHANNEL,
  channelId,
  Driver,
  listing,
  message,
  RESTRICTED,
  UNSAVED_AFTER_MS,
} from './fixtures/driver.ts'

const REMOVED = { id: message(1).id, channelId: CHANNEL, topic: undefined, outcome: 'acknowledged' }

t.test('a message goes out at once, and acknowledged within the grace it never touches the store', (t) => {
  const driver = Driver.opened()
  const one = message(1)
  const asker = driver.deliver(one)
  t.same(driver.take(), [{ kind: 'notify', message: one, ttlSeconds: 3600 }])
  t.same(asker.outcomes, [])
  driver.advance(249)
  driver.ack(one)
  t.same(asker.outcomes, ['delivered'])
  driver.advance(120_000)
  t.same(driver.takeKinds(), ['reply'])
  t.end()
})

t.test('after the grace the message is put; then `stored` is answered and other sessions are told', (t) => {
  const driver = Driver.opened()
  const one = message(1)
  const asker = driver.deliver(one)
  driver.advance(249)
  t.same(driver.takeOf('put'), [])
  driver.advance(1)
  t.same(driver.take(), [{ kind: 'put', message: one }])
  t.same(asker.outcomes, [])
  driver.putSettled(one, true)
  t.same(driver.takeKinds(), ['tellCheck', 'reply'])
  t.same(asker.outcomes, ['stored'])
  t.end()
})

t.test('an ack after `stored` deletes the message', (t) => {
  const driver = Driver.opened()
  const one = message(1)
  const asker = driver.deliver(one)
  driver.advance(250)
  driver.putSettled(one, true)
  driver.take()
  driver.ack(one)
  t.same(driver.take(), [{ kind: 'remove', removal: REMOVED }])
  t.same(asker.outcomes, ['stored'])
  t.end()
})

for (const done of [true, false]) {
  t.test(
    `an ack during the put answers at once and deletes after the put ${done ? 'succeeded' : 'failed'}`,
    (t) => {
      const driver = Driver.opened()
      const one = message(1)
      const asker = driver.deliver(one)
      driver.advance(250)
      driver.take()
      driver.ack(one)
      t.same(asker.outcomes, ['delivered'])
      t.same(driver.takeKinds(), ['reply'], 'no delete while the put runs')
      driver.putSettled(one, done)
      t.same(driver.take(), [{ kind: 'tellCheck' }, { kind: 'remove', removal: REMOVED }])
      t.same(asker.outcomes, ['delivered'])
      t.end()
    },
  )
}

t.test('a put that failed waits for the ack until the deadline', (t) => {
  const driver = Driver.opened()
  const one = message(1)
  const asker = driver.deliver(one)
  driver.advance(250)
  driver.putSettled(one, false)
  t.same(asker.outcomes, [])
  driver.advance(UNSAVED_AFTER_MS - 251)
  driver.take()
  driver.ack(one)
  t.same(asker.outcomes, ['delivered'])
  t.same(
    driver.takeOf('remove'),
    [{ kind: 'remove', removal: REMOVED }],
    'the put may have worked all the same',
  )
  t.end()
})

t.test('a put that failed and no ack until the deadline is `unsaved`, once', (t) => {
  const driver = Driver.opened()
  const one = message(1)
  const asker = driver.deliver(one)
  driver.advance(250)
  driver.putSettled(one, false)
  driver.advance(UNSAVED_AFTER_MS - 251)
  t.same(asker.outcomes, [])
  driver.advance(1)
  t.same(asker.outcomes, ['unsaved'])
  driver.ack(one)
  driver.advance(120_000)
  t.same(asker.outcomes, ['unsaved'])
  t.end()
})

t.test('TTL 0 is answered at once, takes its place in the window and is never put', (t) => {
  const driver = Driver.opened()
  const now = message(1, { ttlSeconds: 0 })
  const asker = driver.deliver(now)
  t.same(asker.outcomes, ['delivered'])
  t.equal(driver.state.flights?.size, 1)
  driver.advance(59_999)
  t.equal(driver.state.flights?.size, 1)
  driver.advance(1)
  t.equal(driver.state.flights, undefined)
  driver.offer({ kind: 'closed' })
  t.same(driver.takeKinds(), ['notify', 'reply', 'unlisten', 'end'])
  t.end()
})

t.test('a full window answers `full`, and the store is read once there is room again', (t) => {
  const driver = Driver.opened()
  const sent = [1, 2, 3, 4].map((number) => message(number))
  for (const one of sent) driver.deliver(one)
  const asker = driver.deliver(message(5))
  t.same(asker.outcomes, ['full'])
  t.equal(driver.state.flights?.size, 4)
  driver.take()
  driver.ack(message(1))
  t.same(driver.takeOf('list'), [], 'not yet at half of the window')
  driver.ack(message(2))
  t.same(driver.takeOf('list'), [listing(2)])
  t.end()
})

t.test('while a backlog exists asks get half of the window', (t) => {
  const driver = Driver.opened()
  driver.check()
  t.same(driver.takeOf('list').length, 1)
  driver.deliver(message(1))
  driver.deliver(message(2))
  t.same(driver.deliver(message(3)).outcomes, ['full'], 'while a page is read')
  driver.page([])
  driver.page([])
  driver.take()
  t.same(driver.deliver(message(4)).outcomes, [], 'and all of it again after the pass')
  t.end()
})

t.test('a channel that is not subscribed, or with another key, is `gone`', (t) => {
  const driver = Driver.opened()
  t.same(driver.deliver(message(1, { channelId: channelId(2) })).outcomes, ['gone'])
  t.same(driver.deliver(message(2), RESTRICTED).outcomes, ['gone'])
  t.same(driver.takeKinds(), ['reply', 'reply'])
  t.end()
})

t.test('a socket that is congested takes nothing new until it has drained', (t) => {
  const driver = Driver.opened()
  driver.offer({ kind: 'congested' })
  t.same(driver.deliver(message(1)).outcomes, ['full'])
  t.same(driver.takeOf('list'), [])
  driver.offer({ kind: 'drained' })
  t.same(driver.takeKinds(), ['list'])
  t.end()
})

t.test(
  'a notification the socket dropped is as if never sent: `full`, and read from the store later',
  (t) => {
    const driver = Driver.opened()
    const one = message(1)
    const asker = driver.deliver(one)
    driver.offer({ kind: 'dropped', id: one.id })
    t.same(asker.outcomes, ['full'])
    t.equal(driver.state.flights?.size, 0)
    driver.take()
    driver.offer({ kind: 'drained' })
    t.same(driver.takeKinds(), ['list'])
    driver.page([one])
    t.same(driver.takeKinds(), ['notify'])
    t.end()
  },
)

t.test('a message that this session knows already is not sent twice', (t) => {
  const driver = Driver.opened()
  const [inFlight, acked, parked] = [message(1), message(2), message(3)]
  for (const one of [inFlight, acked, parked]) driver.deliver(one)
  driver.ack(acked)
  driver.nack(parked)
  driver.putSettled(parked, true)
  driver.take()
  for (const one of [inFlight, acked, parked]) t.same(driver.deliver(one).outcomes, ['full'])
  t.same(driver.takeOf('notify'), [])
  t.end()
})

t.test('cancel of a message in its grace ends it: nothing is put any more', (t) => {
  const driver = Driver.opened()
  const one = message(1)
  const asker = driver.deliver(one)
  t.same(driver.cancel(one.id).outcomes, ['cancelled'])
  t.same(asker.outcomes, ['delivered'])
  driver.advance(10_000)
  t.same(driver.takeOf('put'), [])
  t.end()
})

t.test('cancel during the put waits for it, also when it fails', (t) => {
  for (const done of [true, false]) {
    const driver = Driver.opened()
    const one = message(1)
    driver.deliver(one)
    driver.advance(250)
    const canceller = driver.cancel(one.id)
    t.same(canceller.outcomes, [])
    t.same(driver.cancel(one.id).outcomes, ['unknown'], 'somebody else cancels it already')
    driver.take()
    driver.putSettled(one, done)
    t.same(canceller.outcomes, ['cancelled'])
    t.same(driver.takeKinds(), ['tellCheck', 'remove', 'reply'])
  }
  t.end()
})

t.test('cancel of a durable, doubtful or TTL 0 message in flight is answered at once', (t) => {
  const driver = Driver.opened()
  const [durable, doubtful, now] = [message(1), message(2), message(3, { ttlSeconds: 0 })]
  const askers = [durable, doubtful, now].map((one) => driver.deliver(one))
  driver.advance(250)
  driver.putSettled(durable, true)
  driver.putSettled(doubtful, false)
  driver.take()
  for (const one of [durable, doubtful, now]) t.same(driver.cancel(one.id).outcomes, ['cancelled'])
  t.same(
    askers.map((asker) => asker.outcomes),
    [['stored'], ['delivered'], ['delivered']],
  )
  t.same(
    driver.takeOf('remove').map(({ removal }) => removal.id),
    [durable.id, doubtful.id],
  )
  t.equal(driver.state.flights?.size, 0)
  t.end()
})

t.test('cancel of what is not in flight is `unknown`', (t) => {
  const driver = Driver.opened()
  const [acked, parked] = [message(1), message(2)]
  driver.deliver(acked)
  driver.deliver(parked)
  driver.ack(acked)
  driver.nack(parked)
  driver.putSettled(parked, true)
  for (const one of [acked, parked, message(9)]) t.same(driver.cancel(one.id).outcomes, ['unknown'])
  t.end()
})

t.test('a message cancelled while the page that holds it is read is not sent any more', (t) => {
  const driver = Driver.opened()
  driver.check()
  t.same(driver.cancel(message(1).id).outcomes, ['unknown'])
  driver.take()
  driver.page([message(1), message(2)])
  t.same(
    driver.takeOf('notify').map((effect) => effect.message.id),
    [message(2).id],
  )
  t.end()
})
