import type { Socket } from 'node:net'
import type { Clock, Timer } from '../../cluster/clock.ts'
import { AnswerError, AnswerReader } from './http-answer.ts'
import type { HttpRequest } from './http-request.ts'

/** What the connections to an origin have in common. */
export interface ConnectionPool {
  readonly clock: Clock
  readonly timeoutMs: number
  /** As the Host header has it. */
  readonly hostname: string
  /** All read into one. */
  readonly buffer: Buffer
  open(onread: Onread): Socket
  /** Its request was answered; it can take another one. */
  freed(connection: HttpConnection): void
  /** A request has been answered, or has failed, and was told so. */
  over(): void
  ended(connection: HttpConnection): void
}

/** How a socket gives what it reads. */
export interface Onread {
  readonly buffer: Uint8Array
  readonly callback: (bytes: number, buffer: Uint8Array) => boolean
}

/** One keep-alive connection, with one request at a time. */
export class HttpConnection {
  readonly #pool: ConnectionPool
  readonly #socket: Socket
  readonly #reader = new AnswerReader()
  #request: HttpRequest | undefined
  #timer: Timer | undefined
  #isOpen = false
  #ending: string | undefined
  #usableUntilMs = Number.POSITIVE_INFINITY

  /** @param opened event of a socket that can be written to: `connect`, or `secureConnect` for TLS */
  constructor(pool: ConnectionPool, opened: 'connect' | 'secureConnect') {
    this.#pool = pool
    const { buffer } = pool
    this.#socket = pool.open({
      buffer,
      callback: (bytes) => {
        this.#received(buffer.subarray(0, bytes))
        return true
      },
    })
    this.#socket.once(opened, () => {
      this.#isOpen = true
      this.#write()
    })
    this.#socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#ending ??= error.code ?? error.name
    })
    this.#socket.once('close', () => this.#closed())
  }

  /** Whether the server has not ended it, and is not about to. */
  get isUsable(): boolean {
    return this.#socket.writable && this.#pool.clock.monotonicMs() < this.#usableUntilMs
  }

  /** Sends a request, at once or as soon as the connection is open. */
  send(request: HttpRequest): void {
    const { clock, timeoutMs } = this.#pool
    this.#request = request
    this.#timer = clock.after(timeoutMs, () => this.drop(this.#isOpen ? 'no answer in time' : 'ETIMEDOUT'))
    if (this.#isOpen) this.#write()
  }

  /** Ends it. @param why what its request, if there is one, failed of */
  drop(why: string): void {
    this.#ending ??= why
    this.#socket.destroy()
  }

  #write(): void {
    const request = this.#request
    if (request === undefined) return
    request.began()
    this.#socket.write(bytesOf(request, this.#pool.hostname))
  }

  #received(chunk: Buffer): void {
    // After its end, or what nobody asked for: it could be taken for the answer to the next request.
    if (this.#ending !== undefined || this.#request === undefined)
      return this.drop('bytes that belong to no answer')
    try {
      const answer = this.#reader.read(chunk)
      if (answer === undefined) return
      const { reusableMs } = answer
      this.#usableUntilMs = this.#pool.clock.monotonicMs() + reusableMs
      this.#answered(answer, reusableMs > 0)
    } catch (error) {
      if (!(error instanceof AnswerError)) throw error
      this.drop('no HTTP')
    }
  }

  #answered(answer: { readonly status: number; readonly body: string }, isReusable: boolean): void {
    const request = this.#request
    this.#request = undefined
    this.#timer?.cancel()
    if (isReusable) this.#pool.freed(this)
    else this.drop('answered')
    request?.answered(answer)
    this.#pool.over()
  }

  #closed(): void {
    const request = this.#request
    this.#pool.ended(this)
    if (request === undefined) return
    const answer = this.#ending === undefined ? this.#reader.end() : undefined
    if (answer !== undefined) return this.#answered(answer, false)
    this.#request = undefined
    this.#timer?.cancel()
    request.failed(this.#ending ?? 'closed without answer')
    this.#pool.over()
  }
}

/** In one piece, so that it takes one write. */
function bytesOf(request: HttpRequest, hostname: string): Buffer {
  const { method, path, headers } = request
  const body = request.body()
  let head = `${method} ${path} HTTP/1.1\r\nhost: ${hostname}\r\nconnection: keep-alive\r\n`
  for (let at = 0; at < headers.length; at += 2) head += `${headers[at]}: ${headers[at + 1]}\r\n`
  // RFC 9110 section 8.6: a method with a meaning for a body says its length, even of none.
  if (body !== undefined || method !== 'GET') head += `content-length: ${body?.length ?? 0}\r\n`
  head += '\r\n'
  const bytes = Buffer.allocUnsafe(head.length + (body?.length ?? 0))
  bytes.write(head, 'latin1')
  if (body !== undefined) bytes.set(body, head.length)
  return bytes
}
