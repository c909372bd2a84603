import type { ServerResponse } from 'node:http'
import type { ReceiptSubscriptionId } from '../push/ids.ts'
import type { Log } from '../push/log.ts'
import type { Store } from '../store/store.ts'
import { http2StreamOf } from './connections.ts'
import type { Failures } from './failures.ts'
import { type Connection, connectionOf, Handovers } from './handover.ts'
import { ReceiptFeed, type ReceiptFeedDeps, type ReceiptFeedOptions } from './receipt-feed.ts'
import {
  allowsPush,
  type Headers,
  PushedReceipts,
  ReceiptEvents,
  type ReceiptForm,
  ReceiptList,
} from './receipt-forms.ts'

/** Options of reading receipts. */
export interface ReceiptReadersOptions extends ReceiptFeedOptions {
  /** Origin of the URLs of messages. */
  publicUrl: string
  /** Requests for receipts that may be open at a time. */
  receiptReadersMax: number
}

/** What reading receipts works with. */
export interface ReceiptReadersDeps extends ReceiptFeedDeps {
  store: Pick<Store, 'receipts' | 'markFetched' | 'unmarkFetched'>
  log: Log
  failures: Pick<Failures, 'count'>
}

/** A request for receipts. */
export interface ReceiptRead {
  readonly subscription: ReceiptSubscriptionId
  /** How long the answer may take; absent for one that goes on. */
  readonly waitMs: number | undefined
  /** Whether the client asks for events. */
  readonly wantsEvents: boolean
  /** The last receipt that the client knows was handed over then; undefined when it names none. */
  readonly lastMs: number | undefined
  readonly response: ServerResponse
  /** Of the answer, whatever it is. */
  readonly headers: Headers
}

/** An open request. */
interface Reader {
  close(): void
}

/** Requests of one receipt subscription that may be open at a time: more are of no use to it. */
const OF_ONE_MAX = 16

/** The requests for receipts that are open at this process (RFC 8030 section 6.3). */
export class ReceiptReaders {
  readonly #options: ReceiptReadersOptions
  readonly #deps: ReceiptReadersDeps
  readonly #handovers: Handovers
  readonly #readers = new Map<Reader, ReceiptSubscriptionId>()
  /** Marks under way: whoever reads next is not to be given the same again. */
  readonly #marks = new Map<ReceiptSubscriptionId, Set<Promise<void>>>()
  #closing = false

  constructor(options: ReceiptReadersOptions, deps: ReceiptReadersDeps) {
    this.#options = options
    this.#deps = deps
    this.#handovers = new Handovers(deps.clock)
  }

  /** Whether there is room for one more. */
  hasRoom(subscription: ReceiptSubscriptionId): boolean {
    if (this.#closing || this.#readers.size >= this.#options.receiptReadersMax) return false
    let ofOne = 0
    for (const other of this.#readers.values()) if (other === subscription) ofOne += 1
    return ofOne < OF_ONE_MAX
  }

  /** Resolves when what was handed over before is marked: whoever asks next is not to be given it again. */
  async marked(subscription: ReceiptSubscriptionId): Promise<void> {
    await Promise.all(this.#marks.get(subscription) ?? [])
  }

  /** Answers a request, in the form that suits it. */
  open(read: ReceiptRead): void {
    const { subscription, waitMs, response } = read
    const { clock } = this.#deps
    const connection = connectionOf(response)
    if (connection === undefined) return
    // It stays open for as long as its client likes, with nothing to be said.
    http2StreamOf(response)?.setTimeout(0)
    const afterMs = Math.max(read.lastMs ?? 0, clock.nowMs())
    const form = this.#formOf(read, afterMs)
    const isList = waitMs !== undefined
    let isOpen = true
    const close = () => {
      if (!isOpen) return
      isOpen = false
      timer?.cancel()
      feed.close()
      this.#readers.delete(reader)
    }
    const end = () => {
      close()
      form.end()
    }
    const sink = {
      write: async (receipts: Parameters<ReceiptForm['write']>[0]) => {
        try {
          const written = await form.write(receipts)
          if (isList) void this.#watch(subscription, connection, afterMs)
          return written
        } finally {
          if (isList) close()
        }
      },
      // An answer that has left is marked at once, so that the next request, to whichever process, gets the next ones.
      handedOver: () => (isList ? Promise.resolve(true) : this.#handovers.done(connection)),
      idle: () => {
        if (waitMs === 0) end()
      },
      ended: () => {
        close()
        form.gone()
      },
      failed: (error: unknown) => this.#deps.log.warn({ err: error }, 'receipts could not be read'),
    }
    const feed = new ReceiptFeed(this.#options, this.#deps, { subscription, afterMs, sink }, (mark) =>
      this.#marking(subscription, mark),
    )
    const reader = { close: end }
    const timer = isList && waitMs > 0 ? clock.after(waitMs, end) : undefined
    this.#readers.set(reader, subscription)
    response.on('close', close)
    feed.start(waitMs !== 0)
  }

  /** Ends all requests: their clients come again, to another process or this one's successor. */
  async close(): Promise<void> {
    this.#closing = true
    for (const reader of [...this.#readers.keys()]) reader.close()
    await Promise.all([...this.#marks.values()].flatMap((marks) => [...marks]))
  }

  #formOf({ waitMs, wantsEvents, response, headers }: ReceiptRead, afterMs: number): ReceiptForm {
    const { clock, failures } = this.#deps
    const deps = { publicUrl: this.#options.publicUrl, clock, failures }
    if (waitMs !== undefined) return new ReceiptList(response, headers, deps)
    const stream = http2StreamOf(response)
    if (!wantsEvents && stream !== undefined && allowsPush(response)) return new PushedReceipts(stream, deps)
    return new ReceiptEvents(response, headers, afterMs, deps)
  }

  /** Lets the receipts of an answer wait again whose connection breaks before it can have got there. */
  async #watch(subscription: ReceiptSubscriptionId, connection: Connection, afterMs: number): Promise<void> {
    if (await this.#handovers.done(connection)) return
    await this.marked(subscription)
    await this.#deps.store
      .unmarkFetched(subscription, afterMs)
      .catch((error: unknown) =>
        this.#deps.log.warn({ err: error }, 'receipts that were lost could not be kept'),
      )
  }

  #marking(subscription: ReceiptSubscriptionId, mark: Promise<void>): void {
    const marks = this.#marks.get(subscription) ?? new Set()
    this.#marks.set(subscription, marks.add(mark))
    void mark.finally(() => {
      marks.delete(mark)
      if (marks.size === 0) this.#marks.delete(subscription)
    })
  }
}
