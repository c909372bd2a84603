import type { ServerResponse } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import type { Clock, Timer } from '../cluster/clock.ts'
import { within } from '../cluster/within.ts'
import { FAILURES } from '../push/errors.ts'
import { RECEIPT_STATUS, type Receipt } from '../push/receipt.ts'
import { messageToken } from '../push/tokens.ts'
import { failureBody } from './answers.ts'
import { http2StreamOf } from './connections.ts'
import type { Failures } from './failures.ts'
import type { HandedReceipt } from './receipt-feed.ts'
import { NO_RECEIPTS } from './receipt-subscriptions.ts'

/** How receipts are written to one request. */
export interface ReceiptForm {
  /** Writes receipts; resolves once they have left, to those that did. Rejects when the connection is lost. */
  write(receipts: readonly HandedReceipt[]): Promise<readonly HandedReceipt[]>
  /** Ends the request, which has had all that it gets: it may come again. */
  end(): void
  /** Ends the request of a receipt subscription that has been ended. */
  gone(): void
}

/** What forms work with. */
export interface ReceiptFormDeps {
  /** Origin of the URLs of messages. */
  readonly publicUrl: string
  readonly clock: Clock
  /** These answers go past the hook that counts. */
  readonly failures: Pick<Failures, 'count'>
}

/** What is answered where a receipt subscription has been ended. */
const GONE = FAILURES[NO_RECEIPTS.code]
/** A connection that is silent for longer is cut by proxies. */
const KEEP_ALIVE_MS = 15_000
/** A client that has not taken what was written for so long is gone. */
const WRITE_TIMEOUT_MS = 60_000
/** After a connection that breaks an EventSource comes again; before that it waits so long. */
const RETRY_MS = 5000

/** A receipt as it is written in JSON. `id` is for the Last-Event-ID header of the next request. */
export function receiptJson(receipt: HandedReceipt, publicUrl: string) {
  return {
    id: `${receipt.atMs}`,
    message: messageUrl(receipt, publicUrl),
    status: RECEIPT_STATUS[receipt.outcome],
  }
}

/**
 * Receipts as server push (RFC 8030 section 6.3): each is the pushed response to a GET of the message's resource. The request
 * itself is not answered as long as it is open.
 */
export class PushedReceipts implements ReceiptForm {
  readonly #stream: ServerHttp2Stream
  readonly #publicUrl: URL
  readonly #failures: ReceiptFormDeps['failures']

  constructor(stream: ServerHttp2Stream, { publicUrl, failures }: ReceiptFormDeps) {
    this.#stream = stream
    this.#publicUrl = new URL(publicUrl)
    this.#failures = failures
  }

  async write(receipts: readonly HandedReceipt[]): Promise<readonly HandedReceipt[]> {
    const pushed = await Promise.all(receipts.map((receipt) => this.#push(receipt)))
    return receipts.filter((_, index) => pushed[index])
  }

  end(): void {
    this.#respond(204)
  }

  gone(): void {
    if (this.#respond(GONE.status)) this.#failures.count(GONE)
  }

  /** Resolves to whether the whole response has left; a client may refuse it. */
  #push(receipt: HandedReceipt): Promise<boolean> {
    const { protocol, host } = this.#publicUrl
    const headers = {
      ':method': 'GET',
      ':scheme': protocol.slice(0, -1),
      ':authority': host,
      ':path': `/m/${messageToken(receipt.sealedChannel, receipt.id)}`,
    }
    return new Promise((resolve, reject) => {
      this.#stream.pushStream(headers, (error, stream) => {
        if (error !== null) return reject(error)
        stream.on('error', () => resolve(false))
        stream.on('close', () => resolve(stream.rstCode === 0))
        stream.respond({ ':status': RECEIPT_STATUS[receipt.outcome] }, { endStream: true })
      })
    })
  }

  /** Says whether it was still to be answered. */
  #respond(status: number): boolean {
    if (this.#stream.destroyed || this.#stream.headersSent) return false
    this.#stream.respond({ ':status': status }, { endStream: true })
    return true
  }
}

/** Receipts as server-sent events (the WHATWG HTML standard, section 9.2), which go on until either side ends them. */
export class ReceiptEvents implements ReceiptForm {
  readonly #response: ServerResponse
  readonly #deps: ReceiptFormDeps
  #keepAlive: Timer | undefined
  #writing = false

  /** @param afterMs what the client is to name as its last event if it never gets one */
  constructor(response: ServerResponse, headers: Headers, afterMs: number, deps: ReceiptFormDeps) {
    this.#response = response
    this.#deps = deps
    response.writeHead(200, { ...headers, 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    response.on('close', () => this.#keepAlive?.cancel())
    void this.#write(`retry: ${RETRY_MS}\nid: ${afterMs}\n\n`).catch(() => {})
    this.#stayAlive()
  }

  async write(receipts: readonly HandedReceipt[]): Promise<readonly HandedReceipt[]> {
    await this.#write(receipts.map((receipt) => this.#event(receipt)).join(''))
    return receipts
  }

  end(): void {
    this.#response.end()
  }

  gone(): void {
    this.#response.end()
  }

  #event(receipt: HandedReceipt): string {
    const { id, ...data } = receiptJson(receipt, this.#deps.publicUrl)
    return `id: ${id}\ndata: ${JSON.stringify(data)}\n\n`
  }

  #stayAlive(): void {
    this.#keepAlive = this.#deps.clock.after(KEEP_ALIVE_MS, () => {
      if (!this.#writing) void this.#write(':\n\n').catch(() => {})
      this.#stayAlive()
    })
  }

  async #write(text: string): Promise<void> {
    this.#writing = true
    try {
      const written = new Promise<void>((resolve, reject) => {
        const done = (error?: Error | null) => (error ? reject(error) : resolve())
        this.#response.write(text, 'utf8', done)
      })
      await within(this.#deps.clock, WRITE_TIMEOUT_MS, written, () => {
        this.#response.destroy()
        throw new Error('the client does not read')
      })
    } finally {
      this.#writing = false
    }
  }
}

/** Receipts as one answer in JSON, given as soon as there is one. */
export class ReceiptList implements ReceiptForm {
  readonly #response: ServerResponse
  readonly #headers: Headers
  readonly #deps: ReceiptFormDeps

  constructor(response: ServerResponse, headers: Headers, deps: ReceiptFormDeps) {
    this.#response = response
    this.#headers = headers
    this.#deps = deps
  }

  async write(receipts: readonly HandedReceipt[]): Promise<readonly HandedReceipt[]> {
    const list = receipts.map((receipt) => receiptJson(receipt, this.#deps.publicUrl))
    await new Promise<void>((resolve, reject) => {
      this.#response.on('finish', resolve).on('close', () => reject(new Error('the client is gone')))
      this.#answer(200, JSON.stringify({ receipts: list }))
    })
    return receipts
  }

  end(): void {
    if (this.#response.headersSent) return
    this.#response.writeHead(204, { ...this.#headers })
    this.#response.end()
  }

  gone(): void {
    if (this.#response.headersSent) return
    this.#deps.failures.count(GONE)
    this.#answer(GONE.status, failureBody(GONE, NO_RECEIPTS.detail))
  }

  #answer(status: number, body: string): void {
    const headers = { ...this.#headers, 'content-type': 'application/json', 'cache-control': 'no-store' }
    this.#response.writeHead(status, headers)
    this.#response.end(body)
  }
}

/** Headers of a response, as far as they are known before it is written. */
export type Headers = Record<string, string>

/** Whether receipts can be pushed to a client. */
export function allowsPush(response: ServerResponse): boolean {
  return http2StreamOf(response)?.pushAllowed ?? false
}

function messageUrl({ sealedChannel, id }: Receipt, publicUrl: string): string {
  return `${publicUrl}/m/${messageToken(sealedChannel, id)}`
}
