import { type Dispatcher, Pool } from 'undici'
import type { Place } from './place.ts'

/** A request and whom to tell what became of it: `began` at once or when a connection is free, then one of the other two. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  /** Names and values in turn. */
  readonly headers: readonly string[]
  /** Made when it is sent, so that what waits is small. */
  body(): Uint8Array | undefined
  /** It is written to its connection now. */
  began(): void
  answered(answer: HttpAnswer): void
  /** @param kind a word that errors are counted by */
  failed(kind: string): void
}

/** An answer, as far as a sender of push messages wants to know it. */
export interface HttpAnswer {
  readonly status: number
  /** The beginning of it. */
  readonly body: string
}

/** Bounds of the connections to one origin. */
export interface HttpLimits {
  readonly connectionsMax: number
  readonly timeoutMs: number
}

/** Kept of a body; errors of push services are smaller. */
const BODY_KEPT_CHARACTERS = 4096

/**
 * Keep-alive connections to one origin, one request at a time on each. A request that finds none free opens another, up to a limit;
 * beyond it requests wait in the order they came. One that gets no answer in time costs its connection, not the others.
 */
export class HttpConnections {
  /** Most requests that waited for a connection at a time. */
  waitedMax = 0
  readonly #pool: Pool
  readonly #host: string
  readonly #limits: HttpLimits
  #underWay = 0

  constructor(place: Place, limits: HttpLimits) {
    const { isSecure, address, port, hostname, servername, verify } = place
    const name = address.includes(':') ? `[${address}]` : address
    const { connectionsMax: connections, timeoutMs: timeout } = limits
    this.#limits = limits
    this.#host = hostname
    const secure = isSecure ? { servername, rejectUnauthorized: verify } : {}
    this.#pool = new Pool(`${isSecure ? 'https' : 'http'}://${name}:${port}`, {
      connections,
      connect: { timeout, noDelay: true, ...secure },
    })
  }

  send(request: HttpRequest): void {
    const { timeoutMs, connectionsMax } = this.#limits
    const { method, path } = request
    this.#underWay += 1
    this.waitedMax = Math.max(this.waitedMax, this.#underWay - connectionsMax)
    const options = {
      method,
      path,
      headers: ['host', this.#host, ...request.headers],
      body: request.body() ?? null,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    }
    this.#pool.dispatch(
      options,
      new Exchange(request, () => {
        this.#underWay -= 1
      }),
    )
  }

  /** Ends all; requests under way fail. */
  close(): void {
    void this.#pool.destroy()
  }
}

class Exchange implements Dispatcher.DispatchHandler {
  readonly #request: HttpRequest
  readonly #over: () => void
  #status = 0
  #body = ''

  constructor(request: HttpRequest, over: () => void) {
    this.#request = request
    this.#over = over
  }

  onRequestStart(): void {
    this.#request.began()
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    this.#status = status
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#body.length < BODY_KEPT_CHARACTERS) this.#body += chunk.toString('latin1')
  }

  onResponseEnd(): void {
    this.#over()
    this.#request.answered({ status: this.#status, body: this.#body })
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: NodeJS.ErrnoException): void {
    this.#over()
    const { code = error.name } = error
    this.#request.failed(error.name === 'HTTPParserError' ? 'no HTTP' : (KINDS[code] ?? code))
  }
}

/** undici's words in ours. */
const KINDS: Readonly<Record<string, string>> = {
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
  UND_ERR_BODY_TIMEOUT: 'no answer in time',
  UND_ERR_CONNECT_TIMEOUT: 'ETIMEDOUT',
  UND_ERR_SOCKET: 'closed without answer',
  UND_ERR_DESTROYED: 'given up at the end',
}
