import t from 'tap'
import {
  Driver,
  EARLIER_SESSION,
  LATER_SESSION,
  LIMITS,
  message,
  SESSION,
  UNSAVED_AFTER_MS,
} from './fixtures/driver.ts'

/** Firefox is stuck when the answer to its hello and the close come together. */
const WELCOME_MS = 50

t.test('the older session yields to the younger', (t) => {
  const driver = Driver.opened()
  driver.advance(1000)
  driver.displace(999)
  t.same(driver.takeOf('close'), [{ kind: 'close', reason: 'displaced' }])
  t.end()
})

t.test(
  'yielding: no new asks, what is unacknowledged is put, answered, told; then the socket closes',
  (t) => {
    const driver = Driver.opened()
    driver.advance(1000)
    const asker = driver.deliver(message(1))
    driver.take()
    driver.displace(10)
    t.same(driver.take(), [
      { kind: 'unlisten' },
      { kind: 'unsubscribe' },
      { kind: 'put', message: message(1) },
    ])
    t.same(driver.deliver(message(2)).outcomes, ['full'])
    driver.take()
    driver.putSettled(message(1), true)
    t.same(driver.takeKinds(), ['tellCheck', 'reply', 'close'])
    t.same(asker.outcomes, ['stored'])
    driver.offer({ kind: 'closed' })
    t.same(driver.takeKinds(), ['end'])
    t.end()
  },
)

t.test('whoever does not yield tells its own age back', (t) => {
  const driver = Driver.opened()
  driver.advance(1000)
  driver.displace(1001)
  t.same(driver.take(), [{ kind: 'tellDisplace', ageMs: 1000 }])
  t.equal(driver.state.phase, 'open')
  t.end()
})

t.test('of two sessions of one age the one with the greater id stays; its own telling is ignored', (t) => {
  const yields = Driver.opened()
  yields.displace(0, { from: LATER_SESSION })
  t.equal(yields.state.phase, 'leaving')

  const stays = Driver.opened()
  stays.displace(0, { from: EARLIER_SESSION })
  t.same(stays.take(), [{ kind: 'tellDisplace', ageMs: 0 }])

  const alone = Driver.opened()
  alone.advance(1000)
  alone.displace(0, { from: SESSION })
  t.same(alone.take(), [])
  t.end()
})

t.test('a displacement is counted, once per session', (t) => {
  const driver = Driver.opened()
  driver.advance(1000)
  driver.displace(2000)
  driver.displace(10)
  driver.displace(10)
  t.same(driver.takeOf('count'), [{ kind: 'count', what: 'displaced' }])
  t.end()
})

t.test('a session whose hello is being looked up yields too', (t) => {
  const driver = new Driver()
  driver.frame({ kind: 'hello', uaid: undefined })
  driver.advance(1000)
  driver.take()
  driver.displace(10)
  t.same(driver.takeKinds(), ['unlisten', 'unsubscribe', 'close'])
  driver.offer({ kind: 'connected', agent: undefined })
  t.same(driver.take(), [], 'and does not answer it any more')
  t.end()
})

t.test('a session of a user agent that flaps is held open, silent, for a minute', (t) => {
  const driver = Driver.opened()
  driver.advance(1000)
  driver.take()
  driver.displace(10, { flapping: true })
  t.same(driver.takeKinds(), ['unlisten', 'unsubscribe'])
  driver.frame({ kind: 'ping' })
  driver.advance(LIMITS.flapHoldMs - 1)
  t.same(driver.take(), [])
  driver.advance(1)
  t.same(driver.take(), [{ kind: 'close', reason: 'displaced' }])
  t.end()
})

t.test('a drain does not wait for the hold of a flapping user agent', (t) => {
  const driver = Driver.opened()
  driver.advance(1000)
  driver.displace(10, { flapping: true })
  driver.take()
  driver.offer({ kind: 'drain' })
  t.same(driver.take(), [{ kind: 'close', reason: 'drained' }])
  t.end()
})

t.test('a session is not closed in the moment it is welcomed', (t) => {
  const driver = Driver.opened()
  driver.offer({ kind: 'drain' })
  driver.advance(WELCOME_MS - 1)
  t.same(driver.takeOf('close'), [])
  driver.advance(1)
  t.same(driver.takeOf('close'), [{ kind: 'close', reason: 'drained' }])
  t.end()
})

t.test('drain closes an idle session at once, in every state, and once', (t) => {
  const greeting = new Driver()
  const opening = new Driver()
  opening.frame({ kind: 'hello', uaid: undefined })
  const open = Driver.opened()
  open.advance(WELCOME_MS)
  for (const driver of [greeting, opening, open]) {
    driver.take()
    driver.offer({ kind: 'drain' })
    t.same(driver.takeOf('close'), [{ kind: 'close', reason: 'drained' }], driver.state.phase)
  }
  open.offer({ kind: 'drain' })
  t.same(open.take(), [])
  t.end()
})

t.test('drain waits for the put of what is in flight, and for the deadline when it fails', (t) => {
  const driver = Driver.opened()
  const asker = driver.deliver(message(1))
  driver.take()
  driver.offer({ kind: 'drain' })
  t.same(driver.takeKinds(), ['unlisten', 'unsubscribe', 'put'])
  driver.putSettled(message(1), false)
  driver.advance(UNSAVED_AFTER_MS - 1)
  t.same(driver.takeOf('close'), [])
  driver.advance(1)
  t.same(asker.outcomes, ['unsaved'])
  t.same(driver.takeOf('close'), [{ kind: 'close', reason: 'drained' }])
  t.end()
})

t.test('an ack while the session leaves saves the wait for the put', (t) => {
  const driver = Driver.opened()
  driver.advance(WELCOME_MS)
  const asker = driver.deliver(message(1))
  driver.offer({ kind: 'drain' })
  driver.putSettled(message(1), false)
  driver.take()
  driver.ack(message(1))
  t.same(asker.outcomes, ['delivered'])
  t.same(driver.takeKinds(), ['reply', 'remove', 'close'])
  t.end()
})

t.test(
  'a socket that closes with messages in their grace: they are put, answered and told of; then the end',
  (t) => {
    const driver = Driver.opened()
    const [done, failed] = [driver.deliver(message(1)), driver.deliver(message(2))]
    driver.take()
    driver.offer({ kind: 'closed' })
    t.same(driver.takeKinds(), ['unlisten', 'put', 'put'])
    driver.putSettled(message(1), true)
    t.same(done.outcomes, ['stored'])
    t.same(driver.takeKinds(), ['tellCheck', 'reply'])
    driver.putSettled(message(2), false)
    t.same(failed.outcomes, ['unsaved'], 'nobody is left to acknowledge it')
    t.same(driver.takeKinds(), ['tellCheck', 'reply', 'end'])
    t.end()
  },
)

t.test('a socket that closes during a put waits for it', (t) => {
  const driver = Driver.opened()
  const asker = driver.deliver(message(1))
  driver.advance(250)
  driver.take()
  driver.offer({ kind: 'closed' })
  t.same(driver.takeKinds(), ['unlisten'])
  driver.putSettled(message(1), true)
  t.same(asker.outcomes, ['stored'])
  t.same(driver.takeKinds(), ['tellCheck', 'reply', 'end'])
  t.end()
})

t.test(
  'a socket that closes after an ack or a cancel during the put: the put is waited for, and deleted',
  (t) => {
    const driver = Driver.opened()
    driver.deliver(message(1))
    driver.deliver(message(2))
    driver.advance(250)
    driver.ack(message(1))
    const canceller = driver.cancel(message(2).id)
    driver.take()
    driver.offer({ kind: 'closed' })
    driver.putSettled(message(1), true)
    t.same(driver.takeKinds(), ['unlisten', 'tellCheck', 'remove'])
    driver.putSettled(message(2), true)
    t.same(canceller.outcomes, ['cancelled'])
    t.same(driver.takeKinds(), ['tellCheck', 'remove', 'reply', 'end'])
    t.end()
  },
)

t.test('a socket that closes after a put has failed: the asker hears `unsaved`, then the end', (t) => {
  const driver = Driver.opened()
  const asker = driver.deliver(message(1))
  driver.advance(250)
  driver.putSettled(message(1), false)
  driver.take()
  driver.offer({ kind: 'closed' })
  driver.advance(UNSAVED_AFTER_MS)
  t.same(asker.outcomes, ['unsaved'])
  t.same(driver.takeOf('end').length, 1)
  t.end()
})

t.test('a socket that closes with stored messages in flight counts their sends, once', (t) => {
  const driver = Driver.opened()
  driver.check()
  driver.page([message(1)])
  driver.deliver(message(2))
  driver.advance(250)
  driver.putSettled(message(2), true)
  driver.take()
  driver.offer({ kind: 'closed' })
  t.same(driver.take(), [{ kind: 'unlisten' }, { kind: 'countSends', ids: [message(1).id] }, { kind: 'end' }])
  t.end()
})
