import t from 'tap'
import { InProcessBus } from '../cluster/in-process-bus.ts'
import {
  type AgentOutcome,
  type AgentReply,
  type AgentRequest,
  agentAddress,
} from '../push/agent-requests.ts'
import { PushError } from '../push/errors.ts'
import { channelIdFromBytes, type KeyDigest, messageIdFromBytes, uaidFromBytes } from '../push/ids.ts'
import type { Message } from '../push/message.ts'
import type { Subscription } from '../push/subscription.ts'
import { Delivery, type DeliveryOptions } from './delivery.ts'
import { SimulatedClock } from './fixtures/simulated-clock.ts'
import { StoreDouble } from './fixtures/store-double.ts'

const OPTIONS: DeliveryOptions = {
  ackGraceMs: 250,
  askTimeoutMs: 2500,
  putTimeoutMs: 2000,
  pendingAsksMax: 10,
  pendingBytesMax: 1000,
  checkAgainMs: 1000,
  checksMax: 10,
}
const UAID = uaidFromBytes(new Uint8Array(16).fill(1))
const SUBSCRIPTION: Subscription = { uaid: UAID, channelId: channelIdFromBytes(new Uint8Array(16).fill(2)) }
const REF = { uaid: UAID, id: messageIdFromBytes(new Uint8Array(16).fill(3)) }

function message(ttlSeconds = 60, bodyBytes = 100): Message {
  return {
    id: REF.id,
    channelId: SUBSCRIPTION.channelId,
    urgency: 'normal',
    ttlSeconds,
    expiresAtMs: 0,
    body: Buffer.alloc(bodyBytes),
  }
}

type Answer = AgentOutcome | 'silence'

function setUp(options: Partial<DeliveryOptions> = {}, nodeAheadMs = 0) {
  const clock = new SimulatedClock()
  const store = new StoreDouble()
  const bus = new InProcessBus<AgentRequest, AgentReply>({
    clock,
    onListenerError: (error) => {
      throw error
    },
  })
  const warnings: string[] = []
  const warn = (_: unknown, line: string) => warnings.push(line)
  const delivery = new Delivery(
    { ...OPTIONS, ...options },
    { bus, store, clock, log: { info: warn, warn, error: warn } },
  )
  const received: AgentRequest[] = []
  const connect = (outcome: Answer) =>
    bus.listen(agentAddress(UAID), (request, respond) => {
      received.push(request)
      store.calls.push(request.kind)
      if (outcome !== 'silence') respond?.({ outcome, clockMs: clock.nowMs() + nodeAheadMs })
    })
  return { clock, store, delivery, received, connect, warnings }
}

const storeDown = async () => {
  throw new PushError('storeDown')
}

t.test('what the user agent acknowledged or its node stored touches no store here', async (t) => {
  for (const outcome of ['delivered', 'stored'] as const) {
    const { delivery, connect, store } = setUp()
    connect(outcome)
    t.equal(await delivery.deliver(SUBSCRIPTION, message()), outcome)
    t.strictSame(store.calls, ['deliver'])
  }
})

t.test('a node whose clock is wrong is noticed', async (t) => {
  for (const [nodeAheadMs, found] of [
    [1000, 0],
    [2000, 1],
  ] as const) {
    const { delivery, connect, warnings } = setUp({}, nodeAheadMs)
    connect('delivered')
    t.equal(await delivery.deliver(SUBSCRIPTION, message()), 'delivered')
    t.equal(delivery.skewedReplies, found)
    t.equal(warnings.length, found)
  }
})

t.test('the ask carries the message and the digest of the key it was signed with', async (t) => {
  const { delivery, connect, received } = setUp()
  connect('delivered')
  const sent = message()
  await delivery.deliver({ ...SUBSCRIPTION, keyHash: Buffer.alloc(32, 0xab) }, sent)
  t.strictSame(received, [{ kind: 'deliver', message: sent, keyDigest: 'abababababababab' }])
})

t.test('offline: the message is stored, and check told at once and again', async (t) => {
  const { delivery, store, connect, clock, received } = setUp()
  t.equal(await delivery.deliver(SUBSCRIPTION, message()), 'stored')
  t.strictSame(store.calls, ['channelStatus', 'put'])
  t.ok(store.messages.has(REF.id))
  connect('silence')
  await clock.advance(OPTIONS.checkAgainMs)
  t.strictSame(received, [{ kind: 'check' }])
})

t.test(
  'full or gone though the store has the channel: the message is stored and check told after the put',
  async (t) => {
    for (const outcome of ['full', 'gone', 'unknown'] as const) {
      const { delivery, store, connect } = setUp()
      connect(outcome)
      t.equal(await delivery.deliver(SUBSCRIPTION, message()), 'stored')
      t.strictSame(store.calls, ['deliver', 'channelStatus', 'put', 'check'])
    }
  },
)

t.test('a timed-out ask is stored under the same id, and check told', async (t) => {
  const { delivery, store, connect, clock } = setUp()
  connect('silence')
  const outcome = delivery.deliver(SUBSCRIPTION, message())
  await clock.advance(OPTIONS.askTimeoutMs - 1)
  t.strictSame(store.calls, ['deliver'])
  await clock.advance(1)
  t.equal(await outcome, 'stored')
  t.strictSame(store.calls, ['deliver', 'channelStatus', 'put', 'check'])
})

t.test('only the store makes a 410', async (t) => {
  for (const outcome of ['agentGone', 'notSubscribed'] as const) {
    for (const ttlSeconds of [0, 60]) {
      const { delivery, store } = setUp()
      store.status = { outcome }
      t.equal(await delivery.deliver(SUBSCRIPTION, message(ttlSeconds)), outcome)
      t.strictSame(store.calls, ['channelStatus'])
    }
  }
})

t.test('a channel that was registered again with another key has ended the old endpoint', async (t) => {
  const { delivery, store } = setUp()
  store.status = { outcome: 'subscribed', keyDigest: '0123456789abcdef' as KeyDigest }
  t.equal(await delivery.deliver(SUBSCRIPTION, message()), 'notSubscribed')
})

t.test('TTL 0 is never stored', async (t) => {
  for (const outcome of ['full', 'gone'] as const) {
    const { delivery, store, connect } = setUp()
    connect(outcome)
    t.equal(await delivery.deliver(SUBSCRIPTION, message(0)), 'dropped', outcome)
    t.notOk(store.calls.includes('put'))
  }
  const { delivery, store, connect, clock } = setUp()
  connect('silence')
  const outcome = delivery.deliver(SUBSCRIPTION, message(0))
  await clock.advance(OPTIONS.askTimeoutMs)
  t.equal(await outcome, 'dropped', 'timeout')
  t.strictSame(store.calls, ['deliver'])
})

t.test('TTL 0 with a store that is down is dropped, not refused', async (t) => {
  const { delivery, store } = setUp()
  store.gate = storeDown
  t.equal(await delivery.deliver(SUBSCRIPTION, message(0)), 'dropped')
})

t.test('unsaved: no 2xx for a message that is neither acknowledged nor durable', async (t) => {
  const { delivery, store, connect } = setUp()
  connect('unsaved')
  t.equal(await delivery.deliver(SUBSCRIPTION, message()), 'storeDown')
  t.strictSame(store.calls, ['deliver'])
})

t.test(
  'a store that is down or full: that is the outcome, and check is told of a put of unknown outcome',
  async (t) => {
    for (const code of ['storeDown', 'storeFull'] as const) {
      const { delivery, store, connect } = setUp()
      connect('full')
      store.gate = async (call) => {
        if (call === 'put') throw new PushError(code)
      }
      t.equal(await delivery.deliver(SUBSCRIPTION, message()), code)
      t.strictSame(store.calls, ['deliver', 'channelStatus', 'put', 'check'])
    }
  },
)

t.test('a store that is down while it is asked for the channel is no 410', async (t) => {
  const { delivery, store } = setUp()
  store.gate = storeDown
  t.equal(await delivery.deliver(SUBSCRIPTION, message()), 'storeDown')
  t.strictSame(store.calls, ['channelStatus'])
})

t.test('a put that hangs is answered in time, and check told when it has settled after all', async (t) => {
  const { delivery, store, connect, clock } = setUp()
  connect('full')
  let settle = () => {}
  store.gate = (call) =>
    call === 'put'
      ? new Promise((resolve) => {
          settle = resolve
        })
      : Promise.resolve()
  const outcome = delivery.deliver(SUBSCRIPTION, message())
  await clock.advance(OPTIONS.putTimeoutMs)
  t.equal(await outcome, 'storeDown')
  t.notOk(store.calls.includes('check'), 'not before')
  settle()
  await clock.advance(0)
  t.ok(store.messages.has(REF.id))
  t.equal(store.calls.at(-1), 'check')
})

t.test('a defect of the store is not taken for an outcome', async (t) => {
  const { delivery, store } = setUp()
  store.gate = async () => {
    throw new TypeError('defect')
  }
  await t.rejects(delivery.deliver(SUBSCRIPTION, message()), { name: 'TypeError' })
  await t.rejects(delivery.deliver(SUBSCRIPTION, message(0)), { name: 'TypeError' })
  await t.rejects(delivery.cancel(REF), { name: 'TypeError' })
})

t.test('asks under way are limited: from 80 % they wait for an acknowledgement only', async (t) => {
  const { delivery, connect, clock, store } = setUp()
  connect('silence')
  const outcomes = Array.from({ length: 9 }, () => delivery.deliver(SUBSCRIPTION, message(0, 1)))
  let settled = 0
  for (const outcome of outcomes)
    outcome.then(() => {
      settled += 1
    })
  await clock.advance(OPTIONS.ackGraceMs + 200)
  t.equal(settled, 1, 'the ninth waited for the grace and the bus only')
  await clock.advance(OPTIONS.askTimeoutMs)
  t.strictSame(await Promise.all(outcomes), Array(9).fill('dropped'))
  t.equal(store.calls.length, 9)
})

t.test('beyond the limit of asks, or of their bytes, messages go to the store unasked', async (t) => {
  for (const [options, bodyBytes] of [
    [{ pendingAsksMax: 1 }, 1],
    [{ pendingBytesMax: 100 }, 100],
  ] as const) {
    const { delivery, connect, clock, store } = setUp(options)
    connect('silence')
    const first = delivery.deliver(SUBSCRIPTION, message(60, bodyBytes))
    t.equal(await delivery.deliver(SUBSCRIPTION, message(60, bodyBytes)), 'stored')
    t.strictSame(store.calls, ['deliver', 'channelStatus', 'put', 'check'])
    await clock.advance(OPTIONS.askTimeoutMs)
    t.equal(await first, 'stored')
    const third = delivery.deliver(SUBSCRIPTION, message(60, bodyBytes))
    t.equal(store.calls.filter((call) => call === 'deliver').length, 2, 'the room is free again')
    await clock.advance(OPTIONS.askTimeoutMs)
    await third
  }
})

t.test('a message is taken back from flight or from the store', async (t) => {
  const flying = setUp()
  flying.connect('cancelled')
  t.equal(await flying.delivery.cancel(REF), 'removed')
  t.strictSame(flying.received, [{ kind: 'cancel', id: REF.id }])
  t.strictSame(flying.store.calls, ['cancel', 'remove'], 'the store comes after the actor')

  const stored = setUp()
  stored.connect('unknown')
  stored.store.messages.set(REF.id, message())
  t.equal(await stored.delivery.cancel(REF), 'removed')
  t.equal(await stored.delivery.cancel(REF), 'unknown', 'the second time it is not there')
})

t.test('a message is not said to be unknown when its node did not answer', async (t) => {
  const { delivery, connect, clock } = setUp()
  connect('silence')
  const outcome = delivery.cancel(REF)
  await clock.advance(OPTIONS.askTimeoutMs)
  t.equal(await outcome, 'noAnswer')
})

t.test('a message can not be taken back from a store that is down', async (t) => {
  const { delivery, store } = setUp()
  store.gate = storeDown
  t.equal(await delivery.cancel(REF), 'storeDown')
})

t.test('times that can not work are refused at the start', async (t) => {
  t.throws(() => setUp({ askTimeoutMs: 2450 }), { name: 'RangeError', message: /askTimeoutMs.*2450/ })
  t.doesNotThrow(() => setUp({ askTimeoutMs: 2451 }))
})

t.test('closing gives the second hints at once and leaves no timer', async (t) => {
  const { delivery, connect, clock, received } = setUp()
  await delivery.deliver(SUBSCRIPTION, message())
  connect('silence')
  delivery.close()
  t.strictSame(received, [{ kind: 'check' }])
  t.equal(clock.waiting, 0)
})
