import type { Clock, Random } from '../cluster/clock.ts'
import { within } from '../cluster/within.ts'
import { PushError } from '../push/errors.ts'
import { newReceiptSubscriptionId, type ReceiptSubscriptionId } from '../push/ids.ts'
import type { Tokens } from '../push/tokens.ts'
import type { Store } from '../store/store.ts'
import { accept, type Checked, refuse } from './checked.ts'

/** What receipt subscriptions work with. */
export interface ReceiptSubscriptionsDeps {
  store: Pick<Store, 'haveReceiptsEnded' | 'endReceipts' | 'confirmFetched' | 'unmarkFetched' | 'unmarkSent'>
  tokens: Tokens
  random: Random
  clock: Clock
}

/** Where and how long. */
export interface ReceiptSubscriptionsOptions {
  /** Origin of the URLs. */
  readonly publicUrl: string
  /** How long the store may take. */
  readonly putTimeoutMs: number
}

/** A receipt subscription that has ended, or never was. */
export const NO_RECEIPTS = refuse(
  'tokenInvalid',
  'There is no such receipt subscription: it has been ended, or its URL was changed',
)
const INVALID = refuse(
  'receiptInvalid',
  'The Push-Receipt header must be the URL of a receipt subscription of this service, as a Link header gave it',
)
const UNAVAILABLE = refuse('storeDown', 'The receipt subscription could not be looked for: try again later')

/**
 * Receipt subscriptions (RFC 8030 section 5.1). One is a random id, sealed in its URL; nothing is written for it before it is
 * ended, and anyone who has the URL may use it.
 */
export class ReceiptSubscriptions {
  readonly #options: ReceiptSubscriptionsOptions
  readonly #deps: ReceiptSubscriptionsDeps

  constructor(options: ReceiptSubscriptionsOptions, deps: ReceiptSubscriptionsDeps) {
    this.#options = options
    this.#deps = deps
  }

  /** The URL of a receipt subscription. */
  urlOf(subscription: ReceiptSubscriptionId): string {
    return `${this.#options.publicUrl}/r/${this.#deps.tokens.sealReceipts(subscription)}`
  }

  /** The subscription that a message's receipt goes to: the one that its sender names, or else a new one. */
  async ofMessage(pushReceipt: string | undefined): Promise<Checked<ReceiptSubscriptionId>> {
    const { tokens, random } = this.#deps
    if (pushReceipt === undefined) return accept(newReceiptSubscriptionId(random))
    const { publicUrl } = this.#options
    const path = pushReceipt.startsWith(publicUrl) ? pushReceipt.slice(publicUrl.length) : pushReceipt
    const subscription = path.startsWith('/r/') ? tokens.openReceipts(path.slice(3)) : undefined
    return subscription === undefined ? INVALID : this.#unlessEnded(subscription)
  }

  /** Opens the token of a receipt subscription's URL. */
  open(token: string): Checked<ReceiptSubscriptionId> {
    const subscription = this.#deps.tokens.openReceipts(token)
    return subscription === undefined ? NO_RECEIPTS : accept(subscription)
  }

  /**
   * Makes ready for reading its receipts again. @param lastMs when the last one that its sender has got was handed over: it has those before,
   * and later ones wait again. Where its sender does not say, those wait again of which nobody knows whether they got there
   */
  async resume(subscription: ReceiptSubscriptionId, lastMs: number | undefined): Promise<Checked<undefined>> {
    try {
      const { store } = this.#deps
      await this.#bounded(
        lastMs === undefined ? store.unmarkSent(subscription) : this.#resumeAfter(subscription, lastMs),
      )
      const ended = await this.#bounded(store.haveReceiptsEnded(subscription))
      return ended ? NO_RECEIPTS : accept(undefined)
    } catch (error) {
      return unavailable(error)
    }
  }

  async #resumeAfter(subscription: ReceiptSubscriptionId, lastMs: number): Promise<void> {
    const { store } = this.#deps
    await store.unmarkFetched(subscription, lastMs)
    await store.confirmFetched(subscription, 0, lastMs)
  }

  /** Ends a receipt subscription. */
  async end(token: string): Promise<Checked<undefined>> {
    const opened = this.open(token)
    if (!opened.ok) return opened
    try {
      const { store, clock } = this.#deps
      const ended = await this.#bounded(store.endReceipts(opened.value, clock.nowMs()))
      return ended ? accept(undefined) : NO_RECEIPTS
    } catch (error) {
      return unavailable(error)
    }
  }

  async #unlessEnded(subscription: ReceiptSubscriptionId): Promise<Checked<ReceiptSubscriptionId>> {
    try {
      const ended = await this.#bounded(this.#deps.store.haveReceiptsEnded(subscription))
      return ended ? NO_RECEIPTS : accept(subscription)
    } catch (error) {
      return unavailable(error)
    }
  }

  #bounded<T>(work: Promise<T>): Promise<T> {
    const { putTimeoutMs } = this.#options
    return within(this.#deps.clock, putTimeoutMs, work, () => {
      throw new PushError('storeDown', `the store did not answer within ${putTimeoutMs} ms`)
    })
  }
}

function unavailable(error: unknown): Checked<never> {
  if (error instanceof PushError && (error.code === 'storeDown' || error.code === 'storeFull'))
    return UNAVAILABLE
  throw error
}
