import type { Bus, Listening } from '../cluster/bus.ts'
import type { Clock, Random, Timer } from '../cluster/clock.ts'
import { type AgentReply, type AgentRequest, receiptsAddress } from '../push/agent-requests.ts'
import type { MessageId, ReceiptSubscriptionId } from '../push/ids.ts'
import type { Receipt } from '../push/receipt.ts'
import type { FetchedReceipt, Handover, Store } from '../store/store.ts'

/** Options of reading receipts. */
export interface ReceiptFeedOptions {
  /** The store is read again this often, give or take half of it: a hint can be lost. */
  receiptRecheckMs: number
}

/** What feeds work with. */
export interface ReceiptFeedDeps {
  store: Pick<Store, 'receipts' | 'markFetched'>
  bus: Bus<AgentRequest, AgentReply>
  clock: Clock
  random: Random
}

/** A receipt on its way to its sender. */
export interface HandedReceipt extends Receipt {
  /** When it is handed over, in milliseconds since the epoch; greater than that of every one before it in this feed. */
  readonly atMs: number
}

/** Where receipts go. */
export interface ReceiptSink {
  /** Writes receipts; resolves once they have left, to those that did. Rejects when the connection is lost. */
  write(receipts: readonly HandedReceipt[]): Promise<readonly HandedReceipt[]>
  /** Resolves once something is known of what has left so far; undefined when it can't be found out now. */
  handedOver(): Promise<Handover | undefined>
  /** A whole pass over what waits has been read. */
  idle(): void
  /** The receipt subscription has been ended. */
  ended(): void
  /** The store can't be read at the moment; the feed tries again. */
  failed(error: unknown): void
}

/** Receipts read, and handed over, at a time. */
const PAGE_MAX = 50
/** Receipts that may have left without a sign that they got there; more wait for one. */
const UNCONFIRMED_MAX = 1000
/** Pause before a read that failed, or a mark, is tried again. */
const RETRY_MS = 5000

/**
 * The receipts of one open request: those that wait, then those that come. Each goes out once; it is marked only when it has left, and as
 * what its sink knows of it, so that whoever loses a connection finds the rest waiting. A pass begins at the first receipt that waits, as one may be put
 * before any that was seen.
 */
export class ReceiptFeed {
  readonly #options: ReceiptFeedOptions
  readonly #deps: ReceiptFeedDeps
  readonly #subscription: ReceiptSubscriptionId
  readonly #sink: ReceiptSink
  /** Sent by this feed, and not marked as fetched yet. */
  readonly #sent = new Map<MessageId, HandedReceipt>()
  /** Those of them that are marked by now: a page that is being read may still hold them. */
  #marked: MessageId[] = []
  /** Called with each mark under way. */
  readonly #onMark: (mark: Promise<void>) => void
  #lastAtMs: number
  #listening: Listening | undefined
  #timer: Timer | undefined
  #dirty = false
  #reading = false
  #closed = false

  /** @param afterMs all receipts are handed over later than this */
  constructor(
    options: ReceiptFeedOptions,
    deps: ReceiptFeedDeps,
    request: { subscription: ReceiptSubscriptionId; afterMs: number; sink: ReceiptSink },
    onMark: (mark: Promise<void>) => void,
  ) {
    this.#options = options
    this.#deps = deps
    this.#subscription = request.subscription
    this.#sink = request.sink
    this.#lastAtMs = request.afterMs
    this.#onMark = onMark
  }

  /** When the last receipt was handed over; before the first one, the time that all are later than. */
  get lastAtMs(): number {
    return this.#lastAtMs
  }

  /** Starts to read. @param live whether to go on with those that come later */
  start(live: boolean): void {
    if (live) {
      this.#listening = this.#deps.bus.listen(receiptsAddress(this.#subscription), () => this.#look())
      const look = () => this.#look()
      // What came before others knew of the listening is read then; a bus that is away is made up for by looking again.
      this.#listening.flush().then(look, look)
      this.#lookAgain()
    }
    this.#look()
  }

  /** Stops reading. What has left already is still marked when it turns out to have got there. */
  close(): void {
    this.#closed = true
    this.#timer?.cancel()
    this.#listening?.stop()
  }

  #lookAgain(): void {
    const { clock, random } = this.#deps
    this.#timer = clock.after(this.#options.receiptRecheckMs * (0.5 + random.fraction()), () => {
      this.#look()
      this.#lookAgain()
    })
  }

  #look(): void {
    this.#dirty = true
    if (!this.#reading && !this.#closed) void this.#read()
  }

  async #read(): Promise<void> {
    this.#reading = true
    try {
      for (this.#forget(); this.#dirty && !this.#closed && this.#hasRoom; this.#forget()) {
        this.#dirty = false
        await this.#pass()
      }
    } catch (error) {
      this.#sink.failed(error)
      this.#dirty = true
      if (!this.#closed) this.#deps.clock.after(RETRY_MS, () => this.#look())
    } finally {
      this.#reading = false
    }
  }

  async #pass(): Promise<void> {
    let after: MessageId | undefined
    do {
      const page = await this.#deps.store.receipts(this.#subscription, { after, limit: PAGE_MAX })
      if (this.#closed) return
      if (page === 'ended') return this.#sink.ended()
      await this.#send(page.receipts.filter(({ id }) => !this.#sent.has(id)))
      after = page.next
    } while (after !== undefined && !this.#closed && this.#hasRoom)
    if (after !== undefined) this.#dirty = true
    else if (!this.#closed) this.#sink.idle()
  }

  async #send(receipts: readonly Receipt[]): Promise<void> {
    if (receipts.length === 0) return
    const handed = receipts.map((receipt) => ({ ...receipt, atMs: this.#nextAtMs() }))
    for (const receipt of handed) this.#sent.set(receipt.id, receipt)
    const written = await this.#sink.write(handed)
    void this.#confirm(written)
  }

  #nextAtMs(): number {
    this.#lastAtMs = Math.max(this.#lastAtMs + 1, this.#deps.clock.nowMs())
    return this.#lastAtMs
  }

  /** Waits until receipts have got there, and marks them. */
  async #confirm(written: readonly HandedReceipt[]): Promise<void> {
    if (written.length === 0) return
    let handover = await this.#sink.handedOver()
    while (handover === undefined) {
      if (this.#closed) return
      await this.#pause()
      handover = await this.#sink.handedOver()
    }
    const marks = written.map(({ id, atMs }) => ({ id, atMs }))
    const marked = this.#mark(marks, handover)
    this.#onMark(marked)
    await marked
    this.#marked.push(...written.map(({ id }) => id))
    if (this.#dirty) this.#look()
  }

  get #hasRoom(): boolean {
    return this.#sent.size < UNCONFIRMED_MAX
  }

  /** Called between two passes. */
  #forget(): void {
    for (const id of this.#marked) this.#sent.delete(id)
    this.#marked = []
  }

  /** Marks receipts as fetched; while the store is down, for as long as the request is open. Else they come again. */
  async #mark(fetched: readonly FetchedReceipt[], handover: Handover): Promise<void> {
    for (;;) {
      try {
        return await this.#deps.store.markFetched(this.#subscription, fetched, handover)
      } catch {
        if (this.#closed) return
        await this.#pause()
      }
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => void this.#deps.clock.after(RETRY_MS, resolve))
  }
}
