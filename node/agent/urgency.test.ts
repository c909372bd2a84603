import t from 'tap'
import { agentWith, CHANNEL, channelId, Driver, KNOWN_UAID, listing, message } from './fixtures/driver.ts'

const ANSWERED = { kind: 'send', frame: { kind: 'urgency', status: 200 } }
const FAILED = { kind: 'send', frame: { kind: 'urgency', status: 500 } }

/** A session that wants only what is urgent. */
function choosy(): Driver {
  const driver = Driver.opened()
  driver.frame({ kind: 'urgency', min: 'high' })
  driver.offer({ kind: 'commandDone', done: true })
  driver.take()
  return driver
}

t.test('the least urgency is kept in the store, and holds from the commit on', (t) => {
  const driver = Driver.opened()
  driver.frame({ kind: 'urgency', min: 'high' })
  t.same(driver.take(), [{ kind: 'setMinUrgency', min: 'high' }])
  t.same(driver.deliver(message(1)).outcomes, [], 'not before')
  driver.take()
  driver.offer({ kind: 'commandDone', done: true })
  t.same(driver.take(), [ANSWERED])
  t.same(driver.deliver(message(2)).outcomes, ['full'])
  t.same(driver.takeOf('notify'), [])
  t.end()
})

t.test('what is less urgent is left to its asker, and takes no place in the window', (t) => {
  const driver = choosy()
  t.same(driver.deliver(message(1, { urgency: 'normal' })).outcomes, ['full'])
  t.same(driver.takeKinds(), ['reply'], 'nothing is read for it')
  t.same(driver.deliver(message(2, { urgency: 'high' })).outcomes, [])
  t.same(driver.takeKinds(), ['notify'])
  t.end()
})

t.test('stored ones are read by urgency; lowered, the rest flows', (t) => {
  const driver = choosy()
  driver.check()
  t.same(driver.take(), [listing(4, undefined, 'high')])
  driver.page([message(1, { urgency: 'high' }), message(2, { urgency: 'low' })])
  t.same(
    driver.takeOf('notify').map((effect) => effect.message.urgency),
    ['high'],
    'a page asked for before is gone through by what is wanted now',
  )
  driver.frame({ kind: 'urgency', min: 'low' })
  t.same(driver.take(), [{ kind: 'setMinUrgency', min: 'low' }])
  driver.offer({ kind: 'commandDone', done: true })
  t.same(driver.take(), [ANSWERED, listing(3, undefined, 'low')])
  driver.page([message(2, { urgency: 'low' })])
  t.same(driver.takeKinds(), ['notify'])
  t.end()
})

t.test('raised, nothing is read; what is in flight stays', (t) => {
  const driver = Driver.opened()
  driver.deliver(message(1, { urgency: 'low' }))
  driver.frame({ kind: 'urgency', min: 'normal' })
  driver.take()
  driver.offer({ kind: 'commandDone', done: true })
  t.same(driver.take(), [ANSWERED])
  t.equal(driver.state.flights?.size, 1)
  t.end()
})

t.test('what the store could not keep is answered 500 and changes nothing', (t) => {
  const driver = Driver.opened()
  driver.frame({ kind: 'urgency', min: 'high' })
  driver.take()
  driver.offer({ kind: 'commandDone', done: false })
  t.same(driver.take(), [FAILED])
  t.same(driver.deliver(message(1)).outcomes, [])
  t.end()
})

t.test('it waits its turn among the commands, and too many of them are answered 500', (t) => {
  const driver = Driver.opened({ limits: { commandsMax: 2 } })
  driver.frame({ kind: 'register', channelId: channelId(2), keyHash: undefined })
  driver.take()
  driver.frame({ kind: 'urgency', min: 'high' })
  t.same(driver.take(), [])
  driver.frame({ kind: 'urgency', min: 'low' })
  t.same(driver.take(), [FAILED])
  driver.offer({ kind: 'commandDone', done: true })
  t.same(driver.takeKinds(), ['sendEndpoint', 'setMinUrgency'])
  t.end()
})

t.test('it is kept for the next session', (t) => {
  const driver = new Driver()
  driver.frame({ kind: 'hello', uaid: KNOWN_UAID })
  driver.take()
  driver.offer({ kind: 'connected', agent: { ...agentWith([CHANNEL]), minUrgency: 'normal' } })
  t.same(driver.takeOf('list'), [listing(4, undefined, 'normal')])
  t.same(driver.deliver(message(1, { urgency: 'low' })).outcomes, ['full'])
  t.end()
})

t.test('a user agent without channels is not in the store: it is kept there with the first one', (t) => {
  const driver = new Driver()
  driver.frame({ kind: 'hello', uaid: undefined })
  driver.offer({ kind: 'connected', agent: undefined })
  driver.frame({ kind: 'urgency', min: 'low' })
  driver.offer({ kind: 'commandDone', done: true })
  driver.frame({ kind: 'register', channelId: CHANNEL, keyHash: undefined })
  driver.take()
  driver.offer({ kind: 'commandDone', done: true })
  t.same(driver.takeKinds(), ['sendEndpoint', 'setMinUrgency'])
  driver.offer({ kind: 'commandDone', done: true })
  t.same(driver.take(), [], 'nobody asked')
  driver.frame({ kind: 'register', channelId: channelId(2), keyHash: undefined })
  driver.offer({ kind: 'commandDone', done: true })
  t.same(driver.takeKinds(), ['register', 'sendEndpoint'])
  t.end()
})
