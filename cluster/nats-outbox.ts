import type { NatsConnection, ServerInfo } from '@nats-io/transport-node'
import type { Clock } from './clock.ts'

interface Outgoing {
  readonly subject: string
  readonly bytes: Uint8Array
  readonly reply: string | undefined
}

/** What is needed of a connection. */
interface Publisher extends Pick<NatsConnection, 'publish' | 'isClosed'> {
  readonly info?: Pick<ServerInfo, 'max_payload'>
}

/**
 * Publishes on one connection what a turn of the event loop brings, all of it at the end of that turn: the client then writes
 * once to its socket. Left to itself it writes for each message that arrived by another socket, and writing
 * costs more than all else that it does, for the server that reads, too.
 */
export class NatsOutbox {
  readonly #connection: Publisher
  readonly #clock: Clock
  readonly #failed: (error: unknown, subject: string) => void
  #waiting: Outgoing[] = []

  /** @param failed told of what could not be published after all */
  constructor(connection: Publisher, clock: Clock, failed: (error: unknown, subject: string) => void) {
    this.#connection = connection
    this.#clock = clock
    this.#failed = failed
  }

  /** Takes a message. @throws RangeError when it is too large for the server */
  add(subject: string, bytes: Uint8Array, reply: string | undefined): void {
    const max = this.#connection.info?.max_payload ?? Number.POSITIVE_INFINITY
    if (bytes.length > max) throw new RangeError(`${bytes.length} bytes where max_payload is ${max}`)
    if (this.#waiting.push({ subject, bytes, reply }) === 1) this.#clock.afterTurn(() => this.send())
  }

  /** Publishes what waits, for something that must come after it. */
  send(): void {
    const waiting = this.#waiting
    if (waiting.length === 0) return
    this.#waiting = []
    // Lost, as what was written to a dead connection: the link is about to say so.
    if (this.#connection.isClosed()) return
    for (const { subject, bytes, reply } of waiting) {
      try {
        this.#connection.publish(subject, bytes, reply === undefined ? {} : { reply })
      } catch (error) {
        this.#failed(error, subject)
      }
    }
  }
}
