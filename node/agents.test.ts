import t from 'tap'
import { InProcessBus } from '../cluster/in-process-bus.ts'
import { seededRandom } from '../cluster/seeded-random.ts'
import { SimulatedClock, settled } from '../cluster/simulated-clock.ts'
import { type AgentReply, type AgentRequest, agentAddress } from '../push/agent-requests.ts'
import type { CloseReason } from '../push/errors.ts'
import { type ChannelId, parseUaid, type Uaid } from '../push/ids.ts'
import type { Message } from '../push/message.ts'
import { MessageIds } from '../push/message-ids.ts'
import { keyDigestOf } from '../push/subscription.ts'
import { Tokens } from '../push/tokens.ts'
import type { Store, StoredAgent } from '../store/store.ts'
import type { AgentConnection, AgentSocket, SendResult } from './agent-socket.ts'
import { AGENTS_OPTIONS, Agents, type AgentsOptions } from './agents.ts'
import { storeOf } from './fixtures/store-double.ts'

const CHANNEL = 'c0ffee00-1234-4abc-8def-0123456789ab' as ChannelId
const KNOWN: StoredAgent = { channels: new Map([[CHANNEL, keyDigestOf(undefined)]]) }
const NEVER = new Promise<never>(() => {})

/** A socket that closes the way uWebSockets.js does: `closed` is told before `close` returns. */
class FakeSocket implements AgentSocket {
  readonly frames: Record<string, unknown>[] = []
  closedFor: CloseReason | 'peer' | undefined
  result: SendResult = 'sent'
  connection: AgentConnection | undefined

  send(text: string): SendResult {
    if (this.closedFor !== undefined) return 'closed'
    if (this.result !== 'dropped') this.frames.push(JSON.parse(text))
    return this.result
  }

  close(reason: CloseReason | 'peer'): void {
    if (this.closedFor !== undefined) return
    this.closedFor = reason
    this.connection?.closed()
  }

  say(fields: object): void {
    this.connection?.received(JSON.stringify(fields))
  }

  get last(): Record<string, unknown> {
    return this.frames.at(-1) ?? {}
  }
}

function world(overrides: { store?: Partial<Store>; options?: Partial<AgentsOptions> } = {}) {
  const clock = new SimulatedClock()
  const random = seededRandom(5)
  const logged: string[] = []
  const log = (_: unknown, line: string) => logged.push(line)
  const bus = new InProcessBus<AgentRequest, AgentReply>({
    clock,
    onListenerError: (error) => t.fail(String(error)),
  })
  const tokens = new Tokens([random.bytes(32)])
  const store = storeOf({ connect: async () => KNOWN, ...overrides.store })
  const options = { ...AGENTS_OPTIONS, publicUrl: 'https://push.example', ...overrides.options }
  const agents = new Agents(options, {
    bus,
    store,
    tokens,
    clock,
    random,
    log: { info: log, warn: log, error: log },
  })
  const open = () => {
    const socket = new FakeSocket()
    socket.connection = agents.open(socket)
    return socket
  }
  const hello = async (uaid?: Uaid) => {
    const socket = open()
    socket.say({ messageType: 'hello', use_webpush: true, uaid })
    await settled()
    return socket
  }
  const ids = new MessageIds(clock, random)
  const message = (fields: Partial<Message> = {}): Message => ({
    id: ids.next(),
    channelId: CHANNEL,
    ttlSeconds: 60,
    expiresAtMs: clock.nowMs() + 60_000,
    body: new Uint8Array(),
    ...fields,
  })
  const ask = async (uaid: Uaid, sent: Message) => {
    const request = { kind: 'deliver', message: sent, keyDigest: keyDigestOf(undefined) } as const
    const reply = await bus.ask(agentAddress(uaid), request, 2500)
    return typeof reply === 'string' ? reply : reply.outcome
  }
  return { clock, bus, tokens, agents, open, hello, message, ask, logged }
}

const [UAID, OTHER] = ['a', 'b'].map((digit) => parseUaid(digit.repeat(32))) as [Uaid, Uaid]

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
  t.same(Object.fromEntries(agents.counts), { 'ack 100': 1 })
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
    [UAID, [plain]],
    [UAID, CHANNEL, 'mail', topical],
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
  await clock.advanceSettled(5000)
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

t.test('of two sessions that a lost bus kept apart the older one yields when it is back', async (t) => {
  const { bus, hello, clock, agents } = world()
  const older = await hello(UAID)
  await clock.advanceSettled(1000)
  const { tell } = bus
  bus.tell = () => 'sent'
  agents.busLost(() => true)
  const newer = await hello(UAID)
  t.equal(older.closedFor, undefined, 'what was told is lost')
  bus.tell = tell
  agents.busRestored(() => true)
  await clock.advanceSettled(AGENTS_OPTIONS.recheckSoonMs + 2000)
  t.equal(older.closedFor, 'displaced')
  t.equal(newer.closedFor, undefined)
})

t.test('drain lets all go in waves and resolves when nothing of any is left', async (t) => {
  const { hello, open, agents, clock, ask, message } = world()
  const random = seededRandom(9)
  const sockets = [open()]
  for (let made = 1; made < 99; made += 1) {
    sockets.push(await hello(parseUaid(Buffer.from(random.bytes(16)).toString('hex'))))
  }
  sockets.push(await hello(UAID))
  const outcome = ask(UAID, message())
  // Nobody is closed in the moment it is welcomed.
  await clock.advanceSettled(50)
  let isDrained = false
  const drained = agents.drain(5000).then(() => {
    isDrained = true
  })
  const closed = () => sockets.filter((socket) => socket.closedFor === 'drained').length
  t.equal(closed(), 2)
  await clock.advanceSettled(2499)
  t.equal(closed(), 50)
  t.notOk(isDrained)
  await clock.advanceSettled(2501)
  await drained
  t.equal(closed(), 100)
  t.equal(agents.size, 0)
  t.equal(await outcome, 'stored')
  t.equal(clock.waiting, 0, 'no timer is left')
})

t.test('drain waits for a put that hangs no longer than its asker', async (t) => {
  const { hello, agents, clock, ask, message } = world({ store: { put: () => NEVER } })
  const socket = await hello(UAID)
  const outcome = ask(UAID, message())
  const drained = agents.drain(0)
  await clock.advanceSettled(2299)
  t.equal(socket.closedFor, undefined)
  await clock.advanceSettled(1)
  await drained
  t.equal(await outcome, 'unsaved')
  t.equal(socket.closedFor, 'drained')
})

t.test('drain of a node without connections resolves', async (t) => {
  const { agents, clock } = world()
  await agents.drain(5000)
  t.equal(clock.waiting, 0)
})

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
