import { connect, type Socket } from 'node:net'
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls'
import type { Clock, Timer } from '../../cluster/clock.ts'
import { AnswerReader, type HttpAnswer, HttpFormatError } from './answer-reader.ts'
import type { Place } from './place.ts'

/** A request and whom to tell what became of it: `began` at once or when a connection is free, then one of the other two. */
export interface HttpRequest {
  /** All of its bytes. @param host value of the Host header */
  bytes(host: string): Buffer
  began(): void
  answered(answer: HttpAnswer): void
  /** @param kind a word that errors are counted by */
  failed(kind: string): void
}

const READ_BYTES = 64 * 1024
/** One that was not used for longer is not used again: servers close theirs after 5 s and more, and what is sent just then is lost. */
const IDLE_MAX_MS = 4000

/**
 * Keep-alive connections to one origin, one request at a time on each. A request that finds none free opens another, up to a limit;
 * beyond it requests wait in the order they came. One that gets no answer in time costs its connection, not the others.
 */
export class HttpConnections {
  /** Most requests that waited for a connection at a time. */
  waitedMax = 0
  readonly #place: Place
  readonly #limits: { readonly connectionsMax: number; readonly timeoutMs: number }
  readonly #clock: Clock
  readonly #secureContext: SecureContext | undefined
  readonly #buffer = Buffer.allocUnsafeSlow(READ_BYTES)
  readonly #idle: Connection[] = []
  readonly #all = new Set<Connection>()
  #waiting = new Queue<HttpRequest>()

  constructor(
    place: Place,
    limits: { readonly connectionsMax: number; readonly timeoutMs: number },
    clock: Clock,
  ) {
    this.#place = place
    this.#limits = limits
    this.#clock = clock
    this.#secureContext = place.isSecure ? createSecureContext() : undefined
  }

  get open(): number {
    return this.#all.size
  }

  send(request: HttpRequest): void {
    const connection = this.#free() ?? this.#another()
    if (connection !== undefined) connection.send(request)
    else {
      this.#waiting.push(request)
      this.waitedMax = Math.max(this.waitedMax, this.#waiting.length)
    }
  }

  /** Ends all; requests under way fail. */
  close(): void {
    for (let request = this.#waiting.shift(); request !== undefined; request = this.#waiting.shift())
      request.failed('closed')
    for (const connection of this.#all) connection.end('closed')
  }

  /** The one used last: with little to do the others grow old, and the server closes them. */
  #free(): Connection | undefined {
    const connection = this.#idle.pop()
    if (connection === undefined || this.#clock.monotonicMs() - connection.usedMs < IDLE_MAX_MS) return connection
    for (const old of [connection, ...this.#idle.splice(0)]) old.end('closed')
    return undefined
  }

  #another(): Connection | undefined {
    if (this.#all.size >= this.#limits.connectionsMax) return undefined
    const connection = new Connection((onread) => this.#connect(onread), {
      buffer: this.#buffer,
      host: this.#place.hostname,
      timeoutMs: this.#limits.timeoutMs,
      clock: this.#clock,
      freed: () => {
        const next = this.#waiting.shift()
        if (next === undefined) this.#idle.push(connection)
        else connection.send(next)
      },
      ended: () => {
        this.#all.delete(connection)
        const at = this.#idle.indexOf(connection)
        if (at >= 0) this.#idle.splice(at, 1)
        const next = this.#waiting.shift()
        if (next !== undefined) this.send(next)
      },
    })
    this.#all.add(connection)
    return connection
  }

  #connect(callback: (bytes: number) => boolean): Socket {
    const { address: host, port, servername, verify } = this.#place
    const options = { host, port, noDelay: true, onread: { buffer: this.#buffer, callback } }
    if (this.#secureContext === undefined) return connect(options)
    const secureContext = this.#secureContext
    return connectTls({ ...options, secureContext, servername, rejectUnauthorized: verify })
  }
}

interface ConnectionOptions {
  readonly buffer: Buffer
  readonly host: string
  readonly timeoutMs: number
  readonly clock: Clock
  freed(): void
  ended(): void
}

class Connection {
  /** When it was last sent a request. */
  usedMs = 0
  readonly #socket: Socket
  readonly #options: ConnectionOptions
  readonly #reader = new AnswerReader()
  #request: HttpRequest | undefined
  #timer: Timer | undefined
  #hasEnded = false

  constructor(open: (callback: (bytes: number) => boolean) => Socket, options: ConnectionOptions) {
    this.#options = options
    this.#socket = open((bytes) => {
      this.#received(options.buffer.subarray(0, bytes))
      return true
    })
    this.#socket.on('error', (error: NodeJS.ErrnoException) => this.end(error.code ?? 'http error'))
    this.#socket.once('close', () => this.#closed())
  }

  send(request: HttpRequest): void {
    this.#request = request
    this.usedMs = this.#options.clock.monotonicMs()
    request.began()
    this.#timer = this.#options.clock.after(this.#options.timeoutMs, () => this.end('no answer in time'))
    this.#socket.write(request.bytes(this.#options.host))
  }

  /** Ends it; the request that is under way fails. */
  end(kind: string): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#socket.destroy()
    this.#timer?.cancel()
    const request = this.#request
    this.#request = undefined
    request?.failed(kind)
    this.#options.ended()
  }

  #received(chunk: Buffer): void {
    if (this.#hasEnded) return
    try {
      const answer = this.#reader.read(chunk)
      if (answer !== undefined) this.#answered(answer)
    } catch (error) {
      if (!(error instanceof HttpFormatError)) throw error
      this.end(`no HTTP: ${error.message}`)
    }
  }

  #answered(answer: HttpAnswer): void {
    this.#timer?.cancel()
    const request = this.#request
    this.#request = undefined
    if (request === undefined) return this.end('an answer to no request')
    if (!answer.isKept) this.end('closed')
    request.answered(answer)
    if (answer.isKept) this.#options.freed()
  }

  #closed(): void {
    const answer = this.#reader.ended()
    if (answer !== undefined && this.#request !== undefined) this.#answered(answer)
    this.end(this.#request === undefined ? 'closed' : 'closed without answer')
  }
}

/** First in, first out, without moving the rest at each step. */
class Queue<T> {
  #items: T[] = []
  #at = 0

  get length(): number {
    return this.#items.length - this.#at
  }

  push(item: T): void {
    this.#items.push(item)
  }

  shift(): T | undefined {
    const item = this.#items[this.#at]
    if (item === undefined) return undefined
    this.#at += 1
    if (this.#at > 1000 && this.#at * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#at)
      this.#at = 0
    }
    return item
  }
}
