import type { RequestListener } from 'node:http'
import {
  createServer,
  type Http2Server,
  type Http2ServerRequest,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { Socket } from 'node:net'
import type { Clock } from '../cluster/clock.ts'

/** What an HTTP/2 connection may ask of the server. */
export interface Http2Limits {
  /** Bytes of all headers of one request, as for HTTP/1.1; a stream beyond it is reset (RFC 9113 section 6.5.2). */
  readonly headerBytesMax: number
  /** A connection whose first request takes longer to come is closed, whatever else comes on it. */
  readonly firstRequestMs: number
  /** The same for any later one. */
  readonly idleMs: number
  /** A stream on which nothing moves for longer is reset. */
  readonly streamIdleMs: number
  /** The client is asked so often whether it is there (PING), and has to answer before it is asked again; else the connection is cut. */
  readonly pingMs: number
}

/** Requests under way on one connection; as many as browsers and libraries are used to. */
const STREAMS_MAX = 100
/** Memory that one connection may hold in Node, in megabytes: headers, and answers that are not read. */
const SESSION_MEGABYTES_MAX = 4
/** A connection that was told to end, and on which no request is under way, is cut after this. */
const CLOSE_GRACE_MS = 1000
const CANCEL = 8
/** Pings under way on one connection: that of each receipt handed over, and ours. */
const PINGS_MAX = 1000

/** The connections of one port that speak HTTP/2 (RFC 9113). Each is handed over once it is known to. */
export class Http2Sessions {
  readonly #server: Http2Server
  readonly #limits: Http2Limits
  readonly #clock: Clock
  readonly #sessions = new Set<ServerHttp2Session>()
  #closing = false

  constructor(limits: Http2Limits, clock: Clock) {
    this.#limits = limits
    this.#clock = clock
    this.#server = createServer({
      maxSessionMemory: SESSION_MEGABYTES_MAX,
      maxOutstandingPings: PINGS_MAX,
      settings: { maxConcurrentStreams: STREAMS_MAX, maxHeaderListSize: limits.headerBytesMax },
    })
    this.#server.on('session', (session) => this.#opened(session))
  }

  /** Answers all requests by `answer`: requests and responses have the interface of HTTP/1.1, but for what is about connections. */
  answerBy(answer: RequestListener): void {
    this.#server.on('request', answer as unknown as (request: Http2ServerRequest) => void)
  }

  /** Takes a connection: nothing of it has been read, or that was put back. */
  accept(socket: Socket): void {
    // Unlike in HTTP/1.1 a client that sends no more has no answer to wait for.
    socket.allowHalfOpen = false
    this.#server.emit('connection', socket)
  }

  /** Tells all clients that no new request is taken (GOAWAY); each connection ends when its requests are answered. */
  close(): void {
    this.#closing = true
    for (const session of this.#sessions) session.close()
  }

  #opened(session: ServerHttp2Session): void {
    const { firstRequestMs, idleMs, streamIdleMs } = this.#limits
    const closeAfter = (delayMs: number) =>
      this.#clock.after(delayMs, () => {
        idle = endAfter(CLOSE_GRACE_MS)
        session.close()
      })
    // A request whose headers never end is one that Node waits for, but tells nobody of.
    const endAfter = (delayMs: number) => this.#clock.after(delayMs, () => session.destroy())
    let streams = 0
    let idle = closeAfter(firstRequestMs)
    this.#sessions.add(session)
    session.once('close', () => {
      idle.cancel()
      this.#sessions.delete(session)
    })
    session.on('stream', (stream: ServerHttp2Stream) => {
      idle.cancel()
      streams += 1
      stream.setTimeout(streamIdleMs, () => stream.close(CANCEL))
      stream.once('close', () => {
        streams -= 1
        if (streams > 0 || session.destroyed) return
        idle = session.closed ? endAfter(CLOSE_GRACE_MS) : closeAfter(idleMs)
      })
    })
    this.#watch(session)
    if (this.#closing) session.close()
  }

  /**
   * Cuts a connection whose client is gone. So is one for us that breaks the rules, or resets too many streams: nghttp2 says GOAWAY and has
   * Node read no more, which tells nobody, and would not notice the end of the connection either.
   */
  #watch(session: ServerHttp2Session): void {
    const { pingMs } = this.#limits
    let isThere = true
    const ask = () => {
      if (!isThere || session.destroyed) return session.destroy()
      isThere = false
      session.ping((error) => (isThere = error === null))
      timer = this.#clock.after(pingMs, ask)
    }
    let timer = this.#clock.after(pingMs, ask)
    session.once('close', () => timer.cancel())
  }
}
