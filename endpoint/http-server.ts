import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http'
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Clock } from '../cluster/clock.ts'
import type { Certificate } from '../push/certificate.ts'
import { Http2Sessions } from './http2-sessions.ts'

/** How long HTTP clients may take. */
export interface HttpServerOptions {
  /** A request must be complete this long after its first byte. */
  requestTimeoutMs: number
}

/** Node looks for requests that take too long so many times within what they may take; by itself every 30 s only. */
const LOOKS_PER_TIMEOUT = 6
/** A connection without a request for longer is closed. */
const KEEP_ALIVE_MS = 72_000
/** Bytes of all headers of one request. */
const HEADER_BYTES_MAX = 16 * 1024
const HANDSHAKE_TIMEOUT_MS = 10_000
/** What an HTTP/2 connection without TLS begins with (RFC 9113 section 3.4); no method of HTTP/1.1 does. */
const PREFACE_START = Buffer.from('PRI ')

/**
 * HTTP/1.1 and HTTP/2 on one port. With a certificate both are over TLS, and its handshake says which (ALPN); without, the first
 * bytes of a connection do (HTTP/2 "with prior knowledge"), for proxies that speak it to the servers behind them.
 */
export class HttpServer {
  /** Node's server, which listens and speaks HTTP/1.1. */
  readonly server: Server
  readonly #secure: SecureServer | undefined
  readonly #http2: Http2Sessions
  readonly #sockets = new Set<Socket>()
  readonly #clock: Clock
  readonly #requestTimeoutMs: number

  constructor({ requestTimeoutMs }: HttpServerOptions, certificate: Certificate | undefined, clock: Clock) {
    const limits = {
      headerBytesMax: HEADER_BYTES_MAX,
      firstRequestMs: requestTimeoutMs,
      idleMs: KEEP_ALIVE_MS,
      streamIdleMs: requestTimeoutMs,
      pingMs: requestTimeoutMs,
    }
    this.#clock = clock
    this.#requestTimeoutMs = requestTimeoutMs
    this.#http2 = new Http2Sessions(limits, clock)
    if (certificate === undefined) {
      this.server = createServer(http1Options(requestTimeoutMs))
      this.#divert('connection', (socket, serveHttp1) => this.#tellByBytes(socket, serveHttp1))
    } else {
      this.#secure = createSecureServer({ ...http1Options(requestTimeoutMs), ...tlsOptions(certificate) })
      this.server = this.#secure
      this.#divert('secureConnection', (socket: TLSSocket, serveHttp1) => {
        if (socket.alpnProtocol === 'h2') this.#http2.accept(socket)
        else serveHttp1()
      })
      // A handshake that failed: there is nobody to whom an answer could be encrypted.
      this.#secure.removeAllListeners('tlsClientError')
      this.#secure.on('tlsClientError', (_error, socket) => socket.destroy())
    }
    this.server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
  }

  /** Answers all requests by `answer`: call it once, before the server listens. */
  answerBy(answer: RequestListener): Server {
    this.#http2.answerBy(answer)
    return this.server.on('request', answer)
  }

  /** Shows another certificate to new connections; those that are open stay. @throws when it can't be used; then the former stays */
  useCertificate(certificate: Certificate): void {
    this.#secure?.setSecureContext(tlsOptions(certificate))
  }

  /** Takes no new connection, from this moment on, and no new request of HTTP/2; resolves when no connection is left. */
  close(): Promise<void> {
    this.#http2.close()
    return new Promise((resolve) => this.server.close(() => resolve()))
  }

  /** Cuts every connection. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  /** Puts a listener in the place of Node's own, which serves HTTP/1.1. */
  #divert<S extends Socket>(event: string, listener: (socket: S, serveHttp1: () => void) => void): void {
    const { server } = this
    const [serve] = server.listeners(event)
    if (serve === undefined) throw new Error(`no listener of ${event} in this version of Node`)
    server.removeAllListeners(event)
    server.on(event, (socket: S) => listener(socket, () => Reflect.apply(serve, server, [socket])))
  }

  #tellByBytes(socket: Socket, serveHttp1: () => void): void {
    const late = this.#clock.after(this.#requestTimeoutMs, () => socket.destroy())
    let start: Buffer = Buffer.alloc(0)
    const abandon = () => socket.destroy()
    const look = () => {
      const chunk: Buffer | null = socket.read()
      if (chunk === null) return
      start = start.length === 0 ? chunk : Buffer.concat([start, chunk])
      const compared = Math.min(start.length, PREFACE_START.length)
      const isLike = start.compare(PREFACE_START, 0, compared, 0, compared) === 0
      if (isLike && compared < PREFACE_START.length) return
      late.cancel()
      socket.off('readable', look).off('end', abandon)
      socket.unshift(start)
      if (isLike) this.#http2.accept(socket)
      else serveHttp1()
      socket.off('error', abandon)
    }
    socket.on('readable', look).once('end', abandon).once('error', abandon)
    socket.once('close', () => late.cancel())
  }
}

function http1Options(requestTimeoutMs: number): ServerOptions {
  return {
    requestTimeout: requestTimeoutMs,
    headersTimeout: requestTimeoutMs,
    connectionsCheckingInterval: Math.ceil(requestTimeoutMs / LOOKS_PER_TIMEOUT),
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: HEADER_BYTES_MAX,
  }
}

function tlsOptions({ certificate, key }: Certificate) {
  return {
    cert: certificate,
    key,
    ALPNProtocols: ['h2', 'http/1.1'],
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
  }
}
