import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node'
import type { Listening } from './bus.ts'

/** Takes what arrives for a listening. */
export type Receive<Listener> = (listening: NatsListening<Listener>, message: Msg) => void

/** What a listening has in common with all others. */
interface Owner<Listener> {
  readonly receive: Receive<Listener>
  /** The server refused the subscription, for lack of permission. */
  refused(error: Error, address: string): void
  forget(listening: NatsListening<Listener>): void
  /** Resolves when the server has got what was sent; rejects without a connection. */
  flush(): Promise<void>
}

/** One listener on one address; its subscription is made anew on each connection. */
export class NatsListening<Listener> implements Listening {
  readonly address: string
  readonly listener: Listener
  readonly #owner: Owner<Listener>
  #subscription: Subscription | undefined
  stopped = false

  constructor(address: string, listener: Listener, owner: Owner<Listener>) {
    this.address = address
    this.listener = listener
    this.#owner = owner
  }

  subscribe(connection: NatsConnection): void {
    // The link hears of the end of a connection a moment after the client.
    if (connection.isClosed()) return
    this.#subscription = connection.subscribe(this.address, { callback: this.#called })
  }

  stop(): void {
    if (this.stopped) return
    this.stopped = true
    this.#subscription?.unsubscribe()
    this.#owner.forget(this)
  }

  flush(): Promise<void> {
    return this.#owner.flush()
  }

  readonly #called = (error: Error | null, message: Msg): void => {
    if (error !== null) this.#owner.refused(error, this.address)
    else if (!this.stopped) this.#owner.receive(this, message)
  }
}

/** Subscriptions sent in one piece after a reconnect. A server takes some 60 a millisecond, and all else waits behind them. */
const RESTORED_AT_ONCE = 1000

/** An address is a subject without wildcards. */
const ADDRESS = /^[^\s.*>]+(\.[^\s.*>]+)*$/

/** All that is listened to through one bus, whatever becomes of its connections. */
export class NatsListenings<Listener> {
  readonly #owner: Owner<Listener>
  readonly #all = new Set<NatsListening<Listener>>()
  #connection: NatsConnection | undefined

  constructor(owner: Omit<Owner<Listener>, 'forget'>) {
    this.#owner = { ...owner, forget: (listening) => this.#all.delete(listening) }
  }

  get size(): number {
    return this.#all.size
  }

  /** Listens, at once if there is a connection. @throws RangeError when the address can't be a subject */
  add(address: string, listener: Listener): NatsListening<Listener> {
    if (!ADDRESS.test(address)) throw new RangeError(`"${address}" can't be listened to`)
    const listening = new NatsListening(address, listener, this.#owner)
    this.#all.add(listening)
    if (this.#connection !== undefined) listening.subscribe(this.#connection)
    return listening
  }

  down(): void {
    this.#connection = undefined
  }

  /**
   * Subscribes everything on a new connection, a piece at a time, so that what is sent in between is not held up.
   * @returns whether it is done; false when the connection was lost on the way
   */
  async restore(connection: NatsConnection): Promise<boolean> {
    this.#connection = connection
    const all = [...this.#all]
    for (let at = 0; at === 0 || at < all.length; at += RESTORED_AT_ONCE) {
      for (const listening of all.slice(at, at + RESTORED_AT_ONCE)) {
        if (!listening.stopped) listening.subscribe(connection)
      }
      try {
        await this.#owner.flush()
      } catch {
        return false
      }
      if (this.#connection !== connection) return false
    }
    return true
  }

  /** Stops all. */
  stop(): void {
    for (const listening of [...this.#all]) listening.stop()
  }
}
