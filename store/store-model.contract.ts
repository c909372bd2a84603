import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { ChannelId, KeyDigest, MessageId, Uaid } from '../push/ids.ts'
import { type Message, sameTopic } from '../push/message.ts'
import {
  channelOf,
  channelsOf,
  digestOf,
  idsOf,
  listAll,
  messageOf,
  NOW_MS,
  uaidOf,
  type WithStore,
} from './fixtures/samples.ts'
import type { Store } from './store.ts'

const RUNS = 60
const SEED = 20_250_615
/** Making a failure smaller takes long on a store that writes to a disk. It counts from the start: the runs alone may take half a minute on a busy machine. */
const PATIENCE = { interruptAfterTimeLimit: 200_000, markInterruptAsFailure: true }
/** Message ids are unique over all user agents: so many numbers belong to each. */
const MESSAGES = 12
const TOPICS = [undefined, 'one', 'two']

/** One operation on one user agent; `agent`, `channel`, `message` and so on are the numbers of samples. */
type Operation =
  | { kind: 'register'; agent: number; channel: number; key: number }
  | { kind: 'unregister' | 'removeTopic'; agent: number; channel: number; message: number; topic: number }
  | { kind: 'put'; agent: number; channel: number; message: number; topic: number; sends: number }
  | { kind: 'remove' | 'countSends'; agent: number; messages: number[] }
  | { kind: 'dropAgent'; agent: number }

const AGENT = fc.integer({ min: 0, max: 1 })
const CHANNEL_NUMBER = fc.integer({ min: 1, max: 3 })
const MESSAGE = fc.integer({ min: 0, max: MESSAGES - 1 })
const TOPIC = fc.integer({ min: 0, max: TOPICS.length - 1 })
const OPERATION: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('register' as const),
      agent: AGENT,
      channel: CHANNEL_NUMBER,
      key: AGENT,
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('put' as const),
      agent: AGENT,
      channel: CHANNEL_NUMBER,
      message: MESSAGE,
      topic: TOPIC,
      sends: AGENT,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('unregister' as const, 'removeTopic' as const),
      agent: AGENT,
      channel: CHANNEL_NUMBER,
      message: MESSAGE,
      topic: TOPIC,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('remove' as const, 'countSends' as const),
      agent: AGENT,
      messages: fc.array(MESSAGE, { maxLength: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('dropAgent' as const), agent: AGENT }) },
)

/** Any sequence of operations leaves the same channels and messages as it does in a model of two maps. */
export function modelContract(test: WithStore): void {
  test('does as a trivial model does, whatever the order', async (t, store) => {
    let run = 0
    const property = fc.asyncProperty(
      fc.array(OPERATION, { minLength: 10, maxLength: 60, size: 'max' }),
      async (operations) => {
        run += 1
        // User agents of their own, so that one store serves all runs.
        const models = [new ModelAgent(2 * run), new ModelAgent(2 * run + 1)] as const
        for (const operation of operations)
          await apply(store, models[operation.agent === 1 ? 1 : 0], operation)
        for (const model of models) await compare(store, model)
      },
    )
    await t.resolves(fc.assert(property, { numRuns: RUNS, seed: SEED, ...PATIENCE }))
    t.ok(run >= RUNS)
  })
}

/** What one user agent has: that a put's channel is registered is seen to by `apply`. */
class ModelAgent {
  readonly uaid: Uaid
  readonly #firstMessage: number
  readonly channels = new Map<ChannelId, KeyDigest>()
  readonly messages = new Map<MessageId, { message: Message; sends: number }>()

  constructor(number: number) {
    this.uaid = uaidOf(number)
    this.#firstMessage = number * MESSAGES
  }

  idsOf(numbers: readonly number[]): MessageId[] {
    return idsOf(...new Set(numbers.map((number) => this.#firstMessage + number)))
  }

  sample({ message, channel, topic }: { message: number; channel: number; topic: number }): Message {
    const name = TOPICS[topic]
    const changes = { channelId: channelOf(channel), ...(name !== undefined && { topic: name }) }
    return messageOf(this.#firstMessage + message, changes)
  }

  put(message: Message, sends: number): void {
    const there = this.messages.get(message.id)
    if (there !== undefined) {
      there.sends = Math.max(there.sends, sends)
      return
    }
    const rivals = [...this.messages.values()].filter((rival) => sameTopic(rival.message, message))
    if (rivals.some((rival) => rival.message.id > message.id)) return
    for (const rival of rivals) this.messages.delete(rival.message.id)
    this.messages.set(message.id, { message, sends })
  }

  drop(unwanted: (message: Message) => boolean): void {
    for (const { message } of this.messages.values()) if (unwanted(message)) this.messages.delete(message.id)
  }
}

async function apply(store: Store, model: ModelAgent, operation: Operation): Promise<void> {
  const { uaid } = model
  switch (operation.kind) {
    case 'register': {
      const [channelId, keyDigest] = [channelOf(operation.channel), digestOf(operation.key)]
      await store.register(uaid, channelId, keyDigest, NOW_MS)
      model.channels.set(channelId, keyDigest)
      return
    }
    case 'put': {
      const message = model.sample(operation)
      if (!model.channels.has(message.channelId)) return
      await store.put(uaid, message, operation.sends)
      return model.put(message, operation.sends)
    }
    case 'unregister': {
      const channelId = channelOf(operation.channel)
      await store.unregister(uaid, channelId)
      model.channels.delete(channelId)
      return model.drop((message) => message.channelId === channelId)
    }
    case 'removeTopic': {
      const { id, channelId, topic = 'none' } = model.sample(operation)
      await store.removeTopic(uaid, channelId, topic, id, 'acknowledged')
      return model.drop((message) => sameTopic(message, { channelId, topic }) && message.id <= id)
    }
    case 'remove': {
      const ids = model.idsOf(operation.messages)
      assert.deepEqual(
        await store.remove(uaid, ids, 'acknowledged'),
        ids.filter((id) => model.messages.has(id)),
      )
      return model.drop((message) => ids.includes(message.id))
    }
    case 'countSends': {
      const ids = model.idsOf(operation.messages)
      await store.countSends(uaid, ids)
      for (const id of ids) {
        const kept = model.messages.get(id)
        if (kept !== undefined) kept.sends += 1
      }
      return
    }
    case 'dropAgent':
      await store.dropAgent(uaid)
      model.channels.clear()
      return model.messages.clear()
  }
}

async function compare(store: Store, model: ModelAgent): Promise<void> {
  const { uaid } = model
  const channels = model.channels.size === 0 ? undefined : Object.fromEntries(model.channels)
  assert.deepEqual(await channelsOf(store, uaid), channels)
  const expected = [...model.messages.values()].sort((a, b) => (a.message.id < b.message.id ? -1 : 1))
  for (const pageSize of [3, 100]) {
    const listed = await listAll(store, uaid, pageSize)
    assert.deepEqual(
      listed.map(({ message, sends }) => [message.id, message.channelId, message.topic, sends]),
      expected.map(({ message, sends }) => [message.id, message.channelId, message.topic, sends]),
    )
  }
}
