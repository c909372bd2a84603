import { WebSocket } from 'ws'
import type { Clock, Timer } from '../../cluster/clock.ts'
import type { Direction } from './agent-event.ts'
import { parseServerFrame, type ServerFrame } from './server-frame.ts'

/** What a connection works with, and whom it tells. */
export interface ConnectionDeps {
  readonly clock: Clock
  /** A frame that answers no request. */
  readonly onFrame: (frame: ServerFrame) => void
  /** A text frame that means nothing here. */
  readonly onStrange: (text: string) => void
  /** Every text frame, both ways. */
  readonly onText: (direction: Direction, text: string) => void
}

type Kind = ServerFrame['messageType']
type FrameOf<K extends Kind> = Extract<ServerFrame, { messageType: K }>

/** Waits for what a server owes. */
interface Waiting {
  /** Tells whether this was it. */
  readonly take: (frame: ServerFrame) => boolean
  readonly reject: (error: Error) => void
  readonly timer: Timer
}

/** Firefox: it asks whether the server is there after so long without a text frame (`dom.push.pingInterval`) ... */
const PING_MS = 30 * 60_000
/** ... and waits so long for any answer (`dom.push.requestTimeout`). */
const ANSWER_MS = 10_000
/** How long the closing handshake may take. */
const CLOSE_MS = 1000

/** One websocket to a push service. Pings of the websocket protocol are answered by the library. */
export class Connection {
  /** Resolves to why it has ended, when it has. */
  readonly closed: Promise<{ code: number; reason: string }>
  readonly #socket: WebSocket
  readonly #deps: ConnectionDeps
  readonly #waiting = new Set<Waiting>()
  #keepAlive: Timer | undefined

  private constructor(socket: WebSocket, deps: ConnectionDeps) {
    this.#socket = socket
    this.#deps = deps
    socket.on('error', () => {}) // `close` follows
    socket.on('message', (data) => this.#received(data.toString()))
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => {
        this.#keepAlive?.cancel()
        for (const { timer, reject } of this.#waiting) {
          timer.cancel()
          reject(new Error(closeText(code, reason.toString())))
        }
        this.#waiting.clear()
        resolve({ code, reason: reason.toString() })
      })
    })
  }

  /** Opens a websocket. @throws Error when there is no server, or it refuses */
  static open(url: string, signal: AbortSignal, deps: ConnectionDeps): Promise<Connection> {
    // No sub-protocol is offered: some servers know none, and then the library would give up, unlike Firefox.
    const socket = new WebSocket(url, { handshakeTimeout: ANSWER_MS })
    const connection = new Connection(socket, deps)
    const close = () => connection.close()
    signal.addEventListener('abort', close)
    void connection.closed.then(() => signal.removeEventListener('abort', close))
    return new Promise((resolve, reject) => {
      socket.once('open', () => {
        connection.#stayAlive()
        resolve(connection)
      })
      socket.once('unexpected-response', (request, { statusCode }) => {
        request.destroy()
        reject(new Error(refusedText(statusCode)))
      })
      socket.once('error', reject)
    })
  }

  /** Sends a frame; after the end of the connection it does nothing. */
  send(frame: object): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return
    const text = JSON.stringify(frame)
    this.#deps.onText('sent', text)
    this.#socket.send(text)
  }

  /**
   * Sends a frame and waits for its answer, which has the same type.
   * @throws Error when the connection ends before, or none comes in time
   */
  ask<K extends Kind>(kind: K, fields: object): Promise<FrameOf<K>> {
    const answer = new Promise<FrameOf<K>>((resolve, reject) => {
      const timer = this.#deps.clock.after(ANSWER_MS, () => {
        this.#waiting.delete(waiting)
        reject(new Error(`the server does not answer within ${ANSWER_MS / 1000} s`))
        this.#socket.terminate()
      })
      const take = (frame: ServerFrame) => {
        if (!isOf(kind, frame)) return false
        timer.cancel()
        resolve(frame)
        return true
      }
      const waiting: Waiting = { take, reject, timer }
      this.#waiting.add(waiting)
    })
    this.send({ messageType: kind, ...fields })
    return answer
  }

  /** Ends it in good order, after what was sent. */
  close(): void {
    this.#socket.close(1000)
    const timer = this.#deps.clock.after(CLOSE_MS, () => this.#socket.terminate())
    void this.closed.then(() => timer.cancel())
  }

  #received(text: string): void {
    this.#deps.onText('received', text)
    this.#stayAlive()
    const frame = parseServerFrame(text)
    if (frame === undefined) return this.#deps.onStrange(text)
    for (const waiting of this.#waiting) {
      if (!waiting.take(frame)) continue
      this.#waiting.delete(waiting)
      return
    }
    this.#deps.onFrame(frame)
  }

  /** A text frame has come: the server is there. */
  #stayAlive(): void {
    this.#keepAlive?.cancel()
    if (this.#socket.readyState !== WebSocket.OPEN) return
    const { clock } = this.#deps
    this.#keepAlive = clock.after(PING_MS, () => {
      this.send({})
      this.#keepAlive = clock.after(ANSWER_MS, () => this.#socket.terminate())
    })
  }
}

function isOf<K extends Kind>(kind: K, frame: ServerFrame): frame is FrameOf<K> {
  return frame.messageType === kind
}

/** Says how HTTP refused a websocket. */
function refusedText(status = 0): string {
  const advice =
    status === 503 || status === 429
      ? 'it is overloaded, or ends'
      : 'is this the websocket side of a push service?'
  return `it answers HTTP ${status} instead of a websocket: ${advice}`
}

/** Says how a websocket ended. */
export function closeText(code: number, reason: string): string {
  if (code === 1006) return 'the connection was lost'
  return `the server closed the connection (${code}${reason === '' ? '' : `, ${reason}`})`
}
