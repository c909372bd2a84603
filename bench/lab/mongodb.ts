// What the MongoDB store costs this process, in CPU time per operation, without the database: run it with the URL of one that may
// be filled, `node dist/bench/lab/mongodb.js mongodb://127.0.0.1/bench`.
import { randomUUID } from 'node:crypto'
import { createSystemRandom, systemClock } from '../../cluster/clock.ts'
import { type ChannelId, newUaid, parseChannelId } from '../../push/ids.ts'
import type { Message } from '../../push/message.ts'
import { MessageIds } from '../../push/message-ids.ts'
import { keyDigestOf } from '../../push/subscription.ts'
import { MONGO_DEFAULTS, openMongoStore } from '../../store/mongodb-store.ts'
import { STORE_LIMITS } from '../../store/store.ts'

const AGENTS = 200
const BODY_BYTES = 1200
const OPERATIONS = 1000
/** Of what takes the database long. */
const SLOW_OPERATIONS = 100
const CONCURRENCIES = [1, 8, 64, 500]
const PAGE = 10

const [, , url = ''] = process.argv
const clock = systemClock
const random = createSystemRandom()
const messageIds = new MessageIds(clock, random)
const store = await openMongoStore({
  ...MONGO_DEFAULTS,
  url,
  clock,
  limits: STORE_LIMITS,
  operationTimeoutMs: 60_000,
})

const channelId = parseChannelId(randomUUID()) ?? ('' as ChannelId)
const uaids = Array.from({ length: AGENTS }, () => newUaid(random))
const uaidAt = (index: number) => uaids[index % AGENTS] ?? newUaid(random)
await Promise.all(uaids.map((uaid) => store.register(uaid, channelId, keyDigestOf(undefined), clock.nowMs())))

const list = async (index: number) => {
  await store.list(uaidAt(index), { after: undefined, limit: PAGE, minUrgency: 'very-low' }, clock.nowMs())
}
await measure('list, nothing there', list)
await measure('put', (index) => store.put(uaidAt(index), newMessage(), 0))
await measure('channelStatus', async (index) => {
  await store.channelStatus(uaidAt(index), channelId)
})
await measure('channelStatus, then put', async (index) => {
  await store.channelStatus(uaidAt(index), channelId)
  await store.put(uaidAt(index), newMessage(), 0)
})
await measure(`list, ${PAGE} there`, list, SLOW_OPERATIONS)
await measure('connect', async (index) => {
  await store.connect(uaidAt(index), clock.nowMs())
})
await measure(
  'put, then remove',
  async (index) => {
    const message = newMessage()
    await store.put(uaidAt(index), message, 0)
    await store.remove(uaidAt(index), [message.id], 'acknowledged')
  },
  SLOW_OPERATIONS,
)
await measure(
  'pending, 100 user agents',
  async (index) => {
    await store.pending(
      Array.from({ length: 100 }, (_, at) => uaidAt(index + at)),
      clock.nowMs(),
    )
  },
  SLOW_OPERATIONS / 10,
)
await store.close()

/** Does operations, so many at a time, and prints what each took of this process's CPU time. */
async function measure(
  name: string,
  work: (index: number) => Promise<void>,
  count = OPERATIONS,
): Promise<void> {
  const each: string[] = []
  for (const concurrency of CONCURRENCIES) {
    let next = 0
    const worker = async () => {
      while (next < count) await work(next++)
    }
    const before = process.cpuUsage()
    await Promise.all(Array.from({ length: concurrency }, worker))
    const { user, system } = process.cpuUsage(before)
    each.push(`${Math.round((user + system) / count)} us (${concurrency} at a time)`)
  }
  console.log(`${name}: ${each.join(', ')}`)
}

function newMessage(): Message {
  const ttlSeconds = 3600
  return {
    id: messageIds.next(),
    channelId,
    urgency: 'normal',
    ttlSeconds,
    expiresAtMs: clock.nowMs() + ttlSeconds * 1000,
    headers: { encoding: 'aes128gcm' },
    body: random.bytes(BODY_BYTES),
  }
}
