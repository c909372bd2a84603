import { TTL_MAX_SECONDS } from '../push/message.ts'
import { ENDED_KEPT_MS, RECEIPT_KEPT_MS } from '../push/receipt.ts'
import {
  awaitedOf,
  collectAll,
  DAY_MS,
  idsOf,
  messageIdOf,
  NOW_MS,
  numbers,
  receiptRequestOf,
  receiptsOf,
  type WithStore,
  waitingOutcomes,
  waitingReceipts,
} from './fixtures/samples.ts'

/** Receipts as their senders fetch them: what waits, what has been handed over, and subscriptions that end. */
export function receiptsFetchedContract(test: WithStore): void {
  const ours = receiptsOf(1)
  const settled: WithStore = (title, run) =>
    test(title, async (t, store) => {
      for (const number of [5, 1, 4, 2, 3]) await store.settle(awaitedOf(number), 'acknowledged')
      await store.settle(awaitedOf(6, { receipt: receiptRequestOf(2) }), 'notDelivered')
      await run(t, store)
    })
  const idsWaiting = async (store: Parameters<typeof waitingReceipts>[0], subscription = ours) => {
    const waiting = await waitingReceipts(store, subscription)
    return waiting === 'ended' ? waiting : waiting.map(({ id }) => id)
  }

  settled('receipts are listed in the order of their messages, page by page', async (t, store) => {
    for (const pageSize of [1, 2, 5, 6]) {
      const waiting = await waitingReceipts(store, ours, pageSize)
      t.strictSame(
        waiting !== 'ended' && waiting.map(({ id }) => id),
        idsOf(1, 2, 3, 4, 5),
        `pages of ${pageSize}`,
      )
    }
    const page = await store.receipts(ours, { after: messageIdOf(3), limit: 2 })
    t.match(page, { receipts: [{ id: messageIdOf(4) }, { id: messageIdOf(5) }], next: undefined })
  })

  settled('what has been fetched waits no longer, and keeps its outcome', async (t, store) => {
    await store.markFetched(
      ours,
      [
        { id: messageIdOf(1), atMs: NOW_MS },
        { id: messageIdOf(4), atMs: NOW_MS + 1 },
        { id: messageIdOf(6), atMs: NOW_MS + 1 },
        { id: messageIdOf(9), atMs: NOW_MS + 1 },
      ],
      'got',
    )
    t.strictSame(await idsWaiting(store), idsOf(2, 3, 5))
    t.strictSame(await idsWaiting(store, receiptsOf(2)), idsOf(6), "another sender's is not ours to mark")
    await store.settle(awaitedOf(1), 'notDelivered')
    t.strictSame(await idsWaiting(store), idsOf(2, 3, 5))
    await store.markFetched(ours, [], 'got')
  })

  settled('what was handed over after a time waits again', async (t, store) => {
    await store.settle(awaitedOf(7), 'none')
    const handed = numbers(1, 4).map((number) => ({ id: messageIdOf(number), atMs: NOW_MS + number }))
    await store.markFetched(ours, handed, 'got')
    await store.markFetched(ours, [{ id: messageIdOf(1), atMs: NOW_MS + 9 }], 'got')
    await store.unmarkFetched(ours, NOW_MS + 4)
    t.strictSame(await idsWaiting(store), idsOf(5), 'nothing was; the first mark counts')
    await store.unmarkFetched(ours, NOW_MS + 2)
    t.strictSame(await idsWaiting(store), idsOf(3, 4, 5))
    await store.unmarkFetched(receiptsOf(2), 0)
    t.strictSame(await idsWaiting(store), idsOf(3, 4, 5))
    await store.unmarkFetched(ours, 0)
    t.strictSame(await idsWaiting(store), idsOf(1, 2, 3, 4, 5), 'the outcome none never waits')
  })

  settled(
    'what was only sent waits again for whoever does not know better, and keeps its time',
    async (t, store) => {
      const at = (number: number) => ({ id: messageIdOf(number), atMs: NOW_MS + number })
      await store.markFetched(ours, numbers(1, 4).map(at), 'sent')
      await store.markFetched(ours, [at(5), { id: messageIdOf(1), atMs: NOW_MS + 9 }], 'got')
      t.strictSame(await idsWaiting(store), [], 'for now it does not')
      await store.confirmFetched(ours, NOW_MS + 2, NOW_MS + 3)
      await store.confirmFetched(receiptsOf(2), NOW_MS, NOW_MS + 9)
      await store.unmarkSent(receiptsOf(2))
      t.strictSame(await idsWaiting(store), [])
      await store.unmarkSent(ours)
      t.strictSame(await idsWaiting(store), idsOf(1, 4))
      await store.markFetched(ours, [1, 4].map(at), 'sent')
      await store.unmarkFetched(ours, NOW_MS + 2)
      t.strictSame(await idsWaiting(store), idsOf(3, 4, 5), 'however they were handed over')
      await store.confirmFetched(ours, 0, NOW_MS + 2)
      await store.unmarkSent(ours)
      t.strictSame(await idsWaiting(store), idsOf(3, 4, 5))
      await store.unmarkFetched(ours, NOW_MS + 1)
      t.strictSame(await idsWaiting(store), idsOf(2, 3, 4, 5), 'one that was confirmed keeps its time')
    },
  )

  settled('a subscription ends once', async (t, store) => {
    t.equal(await store.haveReceiptsEnded(ours), false)
    t.equal(await store.endReceipts(ours, NOW_MS), true)
    t.equal(await store.endReceipts(ours, NOW_MS), false)
    t.equal(await store.haveReceiptsEnded(ours), true)
    t.equal(await waitingReceipts(store, ours), 'ended')
    await store.settle(awaitedOf(8), 'acknowledged')
    t.equal(await waitingOutcomes(store), 'ended')
    t.equal(await store.haveReceiptsEnded(receiptsOf(2)), false, 'others go on')
    t.strictSame(await idsWaiting(store, receiptsOf(2)), idsOf(6))
  })

  settled(
    'an end is remembered for as long as there may be receipts of it, and a little longer',
    async (t, store) => {
      for (const number of numbers(1, 5)) await store.endReceipts(receiptsOf(number), NOW_MS + number)
      const ended = () =>
        Promise.all(numbers(1, 5).map((number) => store.haveReceiptsEnded(receiptsOf(number))))
      const lastReceiptMs = NOW_MS + TTL_MAX_SECONDS * 1000 + RECEIPT_KEPT_MS
      await collectAll(store, lastReceiptMs + DAY_MS, 2)
      t.strictSame(await ended(), [true, true, true, true, true])
      t.equal(await store.endReceipts(receiptsOf(3), lastReceiptMs), false)
      await collectAll(store, NOW_MS + ENDED_KEPT_MS + 4, 2)
      t.strictSame(await ended(), [false, false, false, false, true])
      t.equal(await store.endReceipts(receiptsOf(1), lastReceiptMs), true, 'it can be ended anew')
      await collectAll(store, NOW_MS + ENDED_KEPT_MS + 5, 2)
      t.strictSame(await ended(), [true, false, false, false, false])
    },
  )

  settled('of two that end a subscription at once one has ended it', async (t, store) => {
    const ended = await Promise.all([store.endReceipts(ours, NOW_MS), store.endReceipts(ours, NOW_MS)])
    t.strictSame(ended.toSorted(), [false, true])
  })

  settled('who listens is told of an end', async (t, store) => {
    const told: string[] = []
    store.onReceipt((subscription) => void told.push(subscription))
    await store.endReceipts(ours, NOW_MS)
    t.strictSame(told, [ours])
  })
}
