import { connect, type Socket } from 'node:net'
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls'
import type { Clock } from '../../cluster/clock.ts'
import { type ConnectionPool, HttpConnection, type Onread } from './http-connection.ts'
import type { HttpRequest } from './http-request.ts'
import type { Place } from './place.ts'
import { Queue } from './queue.ts'

/** Bounds of the connections to one origin. */
export interface HttpLimits {
  readonly connectionsMax: number
  /** From sending, or connecting for it, until the end of the answer. */
  readonly timeoutMs: number
  readonly clock: Clock
}

const READ_BYTES = 64 * 1024
const PROTOCOL = 'http/1.1'
const GIVEN_UP = 'given up at the end'

/**
 * Keep-alive connections to one origin, one request at a time on each. A request that finds none free opens another, up to a limit;
 * beyond it requests wait in the order they came. One that gets no answer in time costs its connection, not the others. On node:net itself,
 * because with the best library a generator takes a sixth more CPU time (docs/benchmarks.md).
 */
export class HttpConnections implements ConnectionPool {
  /** Most requests that waited for a connection at a time. */
  waitedMax = 0
  readonly clock: Clock
  readonly timeoutMs: number
  readonly hostname: string
  readonly buffer = Buffer.allocUnsafeSlow(READ_BYTES)
  readonly #place: Place
  readonly #secureContext: SecureContext | undefined
  readonly #connectionsMax: number
  readonly #all = new Set<HttpConnection>()
  /** The one that was used last is taken first, so that those too many end by themselves. */
  readonly #free: HttpConnection[] = []
  readonly #waiting = new Queue<HttpRequest>()
  #session: Buffer | undefined
  #isClosed = false

  constructor(place: Place, { connectionsMax, timeoutMs, clock }: HttpLimits) {
    this.#place = place
    this.#secureContext = place.isSecure ? createSecureContext() : undefined
    this.#connectionsMax = connectionsMax
    this.hostname = place.hostname
    this.timeoutMs = timeoutMs
    this.clock = clock
  }

  send(request: HttpRequest): void {
    if (this.#isClosed) return request.failed(GIVEN_UP)
    const connection = this.#waiting.size === 0 ? this.#usable() : undefined
    if (connection !== undefined) return connection.send(request)
    this.#waiting.add(request)
    this.waitedMax = Math.max(this.waitedMax, this.#waiting.size)
  }

  /** Ends all; requests under way fail. */
  close(): void {
    this.#isClosed = true
    for (const connection of this.#all) connection.drop(GIVEN_UP)
    for (let request = this.#waiting.take(); request !== undefined; request = this.#waiting.take())
      request.failed(GIVEN_UP)
  }

  open(onread: Onread): Socket {
    const { address: host, port, servername, verify } = this.#place
    const options = { host, port, onread, noDelay: true }
    if (this.#secureContext === undefined) return connect(options)
    const socket = connectTls({
      ...options,
      secureContext: this.#secureContext,
      session: this.#session,
      servername,
      rejectUnauthorized: verify,
      ALPNProtocols: [PROTOCOL],
    })
    return socket.on('session', (session) => {
      this.#session = session
    })
  }

  freed(connection: HttpConnection): void {
    this.#free.push(connection)
  }

  ended(connection: HttpConnection): void {
    this.#all.delete(connection)
    const at = this.#free.indexOf(connection)
    if (at >= 0) this.#free.splice(at, 1)
    this.over()
  }

  /** Those that wait get what has become free. */
  over(): void {
    while (this.#waiting.size > 0 && !this.#isClosed) {
      const connection = this.#usable()
      if (connection === undefined) return
      const request = this.#waiting.take()
      if (request !== undefined) connection.send(request)
    }
  }

  /** One that is free, else a new one; undefined at the limit. */
  #usable(): HttpConnection | undefined {
    for (let free = this.#free.pop(); free !== undefined; free = this.#free.pop()) {
      if (free.isUsable) return free
      free.drop('idle for too long')
    }
    if (this.#all.size >= this.#connectionsMax) return undefined
    const connection = new HttpConnection(this, this.#place.isSecure ? 'secureConnect' : 'connect')
    this.#all.add(connection)
    return connection
  }
}
