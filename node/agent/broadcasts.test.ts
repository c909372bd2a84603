import t from 'tap'
import { agentWith, channelId, Driver, KNOWN_UAID, SESSION } from './fixtures/driver.ts'

const NAMED = [['a/b', '1']] as const
const MORE = [['c/d', '2']] as const

t.test('hello is answered together with the broadcasts it names, and once', (t) => {
  const driver = new Driver()
  driver.frame({ kind: 'hello', uaid: KNOWN_UAID, broadcasts: NAMED })
  driver.frame({ kind: 'broadcastSubscribe', broadcasts: MORE })
  t.same(driver.takeOf('subscribe'), [], 'nothing before hello is answered')
  driver.offer({ kind: 'connected', agent: agentWith([channelId(1)]) })
  const effects = driver.take()
  t.same(effects[0], { kind: 'welcome', uaid: KNOWN_UAID, broadcasts: NAMED }, 'hello first')
  t.same(
    effects.filter(({ kind }) => kind === 'subscribe'),
    [{ kind: 'subscribe', broadcasts: MORE }],
  )
  t.equal(driver.state.named, undefined, 'nothing of it is kept')
  t.end()
})

t.test('a hello that gets a new id keeps the broadcasts it named', (t) => {
  const driver = new Driver()
  driver.frame({ kind: 'hello', uaid: KNOWN_UAID, broadcasts: NAMED })
  driver.offer({ kind: 'connected', agent: undefined })
  driver.offer({ kind: 'connected', agent: undefined })
  t.match(driver.takeOf('welcome'), [{ broadcasts: NAMED }])
  t.end()
})

t.test('broadcasts that were dropped are told again once the socket has drained, together', (t) => {
  const driver = Driver.opened()
  driver.offer({ kind: 'drained' })
  t.same(driver.takeOf('tellBroadcasts'), [], 'none was dropped')
  driver.offer({ kind: 'broadcastMissed' })
  driver.offer({ kind: 'broadcastMissed' })
  t.same(driver.takeOf('tellBroadcasts'), [], 'there is no room yet')
  driver.offer({ kind: 'drained' })
  t.same(driver.takeOf('tellBroadcasts'), [{ kind: 'tellBroadcasts' }])
  driver.offer({ kind: 'drained' })
  t.same(driver.takeOf('tellBroadcasts'), [])
  t.end()
})

t.test('a session that leaves hears of no broadcast any more', (t) => {
  const displaced = Driver.opened()
  displaced.offer({ kind: 'displace', sessionId: SESSION, ageMs: 0, flapping: true })
  t.same(displaced.takeOf('unsubscribe'), [], 'its own word does not displace it')
  displaced.offer({ kind: 'broadcastMissed' })
  displaced.advance(1)
  displaced.offer({ kind: 'drain' })
  t.same(displaced.takeOf('unsubscribe'), [{ kind: 'unsubscribe' }])
  displaced.frame({ kind: 'broadcastSubscribe', broadcasts: NAMED })
  displaced.offer({ kind: 'drained' })
  t.same([...displaced.takeOf('subscribe'), ...displaced.takeOf('tellBroadcasts')], [])
  t.end()
})
