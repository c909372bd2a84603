import type { Test } from 'tap'
import { systemClock } from '../../cluster/clock.ts'
import { within } from '../../cluster/within.ts'
import { Ledger, type Posted } from './ledger.ts'
import { LoadAgent } from './load-agent.ts'
import { Sender, textOf } from './sender.ts'

/** The store that tests have deletes some hundred messages a second, and stands still for seconds now and then: a read that fails is tried again after 5. */
const COMPLETE_TIMEOUT_MS = 120_000
const AGENTS = 12
const SENDERS = 4
/** Messages posted before and after what a test does, at least. */
const POSTS = 60

/** A steady load on user agents, with a ledger. Senders repeat a POST whose connection broke; user agents come back. */
export class SteadyLoad {
  readonly ledger = new Ledger()
  /** Statuses other than 201. */
  readonly refused: number[] = []
  readonly #agents: readonly LoadAgent[]
  readonly #httpUrl: string
  readonly #sender: Sender
  #posts = 0
  #running = true
  #retries = 0
  #sending: Promise<unknown> = Promise.resolve()
  #watchers: (() => void)[] = []

  /**
   * @param wsUrl where user agents connect
   * @param httpUrl where messages are posted, whatever the endpoints say
   * @param ca certificate that all trust, in PEM
   */
  constructor(wsUrl: string, httpUrl: string, ca?: string) {
    this.#httpUrl = httpUrl
    this.#sender = new Sender(SENDERS, ca)
    this.#agents = Array.from(
      { length: AGENTS },
      () =>
        new LoadAgent({
          wsUrl,
          ca,
          isUp: () => this.#running,
          onNotification: (notification) => {
            this.ledger.received(JSON.parse(textOf(notification) ?? '') as Posted)
            return true
          },
        }),
    )
  }

  /** Connections that broke, of user agents and senders. */
  get broken(): number {
    return this.#retries + this.#agents.filter((agent) => !agent.isConnected).length
  }

  /** Connects the user agents and begins to post. */
  async start(): Promise<void> {
    await this.connect()
    this.#sending = Promise.all(Array.from({ length: SENDERS }, () => this.#send()))
    await this.posted(POSTS)
  }

  /** Brings back every user agent that lost its connection; one that meets a worker that ends tries again. */
  async connect(): Promise<void> {
    await Promise.all(this.#agents.map((agent) => agent.comeBack()))
  }

  /** Waits until so many more messages are posted. */
  async posted(count: number): Promise<void> {
    const end = this.#posts + count
    while (this.#posts < end) await new Promise<void>((resolve) => this.#watchers.push(resolve))
  }

  /** Ends the load, and asserts that nothing was lost and nothing refused. */
  async end(t: Test): Promise<void> {
    await this.posted(POSTS)
    await this.connect()
    this.#running = false
    await this.#sending
    await this.#sender.close()
    await within(systemClock, COMPLETE_TIMEOUT_MS, this.ledger.complete(), () => {})
    t.same(this.ledger.missing(), [], 'every accepted message arrived')
    t.same(this.refused, [], 'every answer was 201')
    t.same(
      this.#agents.flatMap(({ changed }) => changed),
      [],
      'every user agent kept its UAID',
    )
    const { accepted, delivered, duplicates, lost } = this.ledger.totals()
    t.ok(accepted >= 2 * POSTS)
    t.comment(
      `| accepted ${accepted} | delivered ${delivered} | duplicates ${duplicates} | lost ${lost} | repeated by senders ${this.#retries} |`,
    )
  }

  async #send(): Promise<void> {
    while (this.#running) {
      const posted: Posted = { id: `m${this.#posts}`, order: this.#posts++ }
      const agent = this.#agents[posted.order % AGENTS]
      const url = new URL(new URL(agent?.endpoint ?? '').pathname, this.#httpUrl).href
      const status = await this.#post(url, JSON.stringify(posted))
      if (status === 201) this.ledger.accepted(posted)
      else this.refused.push(status)
      for (const watcher of this.#watchers.splice(0)) watcher()
    }
  }

  async #post(url: string, text: string): Promise<number> {
    try {
      return (await this.#sender.post(url, { text })).status
    } catch {
      this.#retries += 1
      return this.#post(url, text)
    }
  }
}
