import type { Sender } from './sender.ts'

/** A receipt in JSON. */
interface Receipt {
  readonly id: string
  readonly message: string
  readonly status: number
}

/** Figures of receipts. */
export interface ReceiptTotals {
  /** Accepted messages that must have one. */
  readonly asked: number
  readonly got: number
  readonly missing: number
  /** Messages of which anything but 204 was told, now or before. */
  readonly wrong: number
}

/** Keeps account of receipts: of each message that one was asked for there must be one outcome, the same whenever it is told. */
export class ReceiptLedger {
  readonly #sender: Sender
  #url = ''
  /** Locations of messages that can only end by being delivered. */
  readonly #awaited = new Set<string>()
  readonly #outcomes = new Map<string, Set<number>>()

  constructor(sender: Sender) {
    this.#sender = sender
  }

  /** Headers that ask for a receipt, all for one receipt subscription once there is one. */
  get headers(): Record<string, string> {
    return { prefer: 'respond-async', ...(this.#url !== '' && { 'push-receipt': this.#url }) }
  }

  /** Gets a receipt subscription, by a message to this endpoint. */
  async start(endpoint: string, text: string): Promise<void> {
    const { status, headers } = await this.#sender.post(endpoint, { text, headers: this.headers })
    if (status !== 202) throw new Error(`a message with a receipt was answered ${status}`)
    this.accepted(headers, false)
  }

  /** Its POST was answered 202. @param mayBeReplaced when there may rightly be no receipt */
  accepted(
    headers: { location?: string | undefined; link?: string | string[] | undefined },
    mayBeReplaced: boolean,
  ): void {
    const [, url = ''] = /^<(.*)>;/.exec(`${headers.link}`) ?? []
    if (this.#url === '') this.#url = url
    if (this.#url !== url) this.#awaited.add(`${url} is another receipt subscription`)
    if (!mayBeReplaced) this.#awaited.add(headers.location ?? 'no location')
  }

  /** Reads receipts until none has come for `waitSeconds`. */
  async fetch(waitSeconds: number): Promise<void> {
    for (;;) {
      const answer = await this.#sender.send('GET', this.#url, undefined, { prefer: `wait=${waitSeconds}` })
      if (answer.status !== 200) return
      const { receipts }: { receipts: Receipt[] } = JSON.parse(answer.body)
      for (const { message, status } of receipts) {
        const outcomes = this.#outcomes.get(message) ?? new Set()
        this.#outcomes.set(message, outcomes.add(status))
      }
    }
  }

  /** Messages without a receipt that must have one. */
  missing(): string[] {
    return [...this.#awaited].filter((location) => !this.#outcomes.has(location))
  }

  /** Receipts that say anything but 204, and only that. */
  wrong(): [string, number[]][] {
    return [...this.#outcomes]
      .map(([message, statuses]): [string, number[]] => [message, [...statuses]])
      .filter(([, statuses]) => statuses.join() !== '204')
  }

  get awaited(): number {
    return this.#awaited.size
  }

  totals(): ReceiptTotals {
    const [asked, missing] = [this.awaited, this.missing().length]
    return { asked, got: asked - missing, missing, wrong: this.wrong().length }
  }
}
