import { type Random, systemClock } from '../../cluster/clock.ts'
import type { Member } from './cluster.ts'
import type { Fleet, FleetAgent } from './fleet.ts'
import { Ledger, type Posted } from './ledger.ts'
import type { ReceiptLedger } from './receipt-ledger.ts'
import type { Answer, Posting, Sender } from './sender.ts'

/** Pause between two messages. They do not wait for each other's answers: what hangs does not slow the load down. */
const EVERY_MS = 6
/** One in this many messages asks for a receipt. */
const RECEIPT_EVERY = 5
/** Pause before a sender that no endpoint would take tries again. */
const REFUSED_MS = 20

/** An answer other than 2xx. */
export interface Refusal {
  readonly status: number
  readonly retryAfter: string | undefined
  /** Whether its user agent was to be connected when it was posted. */
  readonly toConnected: boolean
  /** Whether it asked for a receipt: its outcome has to be safe before it is answered, so it needs the store. */
  readonly asksReceipt: boolean
  /** Its place among the messages of the load. */
  readonly order: number
}

interface Sent {
  readonly agent: FleetAgent
  readonly atMs: number
  readonly toConnected: boolean
  arrived: boolean
}

/** A steady load on a fleet by way of those endpoints that are the least busy, with a ledger; a broken POST goes to the next one. */
export class OpenLoad {
  readonly ledger = new Ledger()
  readonly refusals: Refusal[] = []
  /** Longest time from a POST to the arrival at a user agent that was connected at both. */
  longestStallMs = 0
  /** First arrivals at each user agent. */
  readonly arrivals = new Map<FleetAgent, number>()
  /** POSTs that broke and were repeated. */
  repeated = 0
  readonly receipts: ReceiptLedger
  readonly #fleet: Fleet
  readonly #busy: Map<Member, number>
  readonly #sender: Sender
  readonly #random: Random
  readonly #sent = new Map<string, Sent>()
  readonly #posting = new Set<Promise<void>>()
  #posts = 0
  #answers = 0
  #running = true
  #ticking: Promise<void> = Promise.resolve()
  #watchers: (() => void)[] = []

  /** @param receipts one with a receipt subscription */
  constructor(
    fleet: Fleet,
    endpoints: readonly Member[],
    deps: { sender: Sender; random: Random; receipts: ReceiptLedger },
  ) {
    const { sender, random, receipts } = deps
    this.#fleet = fleet
    this.receipts = receipts
    this.#busy = new Map(endpoints.map((endpoint) => [endpoint, 0]))
    this.#sender = sender
    this.#random = random
  }

  /** Messages posted so far. */
  get posts(): number {
    return this.#posts
  }

  start(): void {
    this.#fleet.onReceived = (posted) => this.#received(posted)
    this.#ticking = this.#tick()
  }

  /** Waits until so many more messages are answered. */
  answered(count: number): Promise<void> {
    const end = this.#answers + count
    return this.#until(() => this.#answers >= end)
  }

  /** Waits until everything that was posted so far is answered. */
  async caughtUp(): Promise<void> {
    await Promise.all(this.#posting)
  }

  /** Waits until so many messages in all are refused. */
  refused(count: number): Promise<void> {
    return this.#until(() => this.refusals.length >= count)
  }

  /** Ends it; resolves when all is answered. */
  async stop(): Promise<void> {
    this.#running = false
    await this.#ticking
    await Promise.all(this.#posting)
  }

  async #until(isReached: () => boolean): Promise<void> {
    while (!isReached()) await new Promise<void>((resolve) => this.#watchers.push(resolve))
  }

  async #tick(): Promise<void> {
    const { agents } = this.#fleet
    while (this.#running) {
      const agent = agents[Math.floor(this.#random.fraction() * agents.length)]
      const posting = agent === undefined ? Promise.resolve() : this.#post(agent)
      this.#posting.add(posting)
      void posting.finally(() => this.#posting.delete(posting))
      await pause(EVERY_MS)
    }
  }

  async #post(agent: FleetAgent): Promise<void> {
    const order = this.#posts++
    const toConnected = agent.wanted
    const posted: Posted = { id: `${agent.endpoint} ${order} ${systemClock.nowMs()}`, order }
    this.#sent.set(posted.id, { agent, atMs: systemClock.monotonicMs(), toConnected, arrived: false })
    const asksReceipt = order % RECEIPT_EVERY === 0
    const posting = {
      text: JSON.stringify(posted),
      ...(asksReceipt && { headers: this.receipts.headers }),
    }
    const { status, headers } = await this.#answer(new URL(agent.endpoint).pathname, posting)
    if (status === (asksReceipt ? 202 : 201)) {
      this.ledger.accepted(posted)
      if (asksReceipt) this.receipts.accepted(headers, false)
    } else this.refusals.push({ status, retryAfter: headers['retry-after'], toConnected, asksReceipt, order })
    this.#answers += 1
    for (const watcher of this.#watchers.splice(0)) watcher()
  }

  /** Posts until there is an answer. An endpoint that broke is the last to be tried again. */
  async #answer(path: string, posting: Posting): Promise<Answer> {
    const broke: Member[] = []
    for (;;) {
      const endpoint = this.#leastBusy(broke)
      this.#busy.set(endpoint, this.#busyOf(endpoint) + 1)
      try {
        return await this.#sender.post(new URL(path, endpoint.url).href, posting)
      } catch {
        this.repeated += 1
        broke.push(endpoint)
      } finally {
        this.#busy.set(endpoint, this.#busyOf(endpoint) - 1)
      }
      if (broke.length < this.#busy.size) continue
      broke.length = 0
      await pause(REFUSED_MS)
    }
  }

  #leastBusy(except: readonly Member[]): Member {
    const candidates = [...this.#busy.keys()].filter((endpoint) => !except.includes(endpoint))
    const [first, ...others] = candidates.sort((a, b) => this.#busyOf(a) - this.#busyOf(b))
    if (first === undefined) throw new RangeError('there are no endpoints')
    const equal = [first, ...others.filter((other) => this.#busyOf(other) === this.#busyOf(first))]
    return equal[this.#posts % equal.length] ?? first
  }

  #busyOf(endpoint: Member): number {
    return this.#busy.get(endpoint) ?? 0
  }

  #received(posted: Posted): void {
    const sent = this.#sent.get(posted.id)
    if (sent === undefined) return
    const stallMs = systemClock.monotonicMs() - sent.atMs
    this.ledger.received(posted)
    if (sent.arrived) return
    sent.arrived = true
    this.arrivals.set(sent.agent, (this.arrivals.get(sent.agent) ?? 0) + 1)
    if (sent.toConnected) this.longestStallMs = Math.max(this.longestStallMs, stallMs)
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void systemClock.after(ms, resolve))
}
