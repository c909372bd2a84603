import { toBase64url } from '../../../by-hand/base64url.ts'
import { receiptUrlIn } from '../../../by-hand/receipt-link.ts'
import { parseFailure } from '../../model/playground/failure-words.ts'
import type { KeyPair } from '../../model/playground/p256.ts'
import { type PushRequest, pushRequest } from '../../model/playground/push-request.ts'
import type { Letter } from '../../model/playground/send-form.ts'
import { type ReceiptState, SENT_MAX, type Sent, type SentAnswer } from '../../model/playground/sent.ts'
import { ReceiptStreams } from './receipt-streams.ts'
import { Store } from './store.ts'

/** Status of a receipt that says: the user agent has acknowledged the message. */
const ACKNOWLEDGED = 204
/** Of a failure: what was taken for a receipt subscription is none any more. */
const RECEIPT_INVALID = 117
const UNREACHABLE =
  'No answer that the browser lets this page see. Perhaps nothing listens there, its certificate is not trusted, or it is a push service that takes no messages from web pages (CORS): the browser’s own console says more.'

/** Sends messages as an application server does, and follows what becomes of them. */
export class ApplicationServer {
  /** The newest first. */
  readonly sent = new Store<readonly Sent[]>([])
  /** What keys messages are signed with. */
  readonly vapid: KeyPair
  readonly #receipts = new ReceiptStreams()
  /** The receipt subscription that each service has given: one serves all messages. */
  readonly #receiptUrls = new Map<string, string>()

  constructor(vapid: KeyPair) {
    this.vapid = vapid
  }

  /** Sends a message; resolves when it is answered. */
  async send(letter: Letter): Promise<void> {
    const { endpoint } = letter.subscription
    const receiptUrl = this.#receiptUrls.get(new URL(endpoint).origin)
    const vapid = letter.isSigned ? this.vapid : undefined
    const atMs = Date.now()
    const request = await pushRequest(endpoint, letter.recipient, { ...letter, receiptUrl }, vapid, atMs)
    const id = (this.sent.value[0]?.id ?? 0) + 1
    const data = request.body && toBase64url(request.body)
    const sent: Sent = {
      id,
      atMs: Date.now(),
      letter,
      request,
      data,
      answer: { kind: 'waiting' },
      receipt: { kind: 'notAsked' },
    }
    this.sent.set([sent, ...this.sent.value].slice(0, SENT_MAX))
    await this.#post(sent)
  }

  /** Takes a message back that was not delivered yet. */
  async takeBack(sent: Sent): Promise<void> {
    const { location } = sent
    if (location === undefined) return
    const response = await fetch(location, { method: 'DELETE' }).catch(() => undefined)
    if (response?.status === 204) {
      this.stopWaiting(sent, 'It was taken back: there is no receipt of such messages.')
      return this.#note(sent.id, {
        takenBack: { isDone: true, text: 'Taken back: it will not be delivered.' },
      })
    }
    const text =
      response?.status === 404
        ? 'There is no such message any more: it was delivered, has expired, or was replaced.'
        : response === undefined
          ? UNREACHABLE
          : `Not taken back: ${response.status} ${parseFailure(await response.text())?.message ?? ''}`
    this.#note(sent.id, { takenBack: { isDone: response?.status === 404, text } })
  }

  /** Waits for nothing any more. */
  end(): void {
    for (const sent of this.sent.value) this.stopWaiting(sent, 'This page was left.')
  }

  /** Does not wait for its receipt any more. */
  stopWaiting({ id }: Sent, why: string): void {
    const sent = this.sent.value.find((one) => one.id === id)
    if (sent?.receipt.kind !== 'waiting' || sent.location === undefined) return
    this.#receipts.stop(sent.receipt.url, sent.location)
    this.#note(id, { receipt: { kind: 'none', why } })
  }

  async #post({ id, atMs, letter, request }: Sent): Promise<void> {
    const began = performance.now()
    const response = await post(request)
    if (response === undefined)
      return this.#note(id, { answer: { kind: 'unreachable', why: unreachableWords(request.endpoint) } })
    const tookMs = performance.now() - began
    const { status, statusText } = response
    const body = await response.text().catch(() => '')
    const answer: SentAnswer = {
      kind: 'answered',
      status,
      statusText,
      headers: [...response.headers],
      body,
      tookMs,
    }
    const location = locationOf(response, request.endpoint)
    const receipt = letter.receipt ? this.#receiptOf(response, body, request.endpoint) : NOT_ASKED
    this.#note(id, { answer, receipt, ...(location !== undefined && { location }) })
    if (receipt.kind === 'waiting' && location !== undefined) this.#await(id, atMs, receipt.url, location)
  }

  /** Where the receipt of a message will be, of which this is the answer. */
  #receiptOf(response: Response, body: string, endpoint: string): ReceiptState {
    const { origin } = new URL(endpoint)
    if (!response.ok) {
      if (parseFailure(body)?.errno === RECEIPT_INVALID) this.#receiptUrls.delete(origin)
      return NOT_ASKED
    }
    const url = receiptUrlIn(response.headers.get('link'), endpoint)
    if (url === undefined || !response.headers.has('location'))
      return { kind: 'none', why: 'This service gives no receipts.' }
    this.#receiptUrls.set(origin, url)
    return { kind: 'waiting', url }
  }

  #await(id: number, atMs: number, url: string, location: string): void {
    this.#receipts.wait(url, location, {
      onReceipt: (status) => {
        const kind = status === ACKNOWLEDGED ? 'acknowledged' : 'notDelivered'
        this.#note(id, { receipt: { kind, tookMs: Date.now() - atMs } })
      },
      onFailure: (why) => this.#note(id, { receipt: { kind: 'none', why } }),
    })
  }

  #note(id: number, news: Partial<Sent>): void {
    this.sent.set(this.sent.value.map((one) => (one.id === id ? { ...one, ...news } : one)))
  }
}

const NOT_ASKED = { kind: 'notAsked' } as const

async function post({ endpoint, headers, body }: PushRequest): Promise<Response | undefined> {
  return fetch(endpoint, { method: 'POST', headers, ...(body !== undefined && { body }) }).catch(
    () => undefined,
  )
}

function locationOf(response: Response, endpoint: string): string | undefined {
  const location = response.headers.get('location')
  return location === null || !URL.canParse(location, endpoint) ? undefined : new URL(location, endpoint).href
}

function unreachableWords(endpoint: string): string {
  if (location.protocol === 'https:' && endpoint.startsWith('http:'))
    return 'This page came by https, and so the browser lets it send to https:// only; the endpoint is http://.'
  return UNREACHABLE
}
