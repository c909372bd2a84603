import type { ServerResponse } from 'node:http'
import type { Http2Session } from 'node:http2'
import type { Socket } from 'node:net'
import type { Clock } from '../cluster/clock.ts'
import { http2StreamOf } from './connections.ts'

/** A connection of HTTP/1.1 that lives on for so long after a write is taken to have brought it. */
const LIVED_ON_MS = 30_000

/** What carries a response: in HTTP/1.1 the socket, which a response lets go of when it is complete. */
export type Connection = { readonly session: Http2Session } | { readonly socket: Socket }

/** The connection of a response that has just been started; undefined when it is gone already. */
export function connectionOf(response: ServerResponse): Connection | undefined {
  const stream = http2StreamOf(response)
  if (stream !== undefined) return stream.session && { session: stream.session }
  return response.socket === null ? undefined : { socket: response.socket }
}

/**
 * Finds out whether what was written to a connection has got there: a write that succeeded says only that the operating system has
 * it. HTTP/2 has PING, whose answer the peer gives after it has read all that came before. With HTTP/1.1 the peer has read everything if it
 * closes in good order (with anything left unread, TCP resets); and very probably if the connection lives on for a while. A network that is
 * cut in silence shows only when TCP gives up.
 */
export class Handovers {
  readonly #clock: Clock
  readonly #sockets = new WeakMap<Socket, Set<(got: boolean) => void>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Resolves to whether all that has left on a connection so far has got there; false is no certain loss. */
  done(connection: Connection): Promise<boolean> {
    return 'session' in connection ? answersPing(connection.session) : this.#livesOn(connection.socket)
  }

  /** Resolves when a connection of HTTP/1.1 has ended, to whether its peer had read everything. */
  ended(socket: Socket): Promise<boolean> {
    if (socket.destroyed) return Promise.resolve(false)
    const waiting = this.#waitingOn(socket)
    return new Promise((resolve) => void waiting.add(resolve))
  }

  #livesOn(socket: Socket): Promise<boolean> {
    if (socket.destroyed) return Promise.resolve(false)
    const waiting = this.#waitingOn(socket)
    return new Promise((resolve) => {
      const end = (got: boolean) => {
        timer.cancel()
        waiting.delete(end)
        resolve(got)
      }
      const timer = this.#clock.after(LIVED_ON_MS, () => end(true))
      waiting.add(end)
    })
  }

  /** Those who wait for what becomes of a socket share its listeners. */
  #waitingOn(socket: Socket): Set<(got: boolean) => void> {
    const known = this.#sockets.get(socket)
    if (known !== undefined) return known
    const waiting = new Set<(got: boolean) => void>()
    this.#sockets.set(socket, waiting)
    socket.once('end', () => {
      for (const end of waiting) end(true)
    })
    socket.once('close', () => {
      for (const end of waiting) end(false)
    })
    return waiting
  }
}

function answersPing(session: Http2Session): Promise<boolean> {
  return new Promise((resolve) => {
    if (session.destroyed || session.closed) return resolve(false)
    // False where too many are under way: asked again later. A session that ends cancels those that are.
    if (!session.ping((error) => resolve(error === null))) resolve(false)
  })
}
