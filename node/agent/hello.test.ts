import t from 'tap'
import type { Uaid } from '../../push/ids.ts'
import {
  Asker,
  agentWith,
  CHANNEL,
  channelId,
  Driver,
  KNOWN_UAID,
  listing,
  message,
  NEW_UAID,
  UNRESTRICTED,
} from './fixtures/driver.ts'

const HELLO = { kind: 'hello', uaid: KNOWN_UAID } as const
const NEW_HELLO = { kind: 'hello', uaid: undefined } as const
const AGENT = agentWith([CHANNEL])
const welcome = (uaid: Uaid) => ({ kind: 'welcome', uaid, broadcasts: [] })
const VIOLATED = [{ kind: 'close', reason: 'protocolViolated' }]

t.test('a user agent without an id gets a new one; nothing is read for it', (t) => {
  const driver = new Driver()
  driver.frame(NEW_HELLO)
  t.same(driver.take(), [{ kind: 'connect', uaid: NEW_UAID, read: false }])
  driver.offer({ kind: 'connected', agent: undefined })
  t.same(driver.take(), [welcome(NEW_UAID), { kind: 'tellDisplace', ageMs: 0 }])
  t.end()
})

t.test('a user agent the store knows keeps its id, and its messages are read after the answer', (t) => {
  const driver = new Driver()
  driver.frame(HELLO)
  t.same(driver.take(), [{ kind: 'connect', uaid: KNOWN_UAID, read: true }])
  driver.advance(40)
  driver.offer({ kind: 'connected', agent: AGENT })
  t.same(driver.take(), [welcome(KNOWN_UAID), { kind: 'tellDisplace', ageMs: 40 }, listing(4)])
  t.end()
})

t.test(
  'a new id is issued on the definite absence of the old one only, listening anew before the answer',
  (t) => {
    const driver = new Driver()
    driver.frame(HELLO)
    driver.take()
    driver.offer({ kind: 'connected', agent: undefined })
    t.same(driver.take(), [{ kind: 'unlisten' }, { kind: 'connect', uaid: NEW_UAID, read: false }])
    driver.offer({ kind: 'connected', agent: undefined })
    t.same(driver.takeOf('welcome'), [welcome(NEW_UAID)])
    t.end()
  },
)

t.test('a store that fails at hello closes the connection without an answer', (t) => {
  const driver = new Driver()
  driver.frame(HELLO)
  driver.take()
  driver.offer({ kind: 'connected', agent: 'failed' })
  t.same(driver.take(), [{ kind: 'close', reason: 'storeDown' }])
  driver.offer({ kind: 'closed' })
  t.same(driver.takeKinds(), ['unlisten', 'end'])
  t.end()
})

t.test('a hello with too many ahead of it is not answered: the connection is closed, to come again', (t) => {
  const driver = new Driver()
  driver.frame(HELLO)
  driver.take()
  driver.offer({ kind: 'crowded' })
  t.same(driver.take(), [{ kind: 'close', reason: 'tooManyHellos' }])
  driver.offer({ kind: 'closed' })
  t.same(driver.takeKinds(), ['unlisten', 'end'])
  t.end()
})

t.test(
  'asks before the answer to hello are answered `full`, never `gone`, and the store is read for them',
  (t) => {
    const driver = new Driver()
    driver.frame(NEW_HELLO)
    t.same(driver.deliver(message(1, { channelId: channelId(9) })).outcomes, ['full'])
    driver.take()
    driver.offer({ kind: 'connected', agent: undefined })
    t.same(driver.takeKinds(), ['welcome', 'tellDisplace', 'list'])
    t.end()
  },
)

t.test('what the user agent says while its hello is looked up waits for the answer, in order', (t) => {
  const driver = new Driver()
  driver.frame(HELLO)
  driver.take()
  driver.frame({ kind: 'register', channelId: channelId(2), keyHash: undefined })
  driver.frame({ kind: 'ping' })
  t.same(driver.take(), [])
  driver.offer({ kind: 'connected', agent: AGENT })
  t.same(driver.takeKinds(), ['welcome', 'tellDisplace', 'register', 'send', 'list'])
  t.equal(driver.state.early, undefined)
  t.end()
})

t.test('it also waits for the second look-up, when a new id is issued', (t) => {
  const driver = new Driver()
  driver.frame(HELLO)
  driver.frame({ kind: 'ping' })
  driver.offer({ kind: 'connected', agent: undefined })
  t.same(driver.takeOf('send'), [])
  driver.offer({ kind: 'connected', agent: undefined })
  t.same(driver.takeKinds(), ['welcome', 'tellDisplace', 'send'])
  t.end()
})

t.test('what waits for the answer to hello has a limit', (t) => {
  const driver = new Driver({ commandsMax: 2 })
  driver.frame(HELLO)
  driver.frame({ kind: 'ping' })
  driver.frame({ kind: 'ping' })
  driver.take()
  driver.frame({ kind: 'ping' })
  t.same(driver.take(), VIOLATED)
  t.end()
})

t.test('hello comes first, once, and within its time', (t) => {
  const first = new Driver()
  first.frame({ kind: 'ping' })
  t.same(first.take(), VIOLATED, 'anything before hello closes')

  const twice = new Driver()
  twice.frame(HELLO)
  twice.take()
  twice.frame(HELLO)
  t.same(twice.take(), VIOLATED, 'a second hello during the look-up closes')

  const later = Driver.opened()
  later.frame(HELLO)
  t.same(later.take(), VIOLATED, 'a second hello later closes')

  const silent = new Driver()
  silent.advance(5000 + 249)
  t.same(silent.take(), [])
  silent.advance(1)
  t.same(silent.take(), VIOLATED, 'no hello closes')

  const inTime = new Driver()
  inTime.advance(4999)
  inTime.frame(HELLO)
  inTime.take()
  inTime.advance(60_000)
  t.same(inTime.take(), [], 'the time-out is over with hello')
  t.end()
})

t.test('a hello that came in time is taken, however late it is read', (t) => {
  const stalled = new Driver()
  stalled.stall(20_000)
  t.same(stalled.take(), [], 'timers come first after a stall')
  stalled.advance(100)
  stalled.frame(HELLO)
  t.same(stalled.takeKinds(), ['connect'])
  const silent = new Driver()
  silent.stall(20_000)
  silent.advance(250)
  t.same(silent.take(), VIOLATED, 'but once all is read that had come, it is over')
  t.end()
})

t.test('the user agent may ping once per 45 s', (t) => {
  const driver = Driver.opened()
  driver.frame({ kind: 'ping' })
  t.same(driver.take(), [{ kind: 'send', frame: { kind: 'pong' } }])
  driver.advance(45_000)
  driver.frame({ kind: 'ping' })
  t.same(driver.take(), [{ kind: 'send', frame: { kind: 'pong' } }])
  driver.advance(44_999)
  driver.frame({ kind: 'ping' })
  t.same(driver.take(), VIOLATED)
  t.end()
})

t.test('a frame that can not be understood closes, in every state of the connection', (t) => {
  const greeting = new Driver()
  const opening = new Driver()
  opening.frame(HELLO)
  const open = Driver.opened()
  const leaving = Driver.opened()
  leaving.deliver(message(1))
  leaving.offer({ kind: 'drain' })
  for (const driver of [greeting, opening, open, leaving]) {
    driver.take()
    driver.frame({ kind: 'invalid', why: 'garbage' })
    t.same(driver.take(), VIOLATED, driver.state.phase)
  }
  t.end()
})

t.test('a connection that closes before its hello is answered leaves nothing', (t) => {
  const greeting = new Driver()
  greeting.offer({ kind: 'closed' })
  t.same(greeting.takeKinds(), ['end'])

  const opening = new Driver()
  opening.frame(HELLO)
  opening.take()
  opening.offer({ kind: 'closed' })
  t.same(opening.takeKinds(), ['unlisten', 'end'])
  t.end()
})

t.test('an asker that comes after the close is answered `full`', (t) => {
  const driver = Driver.opened()
  driver.deliver(message(1))
  driver.offer({ kind: 'closed' })
  const late = new Asker()
  driver.offer({ kind: 'deliver', message: message(2), keyDigest: UNRESTRICTED, ask: late.respond })
  t.same(late.outcomes, ['full'])
  t.end()
})
