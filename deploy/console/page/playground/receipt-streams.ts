import { parseReceipt } from '../../model/playground/sent.ts'

const EARLY_MAX = 100

/** Who wants to know of a message. */
interface Waiting {
  readonly onReceipt: (status: number) => void
  readonly onFailure: (why: string) => void
}

interface Stream {
  readonly source: EventSource
  /** By the URL of the message. */
  readonly waiting: Map<string, Waiting>
}

/**
 * Reads receipts: one stream of events for each receipt subscription, open for as long as something is waited for. The browser connects
 * again by itself, and says which receipt it had last.
 */
export class ReceiptStreams {
  readonly #streams = new Map<string, Stream>()
  /** Statuses of messages whose receipt came before their sender was answered. */
  readonly #early = new Map<string, number>()

  /** Waits for the receipt of a message. */
  wait(url: string, message: string, waiting: Waiting): void {
    const status = this.#early.get(message)
    this.#early.delete(message)
    if (status === undefined) this.#streamOf(url).waiting.set(message, waiting)
    else waiting.onReceipt(status)
  }

  /** Does not wait for it any more. */
  stop(url: string, message: string): void {
    const stream = this.#streams.get(url)
    if (stream === undefined) return
    stream.waiting.delete(message)
    if (stream.waiting.size > 0) return
    stream.source.close()
    this.#streams.delete(url)
  }

  #streamOf(url: string): Stream {
    const open = this.#streams.get(url)
    if (open !== undefined) return open
    const stream: Stream = { source: new EventSource(url), waiting: new Map() }
    this.#streams.set(url, stream)
    stream.source.addEventListener('message', ({ data }) => this.#take(url, stream, String(data)))
    stream.source.addEventListener('error', () => {
      // Otherwise the browser tries again.
      if (stream.source.readyState !== EventSource.CLOSED) return
      this.#streams.delete(url)
      for (const { onFailure } of stream.waiting.values())
        onFailure('The service does not let its receipts be read: they were ended, or too many read them.')
    })
    return stream
  }

  #take(url: string, { waiting }: Stream, data: string): void {
    const receipt = parseReceipt(data)
    if (receipt === undefined) return
    const found = waiting.get(receipt.message)
    if (found === undefined) return this.#keep(receipt.message, receipt.status)
    this.stop(url, receipt.message)
    found.onReceipt(receipt.status)
  }

  #keep(message: string, status: number): void {
    this.#early.set(message, status)
    const [oldest] = this.#early.keys()
    if (this.#early.size > EARLY_MAX && oldest !== undefined) this.#early.delete(oldest)
  }
}
