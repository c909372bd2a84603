import t from 'tap'
import {
  agentWith,
  CHANNEL,
  channelId,
  Driver,
  KNOWN_UAID,
  LATER_SESSION,
  message,
  SESSION,
} from './fixtures/driver.ts'

const OTHER = channelId(2)
const BOTH = { channels: [CHANNEL, OTHER] }
const LEFT = agentWith([OTHER])

function told(driver: Driver, from?: typeof SESSION): void {
  driver.offer({ kind: 'channels', from })
}

function reloads(driver: Driver): number {
  return driver.takeOf('reload').length
}

t.test(
  'a channel that another session has ended takes no more messages, once the channels are read again',
  (t) => {
    const driver = Driver.opened(BOTH)
    told(driver, LATER_SESSION)
    t.same(driver.takeKinds(), ['reload'])
    driver.offer({ kind: 'reloaded', agent: LEFT })
    t.same(driver.deliver(message(1)).outcomes, ['gone'])
    t.same(driver.deliver(message(2, { channelId: OTHER })).outcomes, [])
    t.end()
  },
)

t.test('what is in flight of it ends, and nothing else does', (t) => {
  const driver = Driver.opened(BOTH)
  const putting = driver.deliver(message(1))
  driver.advance(250)
  const waiting = driver.deliver(message(2))
  const other = driver.deliver(message(3, { channelId: OTHER }))
  told(driver)
  t.same([...putting.outcomes, ...waiting.outcomes], [], 'not before it is certain')
  driver.offer({ kind: 'reloaded', agent: LEFT })
  t.same([putting.outcomes, waiting.outcomes, other.outcomes], [['gone'], ['gone'], []])
  driver.page([])
  driver.take()
  driver.putSettled(message(1), true)
  t.same(driver.takeKinds(), ['tellCheck', 'remove'], 'it does not stay in the store')
  driver.ack(message(3, { channelId: OTHER }))
  t.same(other.outcomes, ['delivered'])
  t.equal(driver.state.flights?.size, 0)
  t.end()
})

t.test('with the last channel the user agent is gone from the store', (t) => {
  const driver = Driver.opened()
  told(driver)
  driver.offer({ kind: 'reloaded', agent: undefined })
  t.same(driver.deliver(message(1)).outcomes, ['gone'])
  t.end()
})

t.test('the session that ended it knows', (t) => {
  const driver = Driver.opened()
  told(driver, SESSION)
  t.same(driver.take(), [])
  t.end()
})

t.test('what hello reads may be older than the end of a channel: it is read again', (t) => {
  const driver = new Driver()
  driver.frame({ kind: 'hello', uaid: KNOWN_UAID })
  driver.take()
  told(driver)
  t.same(driver.take(), [])
  driver.offer({ kind: 'connected', agent: agentWith(BOTH.channels) })
  t.same(driver.takeKinds(), ['welcome', 'tellDisplace', 'reload', 'list'])
  driver.offer({ kind: 'reloaded', agent: LEFT })
  t.same(driver.deliver(message(1)).outcomes, ['gone'])
  t.equal(reloads(driver), 0, 'once')
  t.end()
})

t.test('so may what is being read again; what waits to be read is not', (t) => {
  const driver = Driver.opened(BOTH)
  for (let times = 0; times < 3; times += 1) told(driver)
  t.equal(reloads(driver), 1)
  driver.offer({ kind: 'reloaded', agent: agentWith(BOTH.channels) })
  t.equal(reloads(driver), 1, 'one for all that came meanwhile')
  driver.offer({ kind: 'reloaded', agent: LEFT })
  t.equal(reloads(driver), 0)
  driver.frame({ kind: 'register', channelId: CHANNEL, keyHash: undefined })
  for (let times = 0; times < 3; times += 1) told(driver)
  t.equal(reloads(driver), 0, 'after the command under way')
  driver.offer({ kind: 'commandDone', done: true })
  t.equal(reloads(driver), 1)
  driver.offer({ kind: 'reloaded', agent: LEFT })
  t.equal(driver.state.commands, undefined)
  t.end()
})

t.test('a reading that fails changes nothing', (t) => {
  const driver = Driver.opened()
  told(driver)
  driver.offer({ kind: 'reloaded', agent: 'failed' })
  t.same(driver.deliver(message(1)).outcomes, [])
  driver.take()
  told(driver)
  t.equal(reloads(driver), 1, 'the second hint reads again')
  t.end()
})

t.test('who is not there yet, or leaves, reads nothing', (t) => {
  const greeting = new Driver()
  told(greeting)
  const leaving = Driver.opened()
  leaving.displace(0)
  const closed = Driver.opened()
  closed.deliver(message(1))
  closed.offer({ kind: 'closed' })
  for (const driver of [leaving, closed]) told(driver)
  for (const driver of [greeting, leaving, closed]) t.equal(reloads(driver), 0)
  t.end()
})

t.test('a user agent that does not know a channel has them read again, once in a minute', (t) => {
  const driver = Driver.opened(BOTH)
  const refuse = (number: number) => {
    driver.deliver(message(number))
    driver.ackWith(102, message(number))
    return reloads(driver)
  }
  t.equal(refuse(1), 1)
  driver.offer({ kind: 'reloaded', agent: agentWith(BOTH.channels) })
  driver.page([])
  t.equal(refuse(2), 0)
  driver.advance(60_000)
  t.equal(refuse(3), 1)
  driver.offer({ kind: 'reloaded', agent: LEFT })
  t.same(driver.deliver(message(4)).outcomes, ['gone'])
  t.end()
})

t.test('other acknowledgements are no doubt: 102 of a repeat means that it is known', (t) => {
  const driver = Driver.opened()
  for (const [number, code] of [100, 101, 999].entries()) {
    driver.deliver(message(number + 1))
    driver.ackWith(code, message(number + 1))
  }
  driver.check()
  driver.page([message(9)], undefined, 1)
  driver.ackWith(102, message(9))
  t.equal(reloads(driver), 0)
  t.end()
})
