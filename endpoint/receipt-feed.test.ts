import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { InProcessBus } from '../cluster/in-process-bus.ts'
import { type AgentReply, type AgentRequest, receiptsAddress } from '../push/agent-requests.ts'
import { PushError } from '../push/errors.ts'
import { type MessageId, messageIdFromBytes, type ReceiptSubscriptionId } from '../push/ids.ts'
import { SimulatedClock } from './fixtures/simulated-clock.ts'
import { StoreDouble } from './fixtures/store-double.ts'
import { type HandedReceipt, ReceiptFeed } from './receipt-feed.ts'

const SUBSCRIPTION = 'a'.repeat(32) as ReceiptSubscriptionId
const RECHECK_MS = 60_000

function idOf(number: number): MessageId {
  return messageIdFromBytes(Buffer.from(number.toString(16).padStart(32, '0'), 'hex'))
}

/** A feed into a sink by hand, on a store and a bus that lose no hint unless told to. */
function setUp({ hints = true, afterMs = 0 } = {}) {
  const clock = new SimulatedClock()
  const bus = new InProcessBus<AgentRequest, AgentReply>({ clock, onListenerError: () => {} })
  const store = new StoreDouble()
  if (hints)
    store.onReceipt((subscription) => void bus.tell(receiptsAddress(subscription), { kind: 'check' }))
  const got: HandedReceipt[] = []
  const told: string[] = []
  const sink = {
    isWritable: true,
    /** Whether what was written has got there; undefined while that is not known. */
    handed: true as boolean,
    write: async (receipts: readonly HandedReceipt[]) => {
      if (!sink.isWritable) throw new Error('the connection is lost')
      got.push(...receipts)
      return receipts
    },
    handedOver: async () => (sink.handed ? ('got' as const) : undefined),
    idle: () => void told.push('idle'),
    ended: () => void told.push('ended'),
    failed: () => void told.push('failed'),
  }
  const random = { bytes: (count: number) => new Uint8Array(count), fraction: () => 0.5 }
  const feed = new ReceiptFeed(
    { receiptRecheckMs: RECHECK_MS },
    { store, bus, clock, random },
    { subscription: SUBSCRIPTION, afterMs, sink },
    () => {},
  )
  const settle = (...numbers: number[]) =>
    Promise.all(
      numbers.map((number) => {
        const receipt = { subscription: SUBSCRIPTION, sealedChannel: 's'.repeat(64) }
        return store.settle({ id: idOf(number), expiresAtMs: 0, receipt }, 'acknowledged')
      }),
    )
  const waiting = async () => {
    const page = await store.receipts(SUBSCRIPTION, { after: undefined, limit: 1000 })
    return page === 'ended' ? page : page.receipts.map(({ id }) => id)
  }
  const ids = () => got.map(({ id }) => id)
  return { clock, store, feed, sink, got, told, settle, waiting, ids }
}

/** Lets everything happen that needs no time. */
async function settled(): Promise<void> {
  for (let turns = 0; turns < 20; turns += 1) await setImmediate()
}

t.test(
  'what waits comes in order, then what is hinted at; each once, each later than the one before',
  async (t) => {
    const { feed, settle, ids, got, waiting } = setUp({ afterMs: 1_700_000_000_500 })
    await settle(3, 1, 2)
    feed.start(true)
    await settled()
    t.same(ids(), [1, 2, 3].map(idOf))
    await settle(5)
    await settled()
    // A message may be older than one whose receipt has come.
    await settle(4)
    await settled()
    t.same(ids(), [1, 2, 3, 5, 4].map(idOf))
    const times = got.map(({ atMs }) => atMs)
    t.same(
      times,
      [...new Set(times)].sort((a, b) => a - b),
    )
    t.ok(times.every((atMs) => atMs > 1_700_000_000_500))
    t.same(await waiting(), [], 'all are marked')
    feed.close()
  },
)

t.test('a hint that is lost is made up for', async (t) => {
  const { feed, settle, ids, clock } = setUp({ hints: false })
  feed.start(true)
  await settled()
  await settle(1)
  await clock.advance(RECHECK_MS - 1)
  t.same(ids(), [])
  await clock.advance(1)
  await settled()
  t.same(ids(), [idOf(1)])
  feed.close()
  t.equal(clock.waiting, 0, 'nothing is left of a feed that is closed')
})

t.test(
  'what has not got there for certain goes on waiting for others, and does not come twice here',
  async (t) => {
    const { feed, settle, ids, sink, waiting, clock } = setUp()
    sink.handed = false
    await settle(1)
    feed.start(true)
    await settled()
    await settle(2)
    await settled()
    t.same(ids(), [1, 2].map(idOf))
    t.same(await waiting(), [1, 2].map(idOf))
    sink.handed = true
    await clock.advance(5000)
    await settled()
    t.same(await waiting(), [])
    feed.close()
  },
)

t.test('a connection that is lost marks nothing', async (t) => {
  const { feed, settle, sink, waiting, told } = setUp()
  await settle(1)
  sink.isWritable = false
  feed.start(true)
  await settled()
  t.same(told, ['failed'])
  feed.close()
  t.same(await waiting(), [idOf(1)])
})

t.test('a store that is down: reading and marking are tried again', async (t) => {
  const { feed, settle, store, ids, waiting, clock, told } = setUp()
  await settle(1)
  const down = (...calls: string[]) => {
    store.gate = async (call) => {
      if (calls.includes(call)) throw new PushError('storeDown')
    }
  }
  down('receipts', 'markFetched')
  feed.start(true)
  await settled()
  t.same([ids(), told], [[], ['failed']])
  down('markFetched')
  await clock.advance(5000)
  await settled()
  t.same(ids(), [idOf(1)])
  down()
  t.same(await waiting(), [idOf(1)])
  await clock.advance(5000)
  await settled()
  t.same(await waiting(), [])
  feed.close()
})

t.test('beyond so many without a sign that they got there, the rest waits for one', async (t) => {
  const { feed, settle, got, sink, clock } = setUp()
  sink.handed = false
  await settle(...Array.from({ length: 1200 }, (_, number) => number))
  feed.start(true)
  await settled()
  t.equal(got.length, 1000)
  sink.handed = true
  await clock.advance(5000)
  for (let rounds = 0; rounds < 10; rounds += 1) await settled()
  t.equal(got.length, 1200)
  t.equal(new Set(got.map(({ id }) => id)).size, 1200)
  feed.close()
})

t.test('the end of a subscription is told', async (t) => {
  const { feed, store, told } = setUp()
  feed.start(true)
  await settled()
  await store.endReceipts(SUBSCRIPTION)
  await settled()
  t.same(told, ['idle', 'idle', 'ended'])
  feed.close()
})
