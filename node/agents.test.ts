import t from 'tap'
import { settled } from '../cluster/simulated-clock.ts'
import { agentAddress } from '../push/agent-requests.ts'
import { parseUaid, type Uaid } from '../push/ids.ts'
import type { Message } from '../push/message.ts'
import type { Store } from '../store/store.ts'
import { AGENTS_OPTIONS } from './agents.ts'
import { CHANNEL, KNOWN, OTHER, UAID, world } from './fixtures/agents-world.ts'

const NEVER = new Promise<never>(() => {})
/** By then everyone has looked into the store once. */
const FIRST_LOOK_MS = AGENTS_OPTIONS.firstRecheckMs[1] + 2000

t.test('hello, register, a message, its ack', async (t) => {
  const { hello, tokens, ask, message, agents } = world()
  const socket = await hello(UAID)
  t.match(socket.frames, [{ messageType: 'hello', uaid: UAID, status: 200 }])
  socket.say({ messageType: 'register', channelID: CHANNEL, key: null })
  await settled()
  t.match(socket.last, { messageType: 'register', channelID: CHANNEL, status: 200 })
  const [, token = ''] =
    /^https:\/\/push\.example\/wpush\/v1\/(.+)$/.exec(String(socket.last['pushEndpoint'])) ?? []
  t.same(tokens.openEndpoint(1, token), { uaid: UAID, channelId: CHANNEL })
  const sent = message()
  const outcome = ask(UAID, sent)
  t.match(socket.last, { messageType: 'notification', version: sent.id, ttl: 60 })
  socket.say({ messageType: 'ack', updates: [{ channelID: CHANNEL, version: sent.id, code: 100 }] })
  t.equal(await outcome, 'delivered')
  t.same(Object.fromEntries(agents.counts), { notification: 1, 'ack 100': 1 })
})

t.test('a user agent that brings no id gets a new one, and is found under it', async (t) => {
  const { hello, ask, message } = world()
  const socket = await hello()
  const uaid = parseUaid(String(socket.last['uaid']))
  t.match(
    socket.last['uaid'],
    /^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$/,
    'a version 4 UUID without dashes',
  )
  t.equal(uaid && (await ask(uaid, message())), 'gone')
})

t.test('one unknown to the store is found under its new id only', async (t) => {
  const { hello, ask, message } = world({ store: { connect: async () => undefined } })
  const socket = await hello(UAID)
  t.not(socket.last['uaid'], UAID)
  t.equal(await ask(UAID, message()), 'absent')
})

t.test(
  'the agent is read only once its address is known everywhere, and what can not be known closes',
  async (t) => {
    const calls: string[] = []
    const { hello, bus } = world({
      store: {
        connect: async () => {
          calls.push('connect')
          return KNOWN
        },
      },
    })
    let flush = async () => void calls.push('flush')
    const listen = bus.listen.bind(bus)
    bus.listen = (address, listener) => {
      const listening = listen(address, listener)
      return { stop: () => listening.stop(), flush: () => flush() }
    }
    await hello(UAID)
    t.same(calls, ['flush', 'connect'])
    flush = () => Promise.reject(new Error('the bus is away'))
    t.equal((await hello(OTHER)).closedFor, 'storeDown')
  },
)

t.test('a store that does not answer at hello in its time closes the connection, unanswered', async (t) => {
  const { hello, clock, logged, agents } = world({ store: { connect: () => NEVER } })
  const socket = await hello(UAID)
  await clock.advanceSettled(AGENTS_OPTIONS.putTimeoutMs)
  t.equal(socket.closedFor, 'storeDown')
  t.same(socket.frames, [])
  t.same(logged, ['the store failed'])
  t.equal(agents.size, 0)
})

t.test('failures of the store are logged once a second at most', async (t) => {
  const { hello, clock, logged } = world({ store: { connect: () => Promise.reject(new Error('down')) } })
  for (let times = 0; times < 10; times += 1) await hello(UAID)
  t.equal(logged.length, 1)
  await clock.advanceSettled(1000)
  await hello(UAID)
  t.equal(logged.length, 2)
})

t.test('an unacknowledged message is put with its send counted; `stored` once that is done', async (t) => {
  const puts: unknown[] = []
  const { hello, ask, message, clock } = world({ store: { put: async (...args) => void puts.push(args) } })
  await hello(UAID)
  const sent = message()
  const outcome = ask(UAID, sent)
  await clock.advanceSettled(250)
  t.equal(await outcome, 'stored')
  t.same(puts, [[UAID, sent, 1]])
})

t.test('a put that hangs is `unsaved` before the asker gives up', async (t) => {
  const { hello, ask, message, clock } = world({ store: { put: () => NEVER } })
  await hello(UAID)
  const outcome = ask(UAID, message())
  await clock.advanceSettled(2500)
  t.equal(await outcome, 'unsaved')
})

t.test('acknowledged messages are deleted: by id, or with all older ones of their topic', async (t) => {
  const removed: unknown[] = []
  const { hello, ask, message, clock } = world({
    store: {
      remove: async (...args) => {
        removed.push(args)
        return []
      },
      removeTopic: async (...args) => void removed.push(args),
    },
  })
  const socket = await hello(UAID)
  const messages = [message(), message({ topic: 'mail' })]
  const asks = messages.map((one) => ask(UAID, one))
  await clock.advanceSettled(250)
  await Promise.all(asks)
  const updates = messages.map(({ id }) => ({ channelID: CHANNEL, version: id }))
  socket.say({ messageType: 'ack', updates })
  const [plain, topical] = messages.map(({ id }) => id)
  t.same(removed, [
    [UAID, [plain], 'acknowledged'],
    [UAID, CHANNEL, 'mail', topical, 'acknowledged'],
  ])
})

t.test('a slow reader: what it can not take is `full`, what it takes late is not lost', async (t) => {
  const { hello, ask, message } = world()
  const socket = await hello(UAID)
  socket.result = 'dropped'
  t.equal(await ask(UAID, message()), 'full')
  socket.result = 'sent'
  t.equal(await ask(UAID, message()), 'full', 'until it has drained')
  socket.connection?.drained()
  socket.result = 'buffered'
  const sent = message()
  const outcome = ask(UAID, sent)
  t.equal(await ask(UAID, message()), 'full')
  socket.say({ messageType: 'ack', updates: [{ channelID: CHANNEL, version: sent.id }] })
  t.equal(await outcome, 'delivered')
})

t.test('a behaviour that throws closes its own connection and harms no other', async (t) => {
  // A store that breaks its contract, for one user agent.
  const broken = undefined as unknown as Awaited<ReturnType<Store['list']>>
  const list: Store['list'] = async (uaid) => (uaid === UAID ? broken : { messages: [], next: undefined })
  const { hello, ask, message, agents, clock, logged } = world({ store: { list } })
  const neighbour = await hello(OTHER)
  const socket = await hello(UAID)
  t.equal(socket.closedFor, 'behaviourFailed')
  t.match(logged, ['the actor of a user agent failed; its connection is closed'])
  t.equal(agents.size, 1)
  t.equal(await ask(UAID, message()), 'absent', 'its askers go to the store')
  const outcome = ask(OTHER, message())
  t.equal(neighbour.frames.length, 2)
  await clock.advanceSettled(250)
  t.equal(await outcome, 'stored')
  t.equal(neighbour.closedFor, undefined)
})

t.test('a message in flight of a behaviour that throws is not answered: its asker stores it', async (t) => {
  const broken = undefined as unknown as Awaited<ReturnType<Store['list']>>
  const page = { result: { messages: [], next: undefined } as typeof broken }
  const { hello, ask, message, bus, clock } = world({ store: { list: async () => page.result } })
  const socket = await hello(UAID)
  const outcome = ask(UAID, message())
  page.result = broken
  bus.tell(agentAddress(UAID), { kind: 'check' })
  await settled()
  t.equal(socket.closedFor, 'behaviourFailed')
  await clock.advanceSettled(2500)
  t.equal(await outcome, 'timeout')
})

t.test('no hello in time closes', async (t) => {
  const { open, clock, agents } = world()
  const socket = open()
  await clock.advanceSettled(5000 + 250)
  t.equal(socket.closedFor, 'protocolViolated')
  t.equal(agents.size, 0)
})

t.test(
  'of two sessions of one user agent the newer stays, and gets what the older could not deliver',
  async (t) => {
    const stored: Message[] = []
    const { hello, ask, message, clock } = world({
      store: {
        put: async (_, sent) => void stored.push(sent),
        list: async () => ({ messages: stored.map((one) => ({ message: one, sends: 1 })), next: undefined }),
      },
    })
    const older = await hello(UAID)
    await clock.advanceSettled(1000)
    const sent = message()
    const outcome = ask(UAID, sent)
    const newer = await hello(UAID)
    t.equal(await outcome, 'stored')
    t.equal(older.closedFor, 'displaced')
    t.equal(newer.closedFor, undefined)
    await settled()
    t.match(newer.last, { messageType: 'notification', version: sent.id })
  },
)

t.test('two browsers with one profile take turns of a minute once they flap', async (t) => {
  const { hello, clock } = world()
  const sockets = [await hello(UAID)]
  for (let times = 0; times < 4; times += 1) {
    await clock.advanceSettled(5000)
    sockets.push(await hello(UAID))
  }
  const closedFor = () => sockets.map((socket) => socket.closedFor)
  t.same(closedFor(), ['displaced', 'displaced', 'displaced', undefined, undefined])
  await clock.advanceSettled(60_000)
  t.same(closedFor(), ['displaced', 'displaced', 'displaced', 'displaced', undefined])
})

t.test('of two sessions that did not know of each other the older one yields before long', async (t) => {
  const { bus, hello, clock } = world()
  const older = await hello(UAID)
  await clock.advanceSettled(1000)
  const { tell } = bus
  bus.tell = () => 'sent'
  const newer = await hello(UAID)
  bus.tell = tell
  await clock.advanceSettled(FIRST_LOOK_MS)
  t.equal(older.closedFor, 'displaced')
  t.equal(newer.closedFor, undefined)
})

t.test('of two sessions that a lost bus kept apart the older one yields when it is back', async (t) => {
  const { bus, hello, clock, agents } = world()
  const older = await hello(UAID)
  await clock.advanceSettled(1000)
  const { tell } = bus
  bus.tell = () => 'sent'
  agents.busLost(() => true)
  const newer = await hello(UAID)
  await clock.advanceSettled(FIRST_LOOK_MS)
  t.equal(older.closedFor, undefined, 'what was told is lost')
  bus.tell = tell
  agents.busRestored(() => true)
  await clock.advanceSettled(AGENTS_OPTIONS.recheckSoonMs + 2000)
  t.equal(older.closedFor, 'displaced')
  t.equal(newer.closedFor, undefined)
})

t.test(
  'of two sessions apart while their process stood still the older one yields, and both look',
  async (t) => {
    const asked: Uaid[] = []
    const pending: Store['pending'] = async (uaids) => {
      asked.push(...uaids)
      return []
    }
    const { bus, hello, clock, process, logged } = world({ store: { pending } })
    const older = await hello(UAID)
    await clock.advanceSettled(1000)
    const { tell } = bus
    bus.tell = () => 'sent'
    const newer = await hello(UAID)
    await clock.advanceSettled(FIRST_LOOK_MS)
    asked.length = 0
    bus.tell = tell
    process.pause()
    clock.advance(1001)
    process.resume()
    clock.advance(0)
    t.match(logged, ['the process stood still; its user agents look into the store'])
    await clock.advanceSettled(AGENTS_OPTIONS.recheckSoonMs + 2000)
    t.equal(older.closedFor, 'displaced')
    t.equal(newer.closedFor, undefined)
    t.ok(asked.includes(UAID))
  },
)

t.test('a user agent whose hints were all lost is looked after', async (t) => {
  let isPending = false
  const asked: Uaid[] = []
  const { hello, clock, message } = world({
    store: {
      pending: async (uaids) => {
        asked.push(...uaids)
        return isPending ? [...uaids] : []
      },
      list: async () => ({ messages: isPending ? [{ message: late, sends: 0 }] : [], next: undefined }),
    },
  })
  const late = message()
  const socket = await hello(UAID)
  const left = await hello(OTHER)
  left.close('peer')
  isPending = true
  await clock.advanceSettled(59_000)
  t.match(socket.last, { messageType: 'notification', version: late.id })
  t.same(asked, [UAID], 'one that has left is not')
})
