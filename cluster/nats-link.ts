import { connect, type NatsConnection } from '@nats-io/transport-node'
import type { Clock, Random, Timer } from './clock.ts'
import { clientOptions, type NatsOptions } from './nats-options.ts'

/** Told how the link fares. `up` and `down` take turns, `up` first. */
export interface NatsLinkEvents {
  up(connection: NatsConnection): void
  down(): void
  /** An attempt to connect failed, or a server complained. */
  failed(error: unknown): void
}

/** Wait before connecting again, in milliseconds: at random, so that the clients of a dead server do not come all at once. */
const SPREAD_MS = 250
/** And on top of that when no server could be had. */
const REFUSED_MS = 250
/** Attempts that are made quietly after the reason of a failure was reported; then it is reported again. */
const QUIET_ATTEMPTS = 60

/**
 * Keeps one connection to a NATS cluster for ever.
 *
 * Each connection of the client has one life and another one follows it, instead of the client's own reconnecting:
 * that sends all subscriptions in one piece before anything else, which stalls deliveries, and after a hung server it
 * waits for a last write, which with full buffers never ends.
 */
export class NatsLink {
  readonly #options: NatsOptions
  readonly #clock: Clock
  readonly #random: Random
  readonly #events: NatsLinkEvents
  #connection: NatsConnection | undefined
  #wait: { timer: Timer; end: () => void } | undefined
  #closed = false
  /** The cluster's servers as far as they are known, the one that was lost last at the end. */
  #servers: readonly string[]

  constructor(options: NatsOptions, clock: Clock, random: Random, events: NatsLinkEvents) {
    this.#options = options
    this.#clock = clock
    this.#random = random
    this.#events = events
    this.#servers = this.#shuffled(options.servers)
    void this.#run()
  }

  /** The connection, while there is one. */
  get connection(): NatsConnection | undefined {
    return this.#connection
  }

  /** Ends the link; what was published is not waited for: flush before. */
  async close(): Promise<void> {
    this.#closed = true
    this.#wait?.timer.cancel()
    this.#wait?.end()
    const connection = this.#connection
    if (connection !== undefined) {
      this.#lost(connection)
      await connection.closed()
    }
  }

  async #run(): Promise<void> {
    let quiet = false
    while (!this.#closed) {
      const connection: NatsConnection | undefined = await this.#connected(quiet)
      quiet = connection === undefined && !quiet
      if (connection !== undefined) await this.#live(connection)
      if (!this.#closed) await this.#pause(connection === undefined ? REFUSED_MS : 0)
    }
  }

  #connected(quiet: boolean): Promise<NatsConnection | undefined> {
    return quiet ? this.#connectQuietly() : this.#connectOrReport()
  }

  /** Tries each server once. */
  async #connectOrReport(): Promise<NatsConnection | undefined> {
    try {
      return await this.#connect(false, Number.POSITIVE_INFINITY)
    } catch (error) {
      if (!this.#closed) this.#events.failed(error)
      return undefined
    }
  }

  /** Goes on trying within the client, which gives no reasons then, but leaves no socket behind for each hung server. */
  #connectQuietly(): Promise<NatsConnection | undefined> {
    return this.#connect(true, QUIET_ATTEMPTS).catch(() => undefined)
  }

  #connect(waitOnFirstConnect: boolean, attemptsMax: number): Promise<NatsConnection> {
    let attempts = 0
    return connect({
      ...clientOptions(this.#options),
      waitOnFirstConnect,
      servers: [...this.#servers],
      noRandomize: true,
      // The client asks here before each attempt; throwing is the one way to make it give up.
      reconnectToServer: () => {
        attempts += 1
        if (this.#closed || attempts > attemptsMax) throw new Error('no further attempts are made')
        return null
      },
    })
  }

  /** Resolves when the connection is over. */
  async #live(connection: NatsConnection): Promise<void> {
    if (this.#closed || connection.isClosed()) return connection.close()
    this.#connection = connection
    this.#events.up(connection)
    for await (const status of connection.status()) {
      if (status.type === 'error') this.#events.failed(status.error)
      if (status.type === 'disconnect' || status.type === 'staleConnection') this.#lost(connection)
    }
    this.#lost(connection)
  }

  #lost(connection: NatsConnection): void {
    if (this.#connection !== connection) return
    this.#connection = undefined
    this.#servers = this.#known(connection)
    this.#events.down()
    // A connection found stale does not always end by itself.
    connection.close().catch((error) => this.#events.failed(error))
  }

  /** All servers that were ever heard of, the one just lost at the end: it may hang, which costs a time-out. */
  #known(connection: NatsConnection): readonly string[] {
    const lost = connection.getServer()
    // What a cluster tells of itself are addresses, and a certificate is for a name.
    const learnt = this.#options.tls === undefined ? connection.getServers().map(({ listen }) => listen) : []
    const known = new Set([...this.#options.servers, ...learnt])
    known.delete(lost)
    return [...this.#shuffled([...known]), lost]
  }

  #shuffled(servers: readonly string[]): readonly string[] {
    const placed = servers.map((server) => ({ server, place: this.#random.fraction() }))
    return placed.sort((a, b) => a.place - b.place).map(({ server }) => server)
  }

  async #pause(leastMs: number): Promise<void> {
    const delayMs = leastMs + this.#random.fraction() * SPREAD_MS
    await new Promise<void>((resolve) => {
      this.#wait = { timer: this.#clock.after(delayMs, resolve), end: resolve }
    })
  }
}
