import { createInbox, type Msg, type NatsConnection } from '@nats-io/transport-node'
import type { Bus, Listener, Listening, Respond } from './bus.ts'
import type { Clock, Random, Timer } from './clock.ts'
import type { Codec } from './codec.ts'
import { NatsConfirmations } from './nats-confirmations.ts'
import { NatsLink } from './nats-link.ts'
import { type NatsListening, NatsListenings } from './nats-listenings.ts'
import type { NatsOptions } from './nats-options.ts'
import { NatsOutbox } from './nats-outbox.ts'
import { type AskOutcome, PendingAsks, type PendingAsksOptions } from './pending-asks.ts'
import { RepeatedTells } from './repeated-tells.ts'
import { within } from './within.ts'

/** Options of a bus over NATS. */
export interface NatsBusOptions<Message> extends PendingAsksOptions {
  readonly nats: NatsOptions
  /** Bytes that may be published before the server has confirmed any; beyond them nothing is sent. */
  readonly unconfirmedBytesMax: number
  readonly repeated: RepeatedOptions<Message>
}

/** Which tells are told again when a connection was lost before the server confirmed them. */
export interface RepeatedOptions<Message> {
  readonly isRepeated: (message: Message) => boolean
  /** Addresses that may wait for one. */
  readonly max: number
  /** Told instead when there are more; everybody concerned listens there. */
  readonly everyone: { readonly address: string; readonly message: Message }
}

/**
 * What can go wrong without anybody being told by a return value. connect: no server can be had, or one complains.
 * decode: bytes of a version or kind that is not understood. listener: a listener threw. publish: a message could not be
 * encoded or is too large.
 */
export type NatsBusFailure = 'connect' | 'decode' | 'listener' | 'publish'

/** Told what becomes of a bus. */
export interface NatsBusEvents {
  /** Connected, for the first time or again, and all that is listened to is known to the server. Hints may have been lost. */
  restored(): void
  /** The connection was lost; it is being made anew. */
  lost(): void
  failed(what: NatsBusFailure, error: unknown, address?: string): void
}

/** What a bus over NATS works with. */
export interface NatsBusDeps<Message, Reply> {
  readonly codec: Codec<Message, Reply>
  readonly clock: Clock
  readonly random: Random
  readonly events: NatsBusEvents
}

/** Protocol around a payload, roughly. */
const ENVELOPE_BYTES = 100
/** Repeated tells are confirmed within this time if nothing else is. */
const CONFIRM_MS = 1000
/** A server that takes longer for what was sent last is not waited for at the end. */
const CLOSE_MS = 2000

/**
 * A bus over NATS core: an address is a subject, and the subscription is the listening. `absent` is the server's own
 * word (no responders). The client buffers without bounds and loses silently while it has no connection, so nothing is
 * given to it then, and never more than the server confirms.
 */
export class NatsBus<Message, Reply extends object> implements Bus<Message, Reply> {
  readonly #options: NatsBusOptions<Message>
  readonly #deps: NatsBusDeps<Message, Reply>
  readonly #asks: PendingAsks<Reply>
  readonly #listenings: NatsListenings<Listener<Message, Reply>>
  readonly #confirmations: NatsConfirmations
  readonly #repeated: RepeatedTells
  readonly #link: NatsLink
  #outbox: NatsOutbox | undefined
  /** One subject for all replies; the number of the ask stands behind it. */
  readonly #inbox = `${createInbox()}.`
  #confirming: Timer | undefined
  #closed = false

  /** Starts to connect, and goes on for ever; until it has, nobody can be reached. */
  constructor(options: NatsBusOptions<Message>, deps: NatsBusDeps<Message, Reply>) {
    const { clock, random, events, codec } = deps
    const { everyone, max } = options.repeated
    this.#options = options
    this.#deps = deps
    this.#asks = new PendingAsks(options, clock)
    this.#confirmations = new NatsConfirmations((position) => this.#confirmed(position))
    this.#repeated = new RepeatedTells({
      max,
      everyone: { address: everyone.address, bytes: codec.encode(everyone.message) },
    })
    this.#listenings = new NatsListenings({
      receive: (listening, message) => this.#receive(listening, message),
      refused: (error, address) => events.failed('connect', error, address),
      flush: () => this.flush(),
    })
    this.#link = new NatsLink(options.nats, clock, random, {
      up: (connection) => void this.#up(connection),
      down: () => this.#down(),
      failed: (error) => events.failed('connect', error),
    })
  }

  /** Whether there is a connection at the moment. */
  get connected(): boolean {
    return this.#link.connection !== undefined
  }

  isReachable(): boolean {
    return this.connected
  }

  /** Asks that wait for a reply. */
  get pendingAsks(): number {
    return this.#asks.count
  }

  /** Repeated tells that the server has not confirmed. */
  get unconfirmedTells(): number {
    return this.#repeated.size
  }

  ask(address: string, message: Message, timeoutMs: number): Promise<AskOutcome<Reply>> {
    const { codec } = this.#deps
    const bytes = this.connected ? this.#encoded(address, () => codec.encode(message)) : undefined
    if (bytes === undefined || !this.#asks.hasRoomFor(bytes.length)) return Promise.resolve('timeout')
    return new Promise((resolve) => {
      const number = this.#asks.add(bytes.length, timeoutMs, resolve)
      if (!this.#publish(address, bytes, this.#inbox + number)) this.#asks.settle(number, 'timeout')
    })
  }

  tell(address: string, message: Message): 'sent' | 'notSent' {
    const bytes = this.#encoded(address, () => this.#deps.codec.encode(message))
    if (bytes === undefined) return 'notSent'
    const sent = this.#publish(address, bytes)
    if (this.#options.repeated.isRepeated(message)) this.#keep(address, bytes, sent)
    return sent ? 'sent' : 'notSent'
  }

  listen(address: string, listener: Listener<Message, Reply>): Listening {
    return this.#listenings.add(address, listener)
  }

  /** Resolves when the server has got all that was sent so far; rejects when the connection is or gets lost. */
  flush(): Promise<void> {
    return this.#confirmations.flush()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#confirming?.cancel()
    this.#asks.settleAll()
    this.#listenings.stop()
    const flushed = this.flush().catch(() => {})
    await within(this.#deps.clock, CLOSE_MS, flushed, () => {})
    await this.#link.close()
  }

  async #up(connection: NatsConnection): Promise<void> {
    const { clock, events } = this.#deps
    const outbox = new NatsOutbox(connection, clock, (error, subject) =>
      events.failed('publish', error, subject),
    )
    this.#outbox = outbox
    this.#confirmations.up({
      flush() {
        outbox.send()
        return connection.flush()
      },
    })
    connection.subscribe(`${this.#inbox}*`, { callback: (error, message) => this.#replied(error, message) })
    this.#sendUnsent()
    const restored = await this.#listenings.restore(connection)
    if (restored) events.restored()
  }

  #down(): void {
    this.#outbox = undefined
    this.#listenings.down()
    this.#confirmations.down()
    this.#repeated.connectionLost()
    this.#asks.settleAll()
    if (!this.#closed) this.#deps.events.lost()
  }

  #encoded(address: string, encode: () => Uint8Array): Uint8Array | undefined {
    try {
      return encode()
    } catch (error) {
      this.#deps.events.failed('publish', error, address)
      return undefined
    }
  }

  /** Returns whether it was sent: it was not when there is no connection or the server is behind. */
  #publish(address: string, bytes: Uint8Array, reply?: string): boolean {
    const outbox = this.#outbox
    const { unconfirmedBytesMax } = this.#options
    const { unconfirmedBytes } = this.#confirmations
    if (outbox === undefined || unconfirmedBytes > unconfirmedBytesMax) return false
    try {
      outbox.add(address, bytes, reply)
    } catch (error) {
      this.#deps.events.failed('publish', error, address)
      return false
    }
    this.#confirmations.published(bytes.length + ENVELOPE_BYTES)
    if (unconfirmedBytes > unconfirmedBytesMax / 4) this.#confirmations.confirmSoon()
    return true
  }

  #keep(address: string, bytes: Uint8Array, sent: boolean): void {
    if (sent) this.#repeated.addSent({ address, bytes }, this.#confirmations.position)
    else this.#repeated.addUnsent({ address, bytes })
    this.#confirming ??= this.#deps.clock.after(CONFIRM_MS, () => {
      this.#confirming = undefined
      this.#confirmations.confirmSoon()
    })
  }

  #confirmed(position: number): void {
    this.#repeated.confirmed(position)
    this.#sendUnsent()
  }

  #sendUnsent(): void {
    this.#repeated.sendUnsent(({ address, bytes }) =>
      this.#publish(address, bytes) ? this.#confirmations.position : undefined,
    )
  }

  #receive({ address, listener }: NatsListening<Listener<Message, Reply>>, message: Msg): void {
    const { codec, events } = this.#deps
    let what: NatsBusFailure = 'decode'
    try {
      const decoded = codec.decode(message.data)
      what = 'listener'
      listener(decoded, message.reply ? this.#responder(message.reply) : undefined)
    } catch (error) {
      events.failed(what, error, address)
    }
  }

  #responder(inbox: string): Respond<Reply> {
    let answered = false
    return (reply) => {
      if (answered) return
      answered = true
      const bytes = this.#encoded(inbox, () => this.#deps.codec.encodeReply(reply))
      if (bytes !== undefined) this.#publish(inbox, bytes)
    }
  }

  #replied(error: Error | null, message: Msg): void {
    const { codec, events } = this.#deps
    if (error !== null) return events.failed('connect', error)
    const number = Number(message.subject.slice(this.#inbox.length))
    if (!this.#asks.has(number)) return
    if (message.data.length === 0 && message.headers?.code === 503) return this.#asks.settle(number, 'absent')
    try {
      this.#asks.settle(number, codec.decodeReply(message.data))
    } catch (cause) {
      events.failed('decode', cause)
    }
  }
}
