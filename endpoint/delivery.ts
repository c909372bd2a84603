import type { Bus } from '../cluster/bus.ts'
import type { Clock } from '../cluster/clock.ts'
import { Counts } from '../cluster/counts.ts'
import {
  type AgentOutcome,
  type AgentReply,
  type AgentRequest,
  agentAddress,
} from '../push/agent-requests.ts'
import { Checks, type ChecksOptions } from '../push/checks.ts'
import type { Uaid } from '../push/ids.ts'
import type { Log } from '../push/log.ts'
import type { Message } from '../push/message.ts'
import { awaitedReceipt } from '../push/receipt.ts'
import { keyDigestOf, type Subscription } from '../push/subscription.ts'
import type { MessageRef } from '../push/tokens.ts'
import { type SpanContext, type Tracer, traced } from '../push/tracing.ts'
import type { Store } from '../store/store.ts'
import { ClockSkew } from './clock-skew.ts'
import { boundedByStore, storeFailureOf } from './store-failure.ts'

/** Options of delivery. `ackGraceMs + putTimeoutMs + 200 < askTimeoutMs`, or the actor's answer could come too late. */
export interface DeliveryOptions extends ChecksOptions {
  /** How long the user agent's node waits for the acknowledgement before it stores the message. */
  ackGraceMs: number
  /** How long an ask waits for the user agent's node. */
  askTimeoutMs: number
  /** How long any one operation of the store may take. */
  putTimeoutMs: number
  /** Asks under way at a time, and the sum of their bodies; beyond either, messages go to the store unasked. */
  pendingAsksMax: number
  pendingBytesMax: number
}

/** What delivery works with. */
export interface DeliveryDeps {
  bus: Bus<AgentRequest, AgentReply>
  store: Store
  clock: Clock
  log: Log
  /** Absent where nothing is traced. */
  tracer?: Tracer | undefined
}

/**
 * delivered: acknowledged (TTL 0: written to the socket). stored: durable. dropped: TTL 0 and not reachable now.
 * The others are the failures of the same name.
 */
export type DeliveryOutcome =
  | 'delivered'
  | 'stored'
  | 'dropped'
  | 'agentGone'
  | 'notSubscribed'
  | 'storeDown'
  | 'storeFull'

/**
 * What came of a DELETE of a message resource. noAnswer: the store has no such message, but the user agent's node,
 * which may have it in flight, did not answer.
 */
export type CancelOutcome = 'removed' | 'unknown' | 'noAnswer' | 'storeDown'

/** What came of an ask: the actor's answer, or why there is none. */
export type AskOutcome = AgentOutcome | 'absent' | 'timeout'

/** Part of the pending limits from which asks are given only the time an acknowledgement takes. */
const PRESSED = 0.8
/** Time for the bus itself, on top of the waits at the other side. */
const BUS_MARGIN_MS = 200

/**
 * The way of a message from the endpoint's side: ask the user agent's node, and where that does not
 * settle it, store the message and tell the user agent to look. Everything is idempotent by message id, so
 * an ask that timed out and was delivered all the same does no harm.
 */
export class Delivery {
  readonly #options: DeliveryOptions
  readonly #deps: DeliveryDeps
  readonly #checks: Checks
  readonly #skew: ClockSkew
  readonly #asks = new Counts<AskOutcome | 'skipped'>()
  #pendingAsks = 0
  #pendingBytes = 0

  /** @throws RangeError when the actor's answer could come after the ask's time-out */
  constructor(options: DeliveryOptions, deps: DeliveryDeps) {
    const answerMs = options.ackGraceMs + options.putTimeoutMs + BUS_MARGIN_MS
    if (answerMs >= options.askTimeoutMs) {
      throw new RangeError(
        `askTimeoutMs must be over ackGraceMs + putTimeoutMs + ${BUS_MARGIN_MS} = ${answerMs}, not ${options.askTimeoutMs}`,
      )
    }
    this.#options = options
    this.#deps = deps
    this.#checks = new Checks(options, deps.bus, deps.clock)
    this.#skew = new ClockSkew(deps.clock, deps.log)
  }

  /** Answers of nodes whose clock differs by more than it may. */
  get skewedReplies(): number {
    return this.#skew.found
  }

  /** What came of asks since the start; skipped: there were too many. */
  get asks(): ReadonlyMap<AskOutcome | 'skipped', number> {
    return this.#asks.all
  }

  /** Asks under way, and the sum of their bodies. */
  get pending(): { readonly asks: number; readonly bytes: number } {
    return { asks: this.#pendingAsks, bytes: this.#pendingBytes }
  }

  /** User agents that wait for their second hint. */
  get checksWaiting(): number {
    return this.#checks.size
  }

  /**
   * Delivers a message or makes it durable; never rejects for an expected reason.
   * @param trace what all of it is a part of, where the message is traced
   */
  async deliver(subscription: Subscription, message: Message, trace?: SpanContext): Promise<DeliveryOutcome> {
    const reply = await this.#askToDeliver(subscription, message, trace)
    switch (reply) {
      case 'delivered':
      case 'stored':
        return reply
      case 'unsaved':
        return 'storeDown'
      default:
        return message.ttlSeconds === 0
          ? this.#drop(subscription, message, reply)
          : this.#store(subscription, message, trace)
    }
  }

  /** Takes a message back, in flight or stored. */
  async cancel(ref: MessageRef): Promise<CancelOutcome> {
    const reply = await this.#ask(ref.uaid, { kind: 'cancel', id: ref.id }, 0)
    try {
      const removed = await this.#bounded(this.#deps.store.remove(ref.uaid, [ref.id], 'none'))
      if (reply === 'cancelled' || removed.length > 0) return 'removed'
      return reply === 'timeout' ? 'noAnswer' : 'unknown'
    } catch (error) {
      storeFailureOf(error)
      return 'storeDown'
    }
  }

  /** Lets go of what waits; call it after the last delivery. */
  close(): void {
    this.#checks.close()
  }

  #askToDeliver(
    { uaid, keyHash }: Subscription,
    message: Message,
    trace: SpanContext | undefined,
  ): Promise<AskOutcome> {
    const request = { kind: 'deliver', message, keyDigest: keyDigestOf(keyHash) } as const
    const { tracer } = this.#deps
    if (tracer === undefined || trace === undefined) return this.#ask(uaid, request, message.body.length)
    return traced(tracer, trace, 'ask', ({ context }) =>
      this.#ask(uaid, { ...request, trace: context }, message.body.length),
    )
  }

  #ask(uaid: Uaid, request: AgentRequest, bytes: number): Promise<AskOutcome> {
    const timeoutMs = this.#askTimeoutMs()
    if (timeoutMs === undefined) {
      this.#asks.add('skipped')
      return Promise.resolve('timeout')
    }
    this.#pendingAsks += 1
    this.#pendingBytes += bytes
    const askedAtMs = this.#deps.clock.nowMs()
    return this.#deps.bus.ask(agentAddress(uaid), request, timeoutMs).then((reply) => {
      this.#pendingAsks -= 1
      this.#pendingBytes -= bytes
      if (typeof reply !== 'string') this.#skew.observe(askedAtMs, reply.clockMs)
      const outcome = typeof reply === 'string' ? reply : reply.outcome
      this.#asks.add(outcome)
      return outcome
    })
  }

  /** Undefined when there is no room for another ask. */
  #askTimeoutMs(): number | undefined {
    const { pendingAsksMax, pendingBytesMax, askTimeoutMs, ackGraceMs } = this.#options
    const load = Math.max(this.#pendingAsks / pendingAsksMax, this.#pendingBytes / pendingBytesMax)
    if (load >= 1) return undefined
    return load >= PRESSED ? ackGraceMs + BUS_MARGIN_MS : askTimeoutMs
  }

  /**
   * TTL 0 is never stored. Only a definite answer of the store is worth a 410; a store that is down is not. Its receipt says that it was not
   * delivered, and without that the message is not accepted.
   */
  async #drop(subscription: Subscription, message: Message, reply: AskOutcome): Promise<DeliveryOutcome> {
    const awaited = awaitedReceipt(message)
    try {
      const ended = reply === 'absent' || reply === 'gone' ? await this.#ended(subscription) : undefined
      if (ended !== undefined) return ended
      if (awaited !== undefined) await this.#bounded(this.#deps.store.settle(awaited, 'notDelivered'))
      return 'dropped'
    } catch (error) {
      const failure = storeFailureOf(error)
      return awaited === undefined ? 'dropped' : failure
    }
  }

  async #store(
    subscription: Subscription,
    message: Message,
    trace: SpanContext | undefined,
  ): Promise<DeliveryOutcome> {
    const { tracer } = this.#deps
    const part = <T>(name: string, work: () => Promise<T>) =>
      tracer === undefined || trace === undefined ? work() : traced(tracer, trace, name, work)
    try {
      const ended = await part('store channelStatus', () => this.#ended(subscription))
      if (ended !== undefined) return ended
      await part('store put', () => this.#bounded(this.#put(subscription.uaid, message)))
      return 'stored'
    } catch (error) {
      return storeFailureOf(error)
    }
  }

  /** The hint follows the put, also one that failed or comes too late to be answered: it may have been done all the same. */
  async #put(uaid: Uaid, message: Message): Promise<void> {
    try {
      await this.#deps.store.put(uaid, message, 0)
    } finally {
      this.#checks.tell(agentAddress(uaid))
    }
  }

  /** Why the subscription can't be delivered to, if so. */
  async #ended(subscription: Subscription): Promise<'agentGone' | 'notSubscribed' | undefined> {
    const { uaid, channelId, keyHash } = subscription
    const status = await this.#bounded(this.#deps.store.channelStatus(uaid, channelId))
    if (status.outcome !== 'subscribed') return status.outcome
    return status.keyDigest === keyDigestOf(keyHash) ? undefined : 'notSubscribed'
  }

  #bounded<T>(work: Promise<T>): Promise<T> {
    return boundedByStore(this.#deps.clock, this.#options.putTimeoutMs, work)
  }
}
