import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Counts } from '../cluster/counts.ts'
import type { ReceiptSubscriptionId } from '../push/ids.ts'
import type { Log } from '../push/log.ts'
import type { Handover, Store } from '../store/store.ts'
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
  store: Pick<Store, 'receipts' | 'markFetched' | 'confirmFetched' | 'unmarkFetched'>
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

/** How receipts get to their senders. */
export type ReceiptWay = 'push' | 'events' | 'poll'

/** An open request. */
interface Reader {
  readonly subscription: ReceiptSubscriptionId
  readonly way: ReceiptWay
  close(): void
}

/** A connection that lives so long after something was sent has brought it: TCP gives up after 13 to 30 minutes (tcp(7), tcp_retries2). */
const OUTLIVED_MS = 30 * 60_000
const OUTLIVE_EVERY_MS = 5 * 60_000
const WAYS = ['push', 'events', 'poll'] as const satisfies readonly ReceiptWay[]
/** Requests of one receipt subscription that may be open at a time: more are of no use to it. */
const OF_ONE_MAX = 16

/** The requests for receipts that are open at this process (RFC 8030 section 6.3). */
export class ReceiptReaders {
  readonly #options: ReceiptReadersOptions
  readonly #deps: ReceiptReadersDeps
  readonly #handovers: Handovers
  readonly #readers = new Set<Reader>()
  readonly #handed = new Counts<ReceiptWay>()
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
    for (const other of this.#readers) if (other.subscription === subscription) ofOne += 1
    return ofOne < OF_ONE_MAX
  }

  /** How many receipts have left, each as often as it has. */
  get handed(): ReadonlyMap<ReceiptWay, number> {
    return this.#handed.all
  }

  /** Requests that are open. */
  get open(): ReadonlyMap<ReceiptWay, number> {
    const open = new Map<ReceiptWay, number>(WAYS.map((way) => [way, 0]))
    for (const { way } of this.#readers) open.set(way, (open.get(way) ?? 0) + 1)
    return open
  }

  /** Resolves when what was handed over before is marked: whoever asks next is not to be given it again. */
  async marked(subscription: ReceiptSubscriptionId): Promise<void> {
    await Promise.all(this.#marks.get(subscription) ?? [])
  }

  /** Answers a request, in the form that suits it. */
  read(read: ReceiptRead): void {
    const { subscription, waitMs, response } = read
    const { clock } = this.#deps
    const connection = connectionOf(response)
    if (connection === undefined) return
    // It stays open for as long as its client likes, with nothing to be said.
    http2StreamOf(response)?.setTimeout(0)
    const afterMs = Math.max(read.lastMs ?? 0, clock.nowMs())
    const way = wayOf(read)
    const form = this.#formOf(read, way, afterMs)
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
          this.#handed.add(way, written.length)
          if (isList) void this.#watch(subscription, connection, afterMs)
          return written
        } finally {
          if (isList) close()
        }
      },
      handedOver: () => this.#handedOver(way, connection),
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
    const reader = { subscription, way, close: end }
    const timer = isList && waitMs > 0 ? clock.after(waitMs, end) : undefined
    this.#readers.add(reader)
    response.on('close', close)
    feed.start(waitMs !== 0)
    if (way === 'events' && 'socket' in connection)
      void this.#confirm(subscription, connection.socket, { afterMs, feed })
  }

  /** Ends all requests: their clients come again, to another process or this one's successor. */
  async close(): Promise<void> {
    this.#closing = true
    for (const reader of [...this.#readers]) reader.close()
    await Promise.all([...this.#marks.values()].flatMap((marks) => [...marks]))
  }

  #formOf({ response, headers }: ReceiptRead, way: ReceiptWay, afterMs: number): ReceiptForm {
    const { clock, failures } = this.#deps
    const deps = { publicUrl: this.#options.publicUrl, clock, failures }
    const stream = http2StreamOf(response)
    if (way === 'poll') return new ReceiptList(response, headers, deps)
    if (way === 'push' && stream !== undefined) return new PushedReceipts(stream, deps)
    return new ReceiptEvents(response, headers, afterMs, deps)
  }

  /** What is known of what has left. One answer is marked at once, so that the next request, to whichever process, gets the next ones. */
  async #handedOver(way: ReceiptWay, connection: Connection): Promise<Handover | undefined> {
    if (way === 'poll') return 'got'
    if ('socket' in connection) return 'sent'
    return (await this.#handovers.done(connection)) ? 'got' : undefined
  }

  /** Confirms the events that were sent on a connection of HTTP/1.1: all when it ends in good order, else those that it has outlived. */
  async #confirm(
    subscription: ReceiptSubscriptionId,
    socket: Socket,
    { afterMs, feed }: { readonly afterMs: number; readonly feed: ReceiptFeed },
  ): Promise<void> {
    const { clock, store, log } = this.#deps
    let fromMs = afterMs
    const confirm = async (upToMs: number) => {
      if (upToMs <= fromMs) return
      await this.marked(subscription)
      await store.confirmFetched(subscription, fromMs, upToMs)
      fromMs = upToMs
    }
    // Else they come again: late is better than never.
    const failed = (error: unknown) =>
      log.warn({ err: error }, 'receipts that were read could not be marked so')
    const outlive = () =>
      clock.after(OUTLIVE_EVERY_MS, () => {
        void confirm(Math.min(feed.lastAtMs, clock.nowMs() - OUTLIVED_MS)).catch(failed)
        timer = outlive()
      })
    let timer = outlive()
    const inOrder = await this.#handovers.ended(socket)
    timer.cancel()
    if (inOrder) await confirm(feed.lastAtMs).catch(failed)
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

function wayOf({ waitMs, wantsEvents, response }: ReceiptRead): ReceiptWay {
  if (waitMs !== undefined) return 'poll'
  return !wantsEvents && allowsPush(response) ? 'push' : 'events'
}
