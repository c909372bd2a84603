import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import type { Frame } from './agent-client.ts'

const TEXT = 0x81
const CLOSE = 0x88
const MASKED = 0x80
const TRY_AGAIN_LATER = 1013
const LENGTH_IN_TWO_BYTES = 126
const HEADERS_END = '\r\n\r\n'

/**
 * What became of a connection. refused: the service sent it away with 503, 429 or 1013, for it to come again.
 * closed: it ended without an answer to hello; `code` is that of the Close frame, if there was one.
 */
export type LeanHello =
  | { readonly outcome: 'welcomed'; readonly agent: LeanAgent; readonly uaid: string }
  | { readonly outcome: 'refused' }
  | { readonly outcome: 'closed'; readonly code: number | undefined }

/**
 * A user agent that costs next to nothing, for tests with thousands of them in one process: a TCP connection that
 * says hello and is silent from then on.
 */
export class LeanAgent {
  /** Resolves when the connection has ended, by whichever side. */
  readonly closed: Promise<void>
  readonly #socket: Socket

  private constructor(socket: Socket) {
    this.#socket = socket
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()))
  }

  /** Connects and says hello. */
  static hello(wsUrl: string, uaid: string): Promise<LeanHello> {
    const { hostname, port } = new URL(wsUrl)
    const socket = connect({ host: hostname, port: Number(port), noDelay: true })
    const agent = new LeanAgent(socket)
    socket.write(upgradeRequest(`${hostname}:${port}`))
    return new Promise((resolve) => {
      let received: Buffer = Buffer.alloc(0)
      let isUpgraded = false
      socket.on('error', () => {}) // `close` follows
      socket.once('close', () => resolve({ outcome: 'closed', code: undefined }))
      socket.on('data', (chunk: Buffer) => {
        received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
        const headersEnd = isUpgraded ? -1 : received.indexOf(HEADERS_END)
        if (headersEnd >= 0) {
          if (/^(?:429|503)$/.test(received.toString('latin1', 9, 12))) resolve({ outcome: 'refused' })
          isUpgraded = true
          received = received.subarray(headersEnd + HEADERS_END.length)
          // Not before the answer to the upgrade: what comes with the request is not read.
          socket.write(textFrame(JSON.stringify({ messageType: 'hello', use_webpush: true, uaid })))
        }
        const hello = isUpgraded ? helloOf(agent, firstFrame(received)) : undefined
        if (hello === undefined) return
        socket.removeAllListeners('data').resume()
        resolve(hello)
      })
    })
  }

  /** Drops TCP. */
  terminate(): void {
    this.#socket.destroy()
  }
}

interface WebSocketFrame {
  readonly kind: number
  readonly payload: Buffer
}

function helloOf(agent: LeanAgent, frame: WebSocketFrame | undefined): LeanHello | undefined {
  if (frame?.kind === CLOSE) {
    const code = frame.payload.readUInt16BE()
    return code === TRY_AGAIN_LATER ? { outcome: 'refused' } : { outcome: 'closed', code }
  }
  if (frame?.kind !== TEXT) return undefined
  const answer = JSON.parse(frame.payload.toString()) as Frame
  if (answer.messageType !== 'hello') throw new Error(`hello is answered with ${answer.messageType}`)
  return { outcome: 'welcomed', agent, uaid: answer.uaid }
}

function upgradeRequest(host: string): string {
  const key = randomBytes(16).toString('base64')
  return (
    `GET / HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
    `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Protocol: push-notification${HEADERS_END}`
  )
}

/** A text frame of a client (RFC 6455 section 5.2), with a mask of zeros, which leaves the text as it is. */
function textFrame(text: string): Buffer {
  const payload = Buffer.from(text)
  if (payload.length >= LENGTH_IN_TWO_BYTES) throw new RangeError(`a frame of ${payload.length} bytes`)
  return Buffer.concat([Buffer.from([TEXT, MASKED | payload.length, 0, 0, 0, 0]), payload])
}

/** The first frame of a server, once it is there in whole. */
function firstFrame(received: Buffer): WebSocketFrame | undefined {
  const [kind, short] = received
  if (kind === undefined || short === undefined) return undefined
  const isLong = short === LENGTH_IN_TWO_BYTES
  if (isLong && received.length < 4) return undefined
  const start = isLong ? 4 : 2
  const length = isLong ? received.readUInt16BE(2) : short
  return received.length < start + length
    ? undefined
    : { kind, payload: received.subarray(start, start + length) }
}
