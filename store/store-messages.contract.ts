import type { Test } from 'tap'
import type { Message } from '../push/message.ts'
import {
  anyUrgency,
  CHANNEL,
  digestOf,
  idle,
  idsOf,
  LIMITS,
  listAll,
  listIds,
  messageIdOf,
  messageOf,
  NOW_MS,
  numbers,
  OTHER_CHANNEL,
  OTHER_UA,
  UA,
  uaidOf,
  type WithStore,
} from './fixtures/samples.ts'
import type { Store } from './store.ts'

/** Messages: kept, listed in pages, counted, removed, capped. */
export function messagesContract(test: WithStore): void {
  test('gives back a message as it was put', async (t, store) => {
    await store.register(UA, CHANNEL, digestOf(1), NOW_MS)
    const samples = [
      messageOf(1, { body: Buffer.alloc(5_630, 0xa5) }),
      messageOf(2, { headers: { encoding: 'aesgcm', encryption: 'salt=abc', cryptoKey: 'dh=def' } }),
      withoutHeaders(messageOf(3, { body: Buffer.alloc(0), topic: 'a-topic', ttlSeconds: 1 })),
    ]
    for (const message of samples) await store.put(UA, message, 0)
    t.strictSame(
      (await listAll(store, UA)).map(({ message, sends }) => ({ ...comparable(message), sends })),
      samples.map((message) => ({ ...comparable(message), sends: 0 })),
    )
  })

  test('lists by id, whatever the order of the puts, and each user agent apart', async (t, store) => {
    await store.register(UA, CHANNEL, digestOf(1), NOW_MS)
    await store.register(OTHER_UA, CHANNEL, digestOf(1), NOW_MS)
    for (const number of [5, 1, 4, 2, 3]) await store.put(UA, messageOf(number), 0)
    await store.put(OTHER_UA, messageOf(6), 0)
    t.strictSame(await listIds(store, UA), idsOf(1, 2, 3, 4, 5))
    t.strictSame(await listIds(store, OTHER_UA), idsOf(6))
    t.strictSame(await listIds(store, uaidOf(3)), [])
  })

  test('pages: no message twice, none left out, and an end', async (t, store) => {
    await store.register(UA, CHANNEL, digestOf(1), NOW_MS)
    for (const number of numbers(1, 7)) await store.put(UA, messageOf(number), 0)
    for (const pageSize of [1, 2, 3, 6, 7, 8])
      t.strictSame(await listIds(store, UA, pageSize), idsOf(...numbers(1, 7)), `pages of ${pageSize}`)
    t.equal((await store.list(UA, anyUrgency(undefined, 7), NOW_MS)).next, undefined, 'nothing followed')
    t.equal(
      (await store.list(UA, anyUrgency(undefined, 6), NOW_MS)).next,
      messageIdOf(6),
      'one more followed',
    )
    t.strictSame(await store.list(UA, anyUrgency(messageIdOf(7), 7), NOW_MS), {
      messages: [],
      next: undefined,
    })
  })

  test('a cursor outlives its message; an id behind it is seen by the next pass', async (t, store) => {
    await store.register(UA, CHANNEL, digestOf(1), NOW_MS)
    for (const number of [2, 3, 5, 6]) await store.put(UA, messageOf(number), 0)
    const { messages, next } = await store.list(UA, anyUrgency(undefined, 2), NOW_MS)
    t.strictSame(
      messages.map(({ message }) => message.id),
      idsOf(2, 3),
    )
    await store.remove(UA, idsOf(2, 3), 'acknowledged')
    for (const number of [1, 4]) await store.put(UA, messageOf(number), 0)
    const rest = await store.list(UA, anyUrgency(next, 10), NOW_MS)
    t.strictSame(
      rest.messages.map(({ message }) => message.id),
      idsOf(4, 5, 6),
    )
    t.strictSame(await listIds(store, UA), idsOf(1, 4, 5, 6))
  })

  test('does not list what has expired at the moment of reading', async (t, store) => {
    await store.register(UA, CHANNEL, digestOf(1), NOW_MS)
    for (const number of numbers(1, 9))
      await store.put(UA, messageOf(number, { expiresAtMs: NOW_MS + number * 1000 }), 0)
    t.strictSame(await listIds(store, UA, 2, NOW_MS + 4999), idsOf(5, 6, 7, 8, 9))
    t.strictSame(await listIds(store, UA, 2, NOW_MS + 5001), idsOf(6, 7, 8, 9))
    t.strictSame(await listIds(store, UA, 2, NOW_MS + 9001), [])
    t.strictSame(await listIds(store, UA, 2, NOW_MS), idsOf(...numbers(1, 9)), 'reading dropped nothing')
  })

  test('putting an id again changes nothing', async (t, store) => {
    await store.register(UA, CHANNEL, digestOf(1), NOW_MS)
    await store.put(UA, messageOf(1), 1)
    await store.put(UA, messageOf(1), 0)
    await Promise.all(numbers(1, 20).map(() => store.put(UA, messageOf(2), 0)))
    const all = await listAll(store, UA)
    t.strictSame(
      all.map(({ message, sends }) => [message.id, sends]),
      [
        [messageIdOf(1), 1],
        [messageIdOf(2), 0],
      ],
    )
  })

  test('remove says which were there, and only once', async (t, store) => {
    await store.register(UA, CHANNEL, digestOf(1), NOW_MS)
    for (const number of [1, 2, 3]) await store.put(UA, messageOf(number), 0)
    t.strictSame(await store.remove(UA, idsOf(1, 3, 9), 'acknowledged'), idsOf(1, 3))
    t.strictSame(await store.remove(UA, idsOf(1, 2), 'acknowledged'), idsOf(2))
    t.strictSame(await store.remove(OTHER_UA, idsOf(2), 'acknowledged'), [])
    t.strictSame(await store.remove(UA, [], 'acknowledged'), [])
    t.strictSame(await listIds(store, UA), [])
  })

  test('a message of another user agent is not removed', async (t, store) => {
    await store.register(UA, CHANNEL, digestOf(1), NOW_MS)
    await store.put(UA, messageOf(1), 0)
    t.strictSame(await store.remove(OTHER_UA, idsOf(1), 'acknowledged'), [])
    t.strictSame(await listIds(store, UA), idsOf(1))
  })

  test('counts sends of what is there', async (t, store) => {
    await store.register(UA, CHANNEL, digestOf(1), NOW_MS)
    await store.put(UA, messageOf(1), 0)
    await store.put(UA, messageOf(2, { topic: 'kept' }), 1)
    await store.countSends(UA, idsOf(1, 2, 3))
    await store.countSends(UA, idsOf(2))
    const all = await listAll(store, UA)
    t.strictSame(
      all.map(({ message, sends }) => [message.id, message.topic, sends]),
      [
        [messageIdOf(1), undefined, 1],
        [messageIdOf(2), 'kept', 3],
      ],
    )
  })

  test('pending names those with an unexpired message', async (t, store) => {
    for (const uaid of [UA, OTHER_UA]) await store.register(uaid, CHANNEL, digestOf(1), NOW_MS)
    await store.put(UA, messageOf(1, { expiresAtMs: NOW_MS - 1 }), 0)
    await store.put(UA, messageOf(2), 0)
    t.strictSame(await store.pending([uaidOf(3), UA, OTHER_UA], NOW_MS), [UA])
    await store.remove(UA, idsOf(1, 2), 'acknowledged')
    t.strictSame(await store.pending([UA, OTHER_UA], NOW_MS), [])
    t.strictSame(await store.pending([], NOW_MS), [])
  })

  test('pending finds the one message behind many expired ones', async (t, store) => {
    await store.register(UA, CHANNEL, digestOf(1), NOW_MS)
    for (const number of numbers(1, 60))
      await store.put(UA, messageOf(number, { expiresAtMs: NOW_MS - 1 }), 0)
    await store.put(UA, messageOf(61), 0)
    t.strictSame(await store.pending([UA], NOW_MS), [UA])
  })

  test('the cap: the oldest of the channel that holds most go first', capped, {
    ...LIMITS,
    storedMax: 20,
  })

  test('10,000 messages of one user agent', async (t, store) => {
    await store.register(UA, CHANNEL, digestOf(1), NOW_MS)
    await Promise.all(numbers(1, 10_000).map((number) => store.put(UA, messageOf(number), 0)))
    const ids = await listIds(store, UA, 500)
    t.equal(ids.length, 10_000)
    t.strictSame(ids, idsOf(...numbers(1, 10_000)))
    await store.unregister(UA, CHANNEL)
    t.strictSame(await listIds(store, UA, 500), [])
  })
}

/** One put in 32 looks after the cap, so that of 320 without a look there is no danger worth the name (1 in 25,000). */
async function capped(t: Test, store: Store): Promise<void> {
  for (const channelId of [CHANNEL, OTHER_CHANNEL]) await store.register(UA, channelId, digestOf(1), NOW_MS)
  for (const number of numbers(1, 5)) await store.put(UA, messageOf(number, { channelId: OTHER_CHANNEL }), 0)
  for (const number of numbers(6, 700)) await store.put(UA, messageOf(number), 0)
  await idle(store)
  const all = await listAll(store, UA)
  t.ok(all.length >= 20 && all.length < 20 + 320, `${all.length} are left`)
  const of = (channelId: string) => all.map(({ message }) => message).filter((m) => m.channelId === channelId)
  t.strictSame(
    of(OTHER_CHANNEL).map(({ id }) => id),
    idsOf(...numbers(1, 5)),
    'the small channel lost nothing',
  )
  const flooded = of(CHANNEL).map(({ id }) => id)
  t.strictSame(flooded, idsOf(...numbers(701 - flooded.length, 700)), 'the other one its oldest')
}

/** A message without headers, as one with an empty body is. */
function withoutHeaders(message: Message): Message {
  const { headers: _, ...rest } = message
  return rest
}

/** A body may come back as another kind of byte array. */
function comparable(message: Message): object {
  return { ...message, body: Buffer.from(message.body).toString('hex') }
}
