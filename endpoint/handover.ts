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
 * asks for something more, or closes in good order (with anything left unread, TCP resets); and very probably if the
 * connection lives on for a while.
 */
export class Handovers {
  readonly #clock: Clock
  /** What to do when the peer asks for something more. */
  readonly #asking = new WeakMap<Socket, Set<() => void>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Resolves to whether all that has left for this client so far has got there; false is no certain loss. */
  done(connection: Connection): Promise<boolean> {
    return 'session' in connection ? answersPing(connection.session) : this.#livesOn(connection.socket)
  }

  /** The client has sent a request: it has read the answers to those before it on that connection. True when somebody waited for that. */
  asked(connection: Connection): boolean {
    const confirms = 'socket' in connection ? this.#asking.get(connection.socket) : undefined
    if (confirms === undefined || confirms.size === 0) return false
    for (const confirm of confirms) confirm()
    return true
  }

  #livesOn(socket: Socket): Promise<boolean> {
    return new Promise((resolve) => {
      if (socket.destroyed) return resolve(false)
      const asking = this.#asking.get(socket) ?? new Set()
      this.#asking.set(socket, asking)
      const end = (got: boolean) => {
        timer.cancel()
        asking.delete(confirm)
        socket.off('end', confirm).off('close', lose)
        resolve(got)
      }
      const confirm = () => end(true)
      const lose = () => end(false)
      const timer = this.#clock.after(LIVED_ON_MS, confirm)
      asking.add(confirm)
      socket.on('end', confirm).on('close', lose)
    })
  }
}

function answersPing(session: Http2Session): Promise<boolean> {
  return new Promise((resolve) => {
    if (session.destroyed || session.closed) return resolve(false)
    const lose = () => resolve(false)
    session.once('close', lose)
    // False where too many are under way: asked again later.
    const isSent = session.ping((error) => {
      session.off('close', lose)
      resolve(error === null)
    })
    if (!isSent) lose()
  })
}
