import { createHash } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls'
import type { Random } from '../../cluster/clock.ts'
import { clientFrame, FrameError, type FrameListener, FrameReader, OPCODES } from './frames.ts'
import type { Place } from './place.ts'

/** Told of what happens to a websocket; after `closed` nothing more. */
export interface WebSocketListener {
  opened(): void
  text(text: string): void
  /** @param kind what ended it, in a word that errors are counted by; `closed 1001` after a Close frame */
  closed(kind: string): void
}

const READ_BYTES = 64 * 1024
const HEADERS_MAX_BYTES = 16 * 1024
const HEADERS_END = '\r\n\r\n'
const GOING_AWAY = Buffer.from([0x03, 0xe9])
/** What a server proves with that it understands websockets (RFC 6455 section 1.3). */
const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/**
 * Opens websockets to one place. What they can share they share, the buffer for reading above all: a hundred thousand idle ones
 * must fit into a small machine.
 */
export class WebSocketDialer {
  readonly #place: Place
  readonly #random: Random
  readonly #secureContext: SecureContext | undefined
  readonly #shared: Shared

  constructor(place: Place, random: Random) {
    this.#place = place
    this.#random = random
    this.#secureContext = place.isSecure ? createSecureContext() : undefined
    this.#shared = { random, buffer: Buffer.allocUnsafeSlow(READ_BYTES), frames: [] }
  }

  /** @param localAddress address to connect from, where there is a choice */
  dial(listener: WebSocketListener, localAddress?: string): WebSocket {
    const { address: host, port, hostname, verify } = this.#place
    const key = Buffer.from(this.#random.bytes(16)).toString('base64')
    const open = (onread: Onread) => {
      const options = {
        host,
        port,
        onread,
        noDelay: true,
        ...(localAddress !== undefined && { localAddress }),
      }
      if (this.#secureContext === undefined) return connect(options)
      const { servername } = this.#place
      const secure = { secureContext: this.#secureContext, rejectUnauthorized: verify, servername }
      return connectTls({ ...options, ...secure })
    }
    const request = upgradeRequest(this.#place.path, `${hostname}`, key)
    return new WebSocket(open, { request, accept: acceptOf(key) }, listener, this.#shared)
  }
}

type Onread = {
  readonly buffer: Uint8Array
  readonly callback: (bytes: number, buffer: Uint8Array) => boolean
}

/** Of all websockets of a dialer. */
interface Shared {
  readonly random: Random
  readonly buffer: Buffer
  /** What is sent in answer to one read, so that it goes out in one write. */
  frames: Buffer[]
}

interface Handshake {
  readonly request: string
  readonly accept: string
}

/**
 * A websocket of a user agent: text frames, pings, Close, and nothing else. On node:net itself, because the best library
 * takes more than twice the memory and half as much CPU time again (docs/benchmarks.md).
 */
export class WebSocket implements FrameListener {
  readonly #listener: WebSocketListener
  readonly #shared: Shared
  readonly #socket: Socket
  readonly #reader = new FrameReader()
  /** While it opens. */
  #handshake: Handshake | undefined
  #head: Buffer | undefined
  #ending: string | undefined
  #isReading = false

  constructor(
    open: (onread: Onread) => Socket,
    handshake: Handshake,
    listener: WebSocketListener,
    shared: Shared,
  ) {
    this.#listener = listener
    this.#shared = shared
    this.#handshake = handshake
    this.#socket = open({
      buffer: shared.buffer,
      callback: (bytes) => {
        this.#received(shared.buffer.subarray(0, bytes))
        return true
      },
    })
    this.#socket.write(handshake.request)
    this.#socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#ending ??= error.code ?? 'websocket error'
    })
    this.#socket.once('close', () => this.#listener.closed(this.#ending ?? 'closed without Close frame'))
  }

  /** Sends a text frame; after the end it does nothing. */
  send(text: string): void {
    this.#write(OPCODES.text, text)
  }

  /** Ends it with a Close frame, as a browser does that ends in an orderly way. */
  close(): void {
    if (this.#handshake === undefined) this.#write(OPCODES.close, GOING_AWAY)
    this.#ending ??= 'closed by the user agent'
    this.#socket.destroySoon()
  }

  /** Drops TCP, as a browser does that lost its network. @param why what `closed` is told */
  drop(why = 'dropped by the user agent'): void {
    this.#ending ??= why
    this.#socket.destroy()
  }

  text(text: string): void {
    this.#listener.text(text)
  }

  ping(payload: Buffer): void {
    this.#write(OPCODES.pong, payload)
  }

  /** The server ends it: the frame is answered (RFC 6455 section 5.5.1). */
  onClose(code: number): void {
    this.#ending ??= `closed ${code}`
    this.#write(OPCODES.close, GOING_AWAY)
    this.#socket.destroySoon()
  }

  #write(opcode: number, payload: string | Buffer): void {
    if (!this.#socket.writable) return
    const frame = clientFrame(opcode, payload, this.#shared.random)
    if (this.#isReading) this.#shared.frames.push(frame)
    else this.#socket.write(frame)
  }

  #received(chunk: Buffer): void {
    if (this.#ending !== undefined) return
    this.#isReading = true
    try {
      const frames = this.#handshake === undefined ? chunk : this.#readHead(chunk, this.#handshake)
      if (frames !== undefined) this.#reader.read(frames, this)
    } catch (error) {
      if (!(error instanceof FrameError)) throw error
      this.#ending ??= `protocol: ${error.message}`
      this.#socket.destroy()
    } finally {
      this.#isReading = false
      this.#flush()
    }
  }

  #flush(): void {
    const { frames } = this.#shared
    const [first] = frames
    if (first === undefined) return
    this.#shared.frames = []
    if (this.#socket.writable) this.#socket.write(frames.length === 1 ? first : Buffer.concat(frames))
  }

  /** Reads the answer to the request; gives the frames behind it. @throws FrameError when it is no upgrade */
  #readHead(chunk: Buffer, { accept }: Handshake): Buffer | undefined {
    const head = this.#head === undefined ? chunk : Buffer.concat([this.#head, chunk])
    const end = head.indexOf(HEADERS_END)
    if (end < 0) {
      if (head.length > HEADERS_MAX_BYTES) throw new FrameError('an endless answer to the upgrade')
      this.#head = Buffer.from(head)
      return undefined
    }
    this.#head = undefined
    this.#handshake = undefined
    const text = head.toString('latin1', 0, end)
    const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]
    if (status !== '101') {
      this.#ending = status === undefined ? 'no answer of HTTP to the upgrade' : `upgrade answered ${status}`
      this.#socket.destroy()
      return undefined
    }
    const proof = /^sec-websocket-accept:[ \t]*(\S+)/im.exec(text)?.[1]
    if (proof !== accept) throw new FrameError('a wrong Sec-WebSocket-Accept')
    this.#listener.opened()
    return head.subarray(end + HEADERS_END.length)
  }
}

function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}${ACCEPT_GUID}`).digest('base64')
}

/** The request as Firefox makes it, but for compression: nobody could tell its CPU time from the server's. */
function upgradeRequest(path: string, host: string, key: string): string {
  return (
    `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
    `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n` +
    `Sec-WebSocket-Protocol: push-notification${HEADERS_END}`
  )
}
