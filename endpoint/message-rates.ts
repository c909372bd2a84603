import type { Clock } from '../cluster/clock.ts'
import { RateLimit } from '../cluster/rate-limit.ts'
import type { Subscription } from '../push/subscription.ts'
import { accept, type Checked, refuse } from './checked.ts'

/** How many messages this process takes. */
export interface MessageRatesOptions {
  /** For one subscription: in the long run, and at once. */
  channelPerSecond: number
  channelBurst: number
  /** For all subscriptions of one user agent together. */
  agentPerSecond: number
  agentBurst: number
  /** Subscriptions, and user agents, whose messages are counted at a time. */
  countedMax: number
}

/**
 * Fair shares: no subscription and no user agent gets so many messages that others have to wait. What was refused for
 * another reason before is not counted, so that nobody can use up a subscription's share without the right to send to it.
 */
export class MessageRates {
  readonly #subscriptions: RateLimit
  readonly #agents: RateLimit

  constructor(options: MessageRatesOptions, clock: Clock) {
    const { countedMax } = options
    const subscription = {
      perSecond: options.channelPerSecond,
      burst: options.channelBurst,
    }
    const agent = { perSecond: options.agentPerSecond, burst: options.agentBurst }
    this.#subscriptions = new RateLimit(subscription, countedMax, clock)
    this.#agents = new RateLimit(agent, countedMax, clock)
  }

  /** Counts a message; refused, it may come again later (RFC 8030 section 8.4). */
  admit({ uaid, channelId }: Subscription): Checked<undefined> {
    const waitMs = this.#subscriptions.take(uaid + channelId) || this.#agents.take(uaid)
    if (waitMs === 0) return accept(undefined)
    const seconds = Math.ceil(waitMs / 1000)
    return refuse('rateLimited', `Too many messages: send the next one in ${seconds} s`, seconds)
  }
}
