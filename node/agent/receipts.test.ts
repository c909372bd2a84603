import t from 'tap'
import type { Message } from '../../push/message.ts'
import type { ReceiptOutcome } from '../../push/receipt.ts'
import { awaited, CHANNEL, Driver, LIMITS, message, messageId, UNSAVED_AFTER_MS } from './fixtures/driver.ts'

/** What a session does about the end of a message: writes its outcome, or deletes it with that outcome. */
function endings(driver: Driver): [string, string, ReceiptOutcome][] {
  return driver.take().flatMap((effect): [string, string, ReceiptOutcome][] => {
    if (effect.kind === 'settle') return [['settle', effect.awaited.id, effect.outcome]]
    if (effect.kind === 'remove') return [['remove', effect.removal.id, effect.removal.outcome]]
    return []
  })
}

const id = messageId(1)

t.test('an acknowledged message is answered once its outcome is durable', (t) => {
  const driver = Driver.opened()
  const asker = driver.deliver(awaited(1))
  driver.ack(awaited(1))
  t.same(asker.outcomes, [], 'not before')
  t.same(endings(driver), [['settle', id, 'acknowledged']])
  driver.ack(awaited(1))
  driver.advance(LIMITS.ackGraceMs)
  t.same(endings(driver), [], 'nothing is written twice, or stored')
  driver.settled(awaited(1), true)
  t.same(asker.outcomes, ['delivered'])
  t.same(endings(driver), [], 'the store never had it')
  t.equal(driver.state.flights?.size, 0)
  t.end()
})

t.test('without a receipt nothing is written', (t) => {
  const driver = Driver.opened()
  const asker = driver.deliver(message(1))
  driver.take()
  driver.ack(message(1))
  t.same(driver.takeKinds(), ['reply'])
  t.same(asker.outcomes, ['delivered'])
  t.end()
})

t.test('an outcome that could not be written is no acceptance', (t) => {
  const driver = Driver.opened()
  const asker = driver.deliver(awaited(1))
  driver.ack(awaited(1))
  driver.settled(awaited(1), false)
  t.same(asker.outcomes, ['unsaved'])
  t.equal(driver.state.flights?.size, 0)
  t.end()
})

t.test('acks say what became of a message', (t) => {
  const cases: [code: number, sends: number, outcome: ReceiptOutcome][] = [
    [100, 0, 'acknowledged'],
    [101, 0, 'notDelivered'],
    [101, 1, 'notDelivered'],
    [102, 0, 'notDelivered'],
    // It reached a socket before: the user agent has it already.
    [102, 1, 'acknowledged'],
  ]
  for (const [code, sends, outcome] of cases) {
    const driver = Driver.opened()
    driver.check()
    driver.page([awaited(1)], undefined, sends)
    driver.take()
    driver.ackWith(code, awaited(1))
    t.same(endings(driver), [['remove', id, outcome]], `${code} after ${sends}`)
  }
  const driver = Driver.opened()
  driver.deliver(awaited(1))
  driver.ackWith(102, awaited(1))
  t.same(endings(driver), [['settle', id, 'notDelivered']], '102 at the first send')
  t.end()
})

t.test('a stored message with a receipt is remembered to have reached a socket when it is sent', (t) => {
  const driver = Driver.opened()
  driver.check()
  driver.page([awaited(1), message(2)])
  t.same(
    driver.takeOf('notify').map(({ message, isCounted }) => [message.id, isCounted]),
    [
      [id, true],
      [messageId(2), undefined],
    ],
  )
  driver.offer({ kind: 'closed' })
  t.same(driver.takeOf('countSends'), [{ kind: 'countSends', ids: [messageId(2)] }], 'once')
  t.end()
})

t.test('an ack during the put: the store that has it writes the outcome', (t) => {
  const driver = Driver.opened()
  const asker = driver.deliver(awaited(1))
  driver.advance(LIMITS.ackGraceMs)
  driver.ack(awaited(1))
  t.same(endings(driver), [])
  t.same(asker.outcomes, [])
  driver.putSettled(awaited(1), true)
  t.same(asker.outcomes, ['stored'], 'safe: it ends there, now or when it is sent again')
  t.same(endings(driver), [['remove', id, 'acknowledged']])
  t.end()
})

t.test('an ack during a put that fails: the outcome is written before the answer', (t) => {
  for (const done of [true, false]) {
    const driver = Driver.opened()
    const asker = driver.deliver(awaited(1))
    driver.advance(LIMITS.ackGraceMs)
    driver.ack(awaited(1))
    driver.putSettled(awaited(1), false)
    t.same(asker.outcomes, [])
    t.same(endings(driver), [['settle', id, 'acknowledged']])
    driver.settled(awaited(1), done)
    t.same(asker.outcomes, [done ? 'delivered' : 'unsaved'])
    t.same(endings(driver), [['remove', id, 'acknowledged']], 'the put may have been done')
  }
  t.end()
})

t.test('an ack after a put that failed', (t) => {
  const driver = Driver.opened()
  const asker = driver.deliver(awaited(1))
  driver.advance(LIMITS.ackGraceMs)
  driver.putSettled(awaited(1), false)
  driver.ack(awaited(1))
  driver.settled(awaited(1), true)
  t.same(asker.outcomes, ['delivered'])
  driver.advance(UNSAVED_AFTER_MS)
  t.same(asker.outcomes, ['delivered'])
  t.end()
})

t.test('a session that ends waits for the outcomes under way', (t) => {
  const driver = Driver.opened()
  const asker = driver.deliver(awaited(1))
  driver.ack(awaited(1))
  driver.offer({ kind: 'closed' })
  t.notOk(driver.ended)
  driver.settled(awaited(1), true)
  t.same(asker.outcomes, ['delivered'])
  t.ok(driver.ended)
  t.end()
})

t.test('a message taken back ends without a receipt', (t) => {
  const driver = Driver.opened()
  driver.deliver(awaited(1))
  const canceller = driver.cancel(id)
  t.same(canceller.outcomes, [])
  t.same(endings(driver), [['settle', id, 'none']])
  driver.settled(awaited(1), true)
  t.same(canceller.outcomes, ['cancelled'])

  driver.deliver(awaited(2))
  driver.advance(LIMITS.ackGraceMs)
  driver.putSettled(awaited(2), true)
  driver.cancel(messageId(2))
  t.same(endings(driver), [['remove', messageId(2), 'none']])
  t.end()
})

t.test('what is given up, or found in the store after its end, has its outcome', (t) => {
  const driver = Driver.opened()
  driver.check()
  driver.page([awaited(1)], undefined, LIMITS.sendsMax)
  t.same(endings(driver), [['remove', id, 'notDelivered']])
  driver.deliver(awaited(2))
  driver.ackWith(101, awaited(2))
  driver.settled(awaited(2), true)
  driver.check()
  endings(driver)
  driver.page([awaited(2)])
  t.same(endings(driver), [['remove', messageId(2), 'notDelivered']], 'the same as before')
  t.end()
})

t.test('one that has been replaced is answered when its outcome none is durable', (t) => {
  const topical = (number: number): Message => awaited(number, { topic: 'topic' })
  for (const isAcked of [true, false]) {
    const driver = Driver.opened()
    const older = driver.deliver(topical(1))
    const newer = driver.deliver(topical(2))
    driver.take()
    if (isAcked) driver.ack(topical(2))
    else driver.advance(LIMITS.ackGraceMs)
    if (!isAcked) driver.putSettled(topical(2), true)
    t.same(older.outcomes, [])
    t.same(endings(driver)[0], ['settle', id, 'none'])
    driver.settled(topical(1), true)
    t.same(older.outcomes, ['delivered'])
    driver.settled(topical(2), true)
    t.same(newer.outcomes, [isAcked ? 'delivered' : 'stored'])
    t.same(
      endings(driver).filter(([kind]) => kind === 'settle'),
      [],
    )
  }
  t.end()
})

t.test('one whose replacement failed is the business of its asker', (t) => {
  const topical = (number: number): Message => awaited(number, { topic: 'topic' })
  const driver = Driver.opened()
  const older = driver.deliver(topical(1))
  driver.deliver(topical(2))
  driver.offer({ kind: 'dropped', id: messageId(2) })
  t.same(older.outcomes, ['full'])
  t.same(endings(driver), [])
  driver.ack(topical(1))
  t.same(endings(driver), [['remove', id, 'acknowledged']], 'its asker has stored it')
  t.end()
})

t.test('TTL 0 with a receipt: remembered until it is acknowledged or swept', (t) => {
  const fleeting = awaited(2, { ttlSeconds: 0, topic: 'topic', body: Buffer.from('secret') })
  const driver = Driver.opened()
  const older = driver.deliver(awaited(1, { topic: 'topic' }))
  const asker = driver.deliver(fleeting)
  t.same(asker.outcomes, [])
  driver.take()
  driver.advance(LIMITS.ackGraceMs)
  const puts = driver.takeOf('put').map((effect) => effect.message)
  t.match(puts, [{ id }, { id: fleeting.id, ttlSeconds: 0, receipt: fleeting.receipt }])
  t.equal(puts[1]?.topic, undefined, 'it replaces nothing in the store')
  t.equal(puts[1]?.body.length, 0)
  for (const put of puts) driver.putSettled(put, true)
  t.same(older.outcomes, ['stored'], 'the older one does not wait for what is never kept')
  t.same(asker.outcomes, ['stored'])
  driver.take()
  driver.ack(fleeting)
  t.same(
    endings(driver),
    [
      ['remove', fleeting.id, 'acknowledged'],
      ['remove', fleeting.id, 'acknowledged'],
    ],
    'by its id, and with what it replaces',
  )
  t.end()
})

t.test('TTL 0 with a receipt, acknowledged in time', (t) => {
  const driver = Driver.opened()
  const asker = driver.deliver(awaited(1, { ttlSeconds: 0 }))
  driver.ack(awaited(1))
  driver.settled(awaited(1), true)
  t.same(asker.outcomes, ['delivered'])
  t.end()
})

t.test('a channel that ends leaves alone what is decided', (t) => {
  const driver = Driver.opened()
  const [acked, waiting] = [driver.deliver(awaited(1)), driver.deliver(awaited(2))]
  driver.ack(awaited(1))
  driver.frame({ kind: 'unregister', channelId: CHANNEL, code: 200 })
  driver.offer({ kind: 'commandDone', done: true })
  t.same(waiting.outcomes, ['gone'])
  t.same(acked.outcomes, [])
  driver.settled(awaited(1), true)
  t.same(acked.outcomes, ['delivered'])
  t.end()
})

t.test('an older message of the topic is not sent while the outcome of a newer one is being written', (t) => {
  const driver = Driver.opened()
  driver.check()
  driver.deliver(awaited(2, { ttlSeconds: 0, topic: 'topic' }))
  driver.ack(awaited(2))
  driver.take()
  driver.page([awaited(1, { topic: 'topic' })])
  t.same(driver.takeOf('notify'), [])
  t.end()
})

t.test('what is kept of one with TTL 0 is never sent, though it is not over by this clock', (t) => {
  const driver = Driver.opened()
  driver.check()
  driver.take()
  driver.page([awaited(1, { ttlSeconds: 0, expiresAtMs: awaited(1).expiresAtMs }), awaited(2)])
  const sent = driver.takeOf('notify')
  t.same(
    sent.map(({ message: { id } }) => id),
    [messageId(2)],
  )
  t.end()
})
