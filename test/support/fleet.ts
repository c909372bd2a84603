import { systemClock } from '../../cluster/clock.ts'
import type { Member } from './cluster.ts'
import type { Posted } from './ledger.ts'
import { LoadAgent } from './load-agent.ts'
import { textOf } from './sender.ts'

/** Pause before a user agent tries another node: Firefox takes 5 s. */
const RETRY_MS = 200
/** Connected at a time where there is no hurry. */
const AT_A_TIME = 100

/** Told of each message that reaches a user agent. */
type Receiver = (posted: Posted) => void

/** User agents of a cluster, at home on its nodes by turns. Who loses a connection comes back by way of the next node. */
export class Fleet {
  readonly agents: readonly FleetAgent[]
  /** Told of each message that reaches any of them. */
  onReceived: Receiver = () => {}

  constructor(nodes: readonly Member[], count: number) {
    const receive: Receiver = (posted) => this.onReceived(posted)
    this.agents = Array.from({ length: count }, (_, index) => new FleetAgent(nodes, index, receive))
  }

  /** Has everyone connected to the node that is its home, except for these, which leave. */
  async settle(away: ReadonlySet<FleetAgent>): Promise<void> {
    for (let at = 0; at < this.agents.length; at += AT_A_TIME) {
      const some = this.agents.slice(at, at + AT_A_TIME)
      await Promise.all(some.map((agent) => (away.has(agent) ? agent.leave() : agent.goHome())))
    }
  }

  /** Lets everyone leave, also who is on the way to a node. */
  async stop(): Promise<void> {
    await Promise.allSettled(this.agents.map((agent) => agent.leave()))
  }

  /** Resolves when everyone who wants to be is connected. */
  async connected(): Promise<void> {
    await Promise.all(this.agents.filter(({ wanted }) => wanted).map((agent) => agent.come()))
  }
}

/** A user agent with one subscription. */
export class FleetAgent {
  /** Connections that ended without its doing, and attempts that failed. */
  losses = 0
  readonly home: Member
  readonly #nodes: readonly Member[]
  readonly #homeIndex: number
  readonly #agent: LoadAgent
  /** Which node it is connected to, or tries next. */
  #index: number
  #coming: Promise<void> | undefined
  #wanted = false

  constructor(nodes: readonly Member[], index: number, receive: Receiver) {
    const nodeAt = (at: number) => {
      const node = nodes[at % nodes.length]
      if (node === undefined) throw new RangeError('there are no nodes')
      return node
    }
    const wsUrl = () => nodeAt(this.#index).url
    this.#nodes = nodes
    this.#homeIndex = index % nodes.length
    this.#index = this.#homeIndex
    this.home = nodeAt(index)
    this.#agent = new LoadAgent({
      get wsUrl() {
        return wsUrl()
      },
      isUp: () => true,
      onNotification(notification) {
        receive(JSON.parse(textOf(notification) ?? '') as Posted)
        return true
      },
      onLost: () => {
        this.losses += 1
        this.#index += 1
        void this.come()
      },
    })
  }

  get endpoint(): string {
    return this.#agent.endpoint
  }

  /** Whether it is connected or on its way. */
  get wanted(): boolean {
    return this.#wanted
  }

  /** UAIDs it was given beyond its first. */
  get changed(): readonly string[] {
    return this.#agent.changed
  }

  leave(): Promise<void> {
    this.#wanted = false
    return this.#agent.want(false)
  }

  async goHome(): Promise<void> {
    if (this.#index % this.#nodes.length !== this.#homeIndex) await this.leave()
    this.#index = this.#homeIndex
    await this.come()
  }

  /** Connects to a node that takes it. */
  come(): Promise<void> {
    this.#wanted = true
    this.#coming ??= this.#come().finally(() => {
      this.#coming = undefined
    })
    return this.#coming
  }

  async #come(): Promise<void> {
    while (this.#wanted) {
      try {
        await this.#agent.want(true)
        if (this.#agent.isConnected) return
      } catch {
        this.losses += 1
        this.#index += 1
      }
      await new Promise<void>((resolve) => void systemClock.after(RETRY_MS, resolve))
    }
  }
}
