import type { IncomingHttpHeaders } from 'node:http'
import type { Clock, Random } from '../cluster/clock.ts'
import { FAILURES } from '../push/errors.ts'
import type { ReceiptSubscriptionId } from '../push/ids.ts'
import type { CryptoHeaders, Message } from '../push/message.ts'
import { MessageIds } from '../push/message-ids.ts'
import type { Subscription } from '../push/subscription.ts'
import { type EndpointVersion, messageToken, type Tokens } from '../push/tokens.ts'
import type { SpanContext } from '../push/tracing.ts'
import { authorize } from './authorize.ts'
import type { ArrivedBody } from './body-refusal.ts'
import { accept, type Checked, refuse } from './checked.ts'
import { parseCryptoHeaders } from './crypto-headers.ts'
import type { Delivery } from './delivery.ts'
import { isEcdhKey } from './ecdh-key.ts'
import type { MessageRates } from './message-rates.ts'
import { parsePrefer } from './prefer.ts'
import type { ReceiptSubscriptions } from './receipt-subscriptions.ts'
import { parseTopic } from './topic.ts'
import { parseTtl } from './ttl.ts'
import { readUrgency } from './urgency.ts'
import type { Vapid, VapidKey } from './vapid.ts'

/** What messages are accepted with. */
export interface MessagesDeps {
  tokens: Tokens
  vapid: Vapid
  delivery: Delivery
  rates: MessageRates
  receipts: ReceiptSubscriptions
  clock: Clock
  random: Random
}

/** A message that was accepted: the token of its message resource, the TTL granted, and where its receipt will be. */
export interface Accepted {
  readonly token: string
  readonly ttlSeconds: number
  /** delivered: acknowledged; stored: durable; dropped: TTL 0, and not reachable now. */
  readonly outcome: 'delivered' | 'stored' | 'dropped'
  /** URL of the receipt subscription; absent when no receipt was asked for. */
  readonly receipts?: string
}

/** A POST to an endpoint, apart from how it came. */
export interface PostedMessage {
  readonly version: EndpointVersion
  readonly token: string
  readonly headers: IncomingHttpHeaders
  readonly body: ArrivedBody
  /** The span of the request, where it is traced. */
  readonly trace?: SpanContext | undefined
}

const UNKNOWN_ENDPOINT = refuse(
  'tokenInvalid',
  'This endpoint is unknown: use the URL of the subscription unchanged',
)
const UNKNOWN_MESSAGE = refuse(
  'tokenInvalid',
  'There is no such message: it was delivered, expired or deleted',
)

/** What application servers do with messages: send one, and take one back. */
export class Messages {
  readonly #deps: MessagesDeps
  readonly #bodyLimitBytes: number
  readonly #ids: MessageIds

  constructor(bodyLimitBytes: number, deps: MessagesDeps) {
    this.#bodyLimitBytes = bodyLimitBytes
    this.#deps = deps
    this.#ids = new MessageIds(deps.clock, deps.random)
  }

  /** Checks a message in the order of what it costs, and delivers it (RFC 8030 section 5). */
  async post({ version, token, headers, body, trace }: PostedMessage): Promise<Checked<Accepted>> {
    const { tokens, vapid, delivery, rates } = this.#deps
    const subscription = tokens.openEndpoint(version, token)
    if (subscription === undefined) return UNKNOWN_ENDPOINT
    const authorized = await authorize(
      vapid,
      subscription,
      headers.authorization,
      text(headers['crypto-key']),
    )
    if (!authorized.ok) return authorized
    const checked = this.#check(subscription, headers, body, authorized.value)
    if (!checked.ok) return checked
    // Most want none, and need no promise.
    const receipts = asksForReceipt(headers) ? await this.#receiptsOf(headers) : accept(undefined)
    if (!receipts.ok) return receipts
    const admitted = rates.admit(subscription)
    if (!admitted.ok) return admitted
    const sealedChannel = tokens.sealChannel(subscription)
    const message =
      receipts.value === undefined
        ? checked.value
        : { ...checked.value, receipt: { subscription: receipts.value, sealedChannel } }
    const outcome = await delivery.deliver(subscription, message, trace)
    switch (outcome) {
      case 'delivered':
      case 'stored':
      case 'dropped':
        return accept(this.#accepted(message, sealedChannel, outcome))
      default:
        return refuse(outcome, FAILURES[outcome].message)
    }
  }

  /** Takes back a message that was not yet delivered. */
  async remove(token: string): Promise<Checked<undefined>> {
    const ref = this.#deps.tokens.openMessage(token)
    if (ref === undefined) return UNKNOWN_MESSAGE
    const outcome = await this.#deps.delivery.cancel(ref)
    switch (outcome) {
      case 'removed':
        return accept(undefined)
      case 'unknown':
        return UNKNOWN_MESSAGE
      case 'noAnswer':
        return refuse(outcome, 'Whoever may have the message did not answer in time: try again at once')
      case 'storeDown':
        return refuse(outcome, 'The message could not be looked for: try again later')
    }
  }

  #accepted(
    { id, ttlSeconds, receipt }: Message,
    sealedChannel: string,
    outcome: Accepted['outcome'],
  ): Accepted {
    const accepted = { token: messageToken(sealedChannel, id), ttlSeconds, outcome }
    if (receipt === undefined) return accepted
    return { ...accepted, receipts: this.#deps.receipts.urlOf(receipt.subscription) }
  }

  #receiptsOf(headers: IncomingHttpHeaders): Promise<Checked<ReceiptSubscriptionId>> {
    const { 'push-receipt': pushReceipt } = headers
    return this.#deps.receipts.ofMessage(text(pushReceipt))
  }

  #check(
    { channelId }: Subscription,
    headers: IncomingHttpHeaders,
    body: PostedMessage['body'],
    key: VapidKey | undefined,
  ): Checked<Message> {
    const { ttl: ttlHeader, topic: topicHeader, urgency: urgencyHeader } = headers
    const ttl = parseTtl(text(ttlHeader))
    if (!ttl.ok) return ttl
    const topic = parseTopic(text(topicHeader))
    if (!topic.ok) return topic
    const urgency = readUrgency(text(urgencyHeader))
    if (!urgency.ok) return urgency
    const empty = body.outcome === 'read' && body.bytes.length === 0
    const crypto = empty ? accept(undefined) : parseCryptoHeaders(cryptoHeaderValues(headers))
    if (!crypto.ok) return crypto
    if (body.outcome === 'tooLarge') {
      return refuse('bodyTooLarge', `The body must have at most ${this.#bodyLimitBytes} bytes`)
    }
    if (key !== undefined && crypto.value !== undefined && isEcdhKey(key.bytes, crypto.value, body.bytes)) {
      return refuse(
        'encryptionInvalid',
        'The message is encrypted with the VAPID key: use a key of its own for each message',
      )
    }
    const fields = { channelId, topic: topic.value, urgency: urgency.value, ttlSeconds: ttl.value }
    return accept(this.#message(fields, crypto.value, body.bytes))
  }

  #message(
    {
      channelId,
      topic,
      urgency,
      ttlSeconds,
    }: Pick<Message, 'channelId' | 'topic' | 'urgency' | 'ttlSeconds'>,
    headers: CryptoHeaders | undefined,
    body: Uint8Array,
  ): Message {
    const id = this.#ids.next()
    const expiresAtMs = this.#deps.clock.nowMs() + ttlSeconds * 1000
    const message =
      headers === undefined
        ? { id, channelId, urgency, ttlSeconds, expiresAtMs, body }
        : { id, channelId, urgency, ttlSeconds, expiresAtMs, headers, body }
    // A spread costs as much as several checks: only the few with a topic pay for one.
    return topic === undefined ? message : { ...message, topic }
  }
}

function asksForReceipt({ prefer }: IncomingHttpHeaders): boolean {
  return prefer !== undefined && parsePrefer(text(prefer)).respondAsync
}

function cryptoHeaderValues(headers: IncomingHttpHeaders) {
  const { encryption } = headers
  return {
    contentEncoding: headers['content-encoding'],
    encryption: text(encryption),
    cryptoKey: text(headers['crypto-key']),
  }
}

/** A header that came several times is one list, as RFC 9110 section 5.3 has it. */
function text(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(', ') : header
}
