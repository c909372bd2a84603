import t from 'tap'
import type { ChannelId } from '../../push/ids.ts'
import {
  agentWith,
  CHANNEL,
  channelId,
  Driver,
  message,
  RESTRICTED,
  UNRESTRICTED,
} from './fixtures/driver.ts'

const KEY_HASH = Uint8Array.from(Buffer.from(`${RESTRICTED}${'00'.repeat(24)}`, 'hex'))
const OTHER = channelId(2)

function register(driver: Driver, id = OTHER, keyHash?: Uint8Array): void {
  driver.frame({ kind: 'register', channelId: id, keyHash })
}

function unregister(driver: Driver, id = CHANNEL, code = 200): void {
  driver.frame({ kind: 'unregister', channelId: id, code })
}

function done(driver: Driver, isDone = true): void {
  driver.offer({ kind: 'commandDone', done: isDone })
}

t.test('a channel is known from the commit on, not before', (t) => {
  const driver = Driver.opened()
  register(driver)
  t.same(driver.take(), [{ kind: 'register', channelId: OTHER, keyDigest: UNRESTRICTED }])
  t.same(driver.deliver(message(1, { channelId: OTHER })).outcomes, ['gone'])
  driver.take()
  done(driver)
  t.same(driver.take(), [{ kind: 'sendEndpoint', channelId: OTHER, keyHash: undefined }])
  t.same(driver.deliver(message(2, { channelId: OTHER })).outcomes, [])
  t.end()
})

t.test('the first channel of a new user agent is taken too', (t) => {
  const driver = new Driver()
  driver.frame({ kind: 'hello', uaid: undefined })
  driver.offer({ kind: 'connected', agent: undefined })
  register(driver)
  done(driver)
  t.same(driver.deliver(message(1, { channelId: OTHER })).outcomes, [])
  t.end()
})

t.test('a restricted channel takes messages of its key only', (t) => {
  const driver = Driver.opened()
  register(driver, OTHER, KEY_HASH)
  t.same(driver.take(), [{ kind: 'register', channelId: OTHER, keyDigest: RESTRICTED }])
  done(driver)
  t.same(driver.take(), [{ kind: 'sendEndpoint', channelId: OTHER, keyHash: KEY_HASH }])
  t.same(driver.deliver(message(1, { channelId: OTHER }), RESTRICTED).outcomes, [])
  t.same(driver.deliver(message(2, { channelId: OTHER })).outcomes, ['gone'])
  t.end()
})

t.test('a channel registered again with another key ends the old endpoint', (t) => {
  const driver = Driver.opened()
  register(driver, CHANNEL, KEY_HASH)
  t.same(driver.deliver(message(1)).outcomes, [], 'not before the commit')
  done(driver)
  t.same(driver.deliver(message(2)).outcomes, ['gone'])
  t.same(driver.deliver(message(3), RESTRICTED).outcomes, [])
  t.end()
})

t.test('a key that is none is answered 400 and nothing is written', (t) => {
  const driver = Driver.opened()
  driver.frame({ kind: 'register', channelId: OTHER, keyHash: 'invalid' })
  t.same(driver.take(), [{ kind: 'send', frame: { kind: 'registerFailed', channelId: OTHER, status: 400 } }])
  t.end()
})

t.test('what the store could not do is answered 500; the connection and what is known stay', (t) => {
  const driver = Driver.opened()
  register(driver)
  driver.take()
  done(driver, false)
  t.same(driver.take(), [{ kind: 'send', frame: { kind: 'registerFailed', channelId: OTHER, status: 500 } }])
  t.same(driver.deliver(message(1, { channelId: OTHER })).outcomes, ['gone'])

  unregister(driver)
  driver.take()
  done(driver, false)
  t.same(driver.take(), [{ kind: 'send', frame: { kind: 'unregister', channelId: CHANNEL, status: 500 } }])
  t.same(driver.deliver(message(2)).outcomes, [])
  t.end()
})

t.test('after unregister the channel is gone, from the commit on', (t) => {
  const driver = Driver.opened()
  unregister(driver)
  t.same(driver.take(), [{ kind: 'unregister', channelId: CHANNEL }])
  const asker = driver.deliver(message(1))
  t.same(asker.outcomes, [])
  driver.take()
  done(driver)
  t.same(asker.outcomes, ['gone'], 'also for what is in flight')
  t.same(driver.takeOf('send'), [
    { kind: 'send', frame: { kind: 'unregister', channelId: CHANNEL, status: 200 } },
  ])
  t.same(driver.deliver(message(2)).outcomes, ['gone'])
  t.equal(driver.state.flights?.size, 0)
  t.end()
})

t.test('unregister leaves messages of other channels alone, and is idempotent', (t) => {
  const driver = Driver.opened({ channels: [CHANNEL, OTHER] })
  const asker = driver.deliver(message(1, { channelId: OTHER }))
  for (let times = 0; times < 2; times += 1) {
    unregister(driver)
    done(driver)
    t.same(driver.takeOf('send'), [
      { kind: 'send', frame: { kind: 'unregister', channelId: CHANNEL, status: 200 } },
    ])
  }
  t.same(asker.outcomes, [])
  t.equal(driver.state.flights?.size, 1)
  t.end()
})

t.test('unregister during a put: its asker is answered, and what arrives in the store is deleted', (t) => {
  const driver = Driver.opened()
  const asker = driver.deliver(message(1))
  const cancelled = driver.deliver(message(2))
  driver.advance(250)
  const canceller = driver.cancel(message(2).id)
  unregister(driver)
  done(driver)
  t.same(asker.outcomes, ['gone'])
  t.same(cancelled.outcomes, ['delivered'])
  t.same(canceller.outcomes, [])
  driver.take()
  driver.putSettled(message(1), true)
  t.same(driver.takeKinds(), ['tellCheck', 'remove'])
  driver.putSettled(message(2), false)
  t.same(driver.takeKinds(), ['tellCheck', 'remove', 'reply'])
  t.same(canceller.outcomes, ['cancelled'])
  t.end()
})

t.test('unregister codes are counted', (t) => {
  for (const code of [200, 201, 202] as const) {
    const driver = Driver.opened()
    unregister(driver, CHANNEL, code)
    t.same(driver.takeOf('count'), [{ kind: 'count', what: `unregister ${code}` }])
  }
  const driver = Driver.opened()
  unregister(driver, CHANNEL, 7)
  t.same(driver.takeOf('count'), [{ kind: 'count', what: 'unregister other' }])
  t.end()
})

t.test('commands are carried out strictly one after the other, in order', (t) => {
  const driver = Driver.opened()
  register(driver)
  unregister(driver, OTHER)
  register(driver, OTHER, KEY_HASH)
  t.same(driver.takeKinds(), ['register'])
  done(driver)
  t.same(driver.takeKinds(), ['sendEndpoint', 'unregister'])
  done(driver, false)
  t.same(driver.takeKinds(), ['send', 'register'], 'one that failed does not stop the rest')
  done(driver)
  t.same(driver.takeKinds(), ['sendEndpoint'])
  t.equal(driver.state.commands, undefined)
  t.equal(driver.state.channels?.get(OTHER), RESTRICTED)
  t.end()
})

t.test('the channels are read again in their turn: what is registered meanwhile is not forgotten', (t) => {
  const driver = Driver.opened()
  register(driver)
  driver.check()
  driver.page([message(1, { channelId: channelId(3) }), message(2, { channelId: channelId(4) })])
  t.same(driver.takeOf('reload'), [])
  driver.check()
  driver.page([message(1, { channelId: channelId(3) })])
  done(driver)
  t.same(driver.takeOf('reload').length, 1, 'one reading for all that were unknown')
  driver.offer({ kind: 'reloaded', agent: agentWith([OTHER, channelId(3)]) })
  t.same([...(driver.state.channels?.keys() ?? [])], [OTHER, channelId(3)])
  t.equal(driver.state.commands, undefined)
  t.end()
})

t.test('commands that wait have a limit; beyond it they are answered 500', (t) => {
  const driver = Driver.opened({ limits: { commandsMax: 2 } })
  register(driver)
  register(driver)
  driver.take()
  register(driver)
  unregister(driver)
  t.same(driver.take(), [
    { kind: 'send', frame: { kind: 'registerFailed', channelId: OTHER, status: 500 } },
    { kind: 'send', frame: { kind: 'unregister', channelId: CHANNEL, status: 500 } },
  ])
  done(driver)
  done(driver)
  driver.take()
  register(driver)
  t.same(driver.takeKinds(), ['register'], 'and taken again once there is room')
  t.end()
})

t.test(
  'a channel beyond the limit is refused and not stored; one that is there may always be registered again',
  (t) => {
    const full = [channelId(1), channelId(2), channelId(3)]
    const driver = Driver.opened({ channels: full, limits: { channelsMax: 3 } })
    const refused = (id: ChannelId) => [
      { kind: 'send', frame: { kind: 'registerFailed', channelId: id, status: 400 } },
    ]
    register(driver, channelId(4))
    t.same(driver.take(), refused(channelId(4)))
    register(driver, channelId(2), KEY_HASH)
    t.same(driver.takeKinds(), ['register'])
    // What waits is judged when its turn comes.
    unregister(driver, channelId(1))
    for (const number of [5, 6, 7]) register(driver, channelId(number))
    t.same(driver.takeKinds(), [])
    done(driver)
    t.same(driver.takeKinds(), ['sendEndpoint', 'unregister'])
    done(driver)
    t.same(driver.takeKinds(), ['send', 'register'])
    done(driver)
    t.same(driver.take(), [
      { kind: 'sendEndpoint', channelId: channelId(5), keyHash: undefined },
      ...refused(channelId(6)),
      ...refused(channelId(7)),
    ])
    unregister(driver, channelId(2))
    t.same(driver.takeKinds(), ['unregister'], 'the queue goes on')
    t.end()
  },
)
