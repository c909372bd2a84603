import { Counts } from '../../cluster/counts.ts'
import type { MessageId, ReceiptSubscriptionId } from '../../push/ids.ts'
import {
  type AwaitedReceipt,
  ENDED_KEPT_MS,
  RECEIPT_KEPT_MS,
  type Receipt,
  type ReceiptOutcome,
} from '../../push/receipt.ts'
import type {
  FetchedReceipt,
  Handover,
  ReceiptListener,
  ReceiptPage,
  WantedReceipts,
} from '../../store/store.ts'
import type { StoreObserver } from './store-truth.ts'

/** An outcome as it is kept. */
interface ReceiptRow {
  readonly awaited: AwaitedReceipt
  readonly outcome: ReceiptOutcome
  readonly keptUntilMs: number
  fetchedAtMs: number | undefined
  /** Nobody knows whether it got there. */
  isSentOnly: boolean
}

/** Receipts in memory, with the semantics of a real store. */
export class MemoryReceipts {
  readonly #observer: Pick<StoreObserver, 'settled'>
  readonly #rows = new Map<ReceiptSubscriptionId, Map<MessageId, ReceiptRow>>()
  /** Until when it is remembered of each. */
  readonly #ended = new Map<ReceiptSubscriptionId, number>()
  readonly #settled = new Counts<ReceiptOutcome>()
  tell: ReceiptListener = () => {}

  constructor(observer: Pick<StoreObserver, 'settled'>) {
    this.#observer = observer
  }

  /** Writes the outcome of a message, unless it has one. */
  settle(awaited: AwaitedReceipt, outcome: ReceiptOutcome, nowMs = 0): void {
    const { subscription } = awaited.receipt
    const rows = this.#rows.get(subscription) ?? new Map<MessageId, ReceiptRow>()
    this.#rows.set(subscription, rows)
    if (rows.has(awaited.id)) return
    const keptUntilMs = Math.max(awaited.expiresAtMs, nowMs) + RECEIPT_KEPT_MS
    rows.set(awaited.id, { awaited, outcome, keptUntilMs, fetchedAtMs: undefined, isSentOnly: false })
    this.#observer.settled(awaited.id, outcome, undefined)
    this.#settled.add(outcome)
    if (outcome !== 'none') this.tell(subscription)
  }

  list(subscription: ReceiptSubscriptionId, { after, limit }: WantedReceipts): ReceiptPage | 'ended' {
    if (this.#ended.has(subscription)) return 'ended'
    const waiting = this.#of(subscription)
      .filter(({ fetchedAtMs }) => fetchedAtMs === undefined)
      .flatMap(receiptOf)
      .filter(({ id }) => after === undefined || id > after)
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    const receipts = waiting.slice(0, limit)
    return { receipts, next: waiting.length > limit ? receipts.at(-1)?.id : undefined }
  }

  markFetched(
    subscription: ReceiptSubscriptionId,
    fetched: readonly FetchedReceipt[],
    handover: Handover,
  ): void {
    for (const { id, atMs } of fetched) {
      const row = this.#rows.get(subscription)?.get(id)
      if (row === undefined || row.fetchedAtMs !== undefined) continue
      row.fetchedAtMs = atMs
      row.isSentOnly = handover === 'sent'
    }
  }

  confirmFetched(subscription: ReceiptSubscriptionId, fromMs: number, upToMs: number): void {
    for (const row of this.#of(subscription))
      if (row.fetchedAtMs !== undefined && row.fetchedAtMs >= fromMs && row.fetchedAtMs <= upToMs)
        row.isSentOnly = false
  }

  unmarkFetched(subscription: ReceiptSubscriptionId, afterMs: number): void {
    for (const row of this.#of(subscription))
      if (row.fetchedAtMs !== undefined && row.fetchedAtMs > afterMs) waitAgain(row)
  }

  unmarkSent(subscription: ReceiptSubscriptionId): void {
    for (const row of this.#of(subscription)) if (row.isSentOnly) waitAgain(row)
  }

  end(subscription: ReceiptSubscriptionId, nowMs: number): boolean {
    if (this.#ended.has(subscription)) return false
    this.#ended.set(subscription, nowMs + ENDED_KEPT_MS)
    this.tell(subscription)
    return true
  }

  hasEnded(subscription: ReceiptSubscriptionId): boolean {
    return this.#ended.has(subscription)
  }

  /** Drops what has been kept long enough; says how many. */
  collect(nowMs: number): number {
    let dropped = 0
    for (const rows of this.#rows.values())
      for (const [id, { keptUntilMs }] of rows) if (keptUntilMs <= nowMs && rows.delete(id)) dropped += 1
    for (const [subscription, keptUntilMs] of this.#ended)
      if (keptUntilMs <= nowMs && this.#ended.delete(subscription)) dropped += 1
    return dropped
  }

  get settled(): ReadonlyMap<ReceiptOutcome, number> {
    return this.#settled.all
  }

  /** The outcome of a message as it is now; for checks. */
  outcomeOf({ id, receipt }: AwaitedReceipt): ReceiptOutcome | undefined {
    return this.#rows.get(receipt.subscription)?.get(id)?.outcome
  }

  #of(subscription: ReceiptSubscriptionId): ReceiptRow[] {
    return [...(this.#rows.get(subscription)?.values() ?? [])]
  }
}

function waitAgain(row: ReceiptRow): void {
  row.fetchedAtMs = undefined
  row.isSentOnly = false
}

function receiptOf({ awaited, outcome }: ReceiptRow): Receipt[] {
  if (outcome === 'none') return []
  return [{ id: awaited.id, sealedChannel: awaited.receipt.sealedChannel, outcome }]
}
