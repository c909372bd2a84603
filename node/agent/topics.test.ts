import t from 'tap'
import { CHANNEL, channelId, Driver, message, UNSAVED_AFTER_MS } from './fixtures/driver.ts'

const TOPIC = { topic: 'mail' }
const [A, B, C] = [message(1, TOPIC), message(2, TOPIC), message(3, TOPIC)]
const upTo = ({ id }: typeof A, outcome = 'acknowledged') => ({
  kind: 'remove',
  removal: { id, channelId: CHANNEL, topic: 'mail', outcome },
})

/** A in flight within its grace, then B, which replaces it. */
function replaced() {
  const driver = Driver.opened()
  const a = driver.deliver(A)
  driver.advance(100)
  const b = driver.deliver(B)
  driver.take()
  return { driver, a, b }
}

t.test('both are sent; the replaced one is not answered and not put when its own grace is over', (t) => {
  const driver = Driver.opened()
  const a = driver.deliver(A)
  driver.advance(100)
  driver.deliver(B)
  driver.advance(249)
  t.same(driver.takeKinds(), ['notify', 'notify'])
  t.same(a.outcomes, [])
  t.end()
})

t.test('a replaced message is answered when its replacement is acknowledged', (t) => {
  const { driver, a, b } = replaced()
  driver.ack(B)
  t.same([a.outcomes, b.outcomes], [['delivered'], ['delivered']])
  t.same(driver.takeOf('remove'), [upTo(B)], 'which also deletes the older ones that are stored')
  t.end()
})

t.test('a replaced message is answered when its replacement is durable', (t) => {
  const { driver, a, b } = replaced()
  driver.advance(250)
  t.same(driver.takeOf('put'), [{ kind: 'put', message: B }])
  t.same(a.outcomes, [])
  driver.putSettled(B, true)
  t.same([a.outcomes, b.outcomes], [['stored'], ['stored']])
  t.end()
})

t.test(
  'a replaced message is `unsaved` with its replacement, and its topic is looked for in the store',
  (t) => {
    const { driver, a, b } = replaced()
    driver.advance(250)
    driver.putSettled(B, false)
    driver.take()
    driver.advance(UNSAVED_AFTER_MS)
    t.same([a.outcomes, b.outcomes], [['unsaved'], ['unsaved']])
    t.same(driver.takeOf('list').length, 1)
    t.end()
  },
)

t.test('a replaced message is `full` when the socket dropped its replacement', (t) => {
  const { driver, a, b } = replaced()
  driver.offer({ kind: 'dropped', id: B.id })
  t.same([a.outcomes, b.outcomes], [['full'], ['full']])
  t.end()
})

t.test('a replaced message needs not be safe any more when its sender deletes the replacement', (t) => {
  const { driver, a, b } = replaced()
  t.same(driver.cancel(B.id).outcomes, ['cancelled'])
  t.same([a.outcomes, b.outcomes], [['stored'], ['delivered']])
  t.same(driver.takeOf('remove'), [upTo(B, 'none')])
  t.end()
})

t.test('a replaced message that is acknowledged itself is answered at once', (t) => {
  const { driver, a, b } = replaced()
  driver.ack(A)
  t.same([a.outcomes, b.outcomes], [['delivered'], []])
  t.same(driver.takeOf('remove'), [upTo(A)])
  driver.ack(B)
  t.same([a.outcomes, b.outcomes], [['delivered'], ['delivered']])
  t.end()
})

t.test('a chain of replacements is answered with the last', (t) => {
  const { driver, a, b } = replaced()
  driver.advance(100)
  const c = driver.deliver(C)
  driver.advance(250)
  t.same(driver.takeOf('put'), [{ kind: 'put', message: C }])
  driver.putSettled(C, true)
  t.same([a.outcomes, b.outcomes, c.outcomes], [['stored'], ['stored'], ['stored']])
  t.end()
})

t.test('the topics of two channels have nothing to do with each other, nor have two topics', (t) => {
  for (const other of [
    message(2, { topic: 'news' }),
    message(2, { ...TOPIC, channelId: channelId(2) }),
    message(2),
  ]) {
    const driver = Driver.opened({ channels: [CHANNEL, channelId(2)] })
    const a = driver.deliver(A)
    driver.deliver(other)
    driver.ack(other)
    t.same(a.outcomes, [])
    driver.advance(250)
    t.same(driver.takeOf('put'), [{ kind: 'put', message: A }])
  }
  t.end()
})

t.test(
  'an ack ends an older one whose put is under way: it is answered at once and deleted after the put',
  (t) => {
    for (const done of [true, false]) {
      const driver = Driver.opened()
      const a = driver.deliver(A)
      driver.advance(250)
      driver.deliver(B)
      t.same(a.outcomes, [])
      driver.take()
      driver.ack(B)
      t.same(a.outcomes, ['delivered'])
      t.same(driver.takeOf('remove'), [upTo(B)])
      driver.putSettled(A, done)
      t.same(driver.takeOf('remove'), [upTo(A, 'none')])
      t.same(a.outcomes, ['delivered'])
    }
    t.end()
  },
)

t.test('an ack ends an older one in its grace, which a newer one from the store has overtaken', (t) => {
  const driver = Driver.opened()
  const a = driver.deliver(A)
  driver.check()
  driver.page([B])
  driver.ack(B)
  t.same(a.outcomes, ['delivered'])
  driver.advance(1000)
  t.same(driver.takeOf('put'), [], 'a put now would bring back what was replaced')
  t.end()
})

t.test('an ack ends an older one whose put has failed', (t) => {
  const driver = Driver.opened()
  const a = driver.deliver(A)
  driver.advance(250)
  driver.putSettled(A, false)
  driver.deliver(B)
  driver.ack(B)
  t.same(a.outcomes, ['delivered'])
  t.end()
})

t.test('TTL 0 does not replace: it will never be safe itself', (t) => {
  const driver = Driver.opened()
  const a = driver.deliver(A)
  const now = message(2, { ...TOPIC, ttlSeconds: 0 })
  t.same(driver.deliver(now).outcomes, ['delivered'])
  driver.advance(250)
  t.same(driver.takeOf('put'), [{ kind: 'put', message: A }])
  driver.putSettled(A, true)
  t.same(a.outcomes, ['stored'])
  t.end()
})

t.test('an acknowledged TTL 0 message ends the older ones of its topic', (t) => {
  const driver = Driver.opened()
  const a = driver.deliver(A)
  const now = message(2, { ...TOPIC, ttlSeconds: 0 })
  driver.deliver(now)
  driver.ack(now)
  t.same(a.outcomes, ['delivered'])
  t.same(driver.takeOf('remove'), [upTo(now)])
  t.end()
})

t.test('an older one is neither taken nor sent from the store while a newer one is in flight', (t) => {
  const driver = Driver.opened()
  driver.deliver(B)
  t.same(driver.deliver(A).outcomes, ['full'])
  driver.take()
  driver.page([A])
  t.same(driver.takeOf('notify'), [])
  t.end()
})

t.test('an older one that turns up in the store after a newer one was acknowledged is deleted', (t) => {
  const driver = Driver.opened()
  driver.deliver(B)
  driver.ack(B)
  driver.check()
  driver.take()
  driver.page([A, C])
  t.same(driver.takeKinds(), ['remove', 'notify'])
  t.end()
})

t.test('deleting a message that was acknowledged already does not bring back what it replaced', (t) => {
  const driver = Driver.opened()
  driver.deliver(B)
  driver.ack(B)
  driver.check()
  driver.cancel(B.id)
  driver.take()
  driver.page([A])
  t.same(driver.takeOf('notify'), [])
  t.end()
})

t.test('a session that ends answers the replaced with their replacement', (t) => {
  const { driver, a, b } = replaced()
  driver.offer({ kind: 'closed' })
  t.same(driver.take(), [{ kind: 'unlisten' }, { kind: 'put', message: B }])
  driver.putSettled(B, true)
  t.same([a.outcomes, b.outcomes], [['stored'], ['stored']])
  t.same(driver.takeOf('end').length, 1)
  t.end()
})

t.test('replaced messages do not keep the actor awake while they wait for a chain that goes on', (t) => {
  const driver = Driver.opened({ limits: { inFlightMax: 1000 } })
  const first = driver.deliver(A)
  for (let number = 2; number < 400; number += 1) {
    driver.advance(200)
    driver.deliver(message(number, TOPIC))
  }
  t.same(first.outcomes, [])
  driver.ack(message(399, TOPIC))
  t.same(first.outcomes, ['delivered'])
  driver.advance(60_000)
  t.notOk(driver.state.flights?.size)
  t.end()
})
