import type { Bus, Listening } from '../../cluster/bus.ts'
import { NO_METER } from '../../cluster/meter.ts'
import { Broadcasts as Administration, type BroadcastsOptions } from '../../endpoint/broadcasts.ts'
import { Delivery, type DeliveryOptions } from '../../endpoint/delivery.ts'
import type { AgentConnection, AgentSocket } from '../../node/agent-socket.ts'
import { Agents, type AgentsOptions } from '../../node/agents.ts'
import { BroadcastPublisher } from '../../node/broadcast-publisher.ts'
import { BROADCAST_RECHECK_MS, Broadcasts } from '../../node/broadcasts.ts'
import { listenAsNode } from '../../node/node-address.ts'
import type { AgentReply, AgentRequest } from '../../push/agent-requests.ts'
import type { Log } from '../../push/log.ts'
import { MessageIds } from '../../push/message-ids.ts'
import type { Tokens } from '../../push/tokens.ts'
import type { Store } from '../../store/store.ts'
import type { Dice } from './dice.ts'
import { NodeTopics } from './node-topics.ts'
import type { Process } from './process.ts'

/** What a server process does: `serve` is all in one. */
export type Role = 'serve' | 'node' | 'endpoint'

/** What a simulated server process is made of. */
export interface ServerDeps {
  role: Role
  process: Process
  bus: Bus<AgentRequest, AgentReply>
  store: Store
  tokens: Tokens
  dice: Dice
  agentsOptions: AgentsOptions
  deliveryOptions: DeliveryOptions & BroadcastsOptions
  log: Log
}

/** How often it is looked whether requests are still under way, in milliseconds. */
const UNDER_WAY_MS = 100

/** One simulated server process with the real actors, the real delivery, or both in it. */
export class Server {
  readonly role: Role
  readonly process: Process
  readonly store: Store
  readonly broadcasts: Broadcasts
  /** Where its websockets subscribe to broadcasts. */
  readonly topics = new NodeTopics()
  readonly agents: Agents | undefined
  readonly delivery: Delivery | undefined
  /** Where an administrator sets broadcasts. */
  readonly administration: Administration | undefined
  readonly #publisher: BroadcastPublisher
  readonly #everyone: Listening | undefined
  readonly ids: MessageIds
  /** It takes no new connections and requests: it is about to stop. */
  draining = false
  paused = false
  /** Requests of senders that it has not answered. */
  underWay = 0

  constructor({ role, process, bus, store, tokens, dice, log, ...options }: ServerDeps) {
    const { clock } = process
    const deps = { bus, store, tokens, clock, random: dice.random, log }
    this.role = role
    this.ids = new MessageIds(clock, dice.random)
    this.process = process
    this.store = store
    this.broadcasts = new Broadcasts(
      { ...options.agentsOptions, broadcastRecheckMs: BROADCAST_RECHECK_MS },
      deps,
    )
    this.agents =
      role === 'endpoint'
        ? undefined
        : new Agents(options.agentsOptions, { ...deps, broadcasts: this.broadcasts })
    this.delivery = role === 'node' ? undefined : new Delivery(options.deliveryOptions, deps)
    this.administration = role === 'node' ? undefined : new Administration(options.deliveryOptions, deps)
    const { broadcasts, agents, topics: target } = this
    this.#publisher = new BroadcastPublisher({
      target,
      clock,
      versionOf: (id) => broadcasts.versionOf(id),
      meter: NO_METER,
    })
    broadcasts.onChange = (id) => this.#publisher.changed(id)
    this.#everyone = agents && listenAsNode(bus, { agents, broadcasts, polled: () => {} })
  }

  /** Whether it can be talked to. */
  get serving(): boolean {
    return this.process.alive && !this.draining
  }

  /** Takes a websocket. */
  open(socket: AgentSocket): AgentConnection {
    if (this.agents === undefined) throw new Error(`${this.process.name} takes no websockets`)
    return this.agents.open(socket)
  }

  /** Does something for a client, which comes after so long. */
  request<T>(afterMs: number, perform: () => Promise<T>): Promise<T> {
    this.underWay += 1
    const done = new Promise<T>((resolve) => {
      this.process.clock.after(afterMs, () => resolve(perform()))
    })
    const ended = () => {
      this.underWay -= 1
    }
    done.then(ended, ended)
    return done
  }

  /** The bus has its connection back. */
  busRestored(): void {
    this.agents?.busRestored(() => true)
    if (this.agents !== undefined) void this.broadcasts.read()
  }

  /** SIGTERM. Resolves when nothing is under way any more. */
  async drain(drainMs: number): Promise<void> {
    this.draining = true
    this.#everyone?.stop()
    this.broadcasts.close()
    this.#publisher.close()
    await this.agents?.drain(drainMs)
    while (this.underWay > 0)
      await new Promise<void>((resolve) => this.process.clock.after(UNDER_WAY_MS, resolve))
    this.delivery?.close()
    this.administration?.close()
    // What was told last is still to be written.
    await new Promise<void>((resolve) => this.process.clock.after(UNDER_WAY_MS, resolve))
  }

  /** SIGSTOP. */
  pause(): void {
    this.paused = true
    this.process.clock.pause()
  }

  /** SIGCONT. */
  resume(): void {
    this.paused = false
    this.process.clock.resume()
  }
}
