import { randomUUID } from 'node:crypto'
import { WebSocket } from 'ws'
import { systemClock } from '../../cluster/clock.ts'
import { within } from '../../cluster/within.ts'

/** The frames a service sends; `{}`, the answer to a ping, is given the type `ping` here. */
export type Frame =
  | { messageType: 'hello'; uaid: string; status: number; use_webpush: boolean; broadcasts: object }
  | { messageType: 'register'; channelID: string; status: number; pushEndpoint: string }
  | { messageType: 'unregister'; channelID: string; status: number }
  | { messageType: 'urgency'; status: number }
  | Notification
  | { messageType: 'broadcast'; broadcasts: Record<string, unknown> }
  | { messageType: 'ping' }

/** A push message as it reaches the user agent. */
export interface Notification {
  messageType: 'notification'
  channelID: string
  version: string
  ttl?: number
  data?: string
  headers?: Record<string, string>
}

/** The type of a frame. */
export type Kind = Frame['messageType']

/** How a connection ended: 1006 stands for TCP closed without a Close frame (RFC 6455 section 7.1.5). */
export interface Closed {
  readonly code: number
  readonly reason: string
}

/** How to connect. */
export interface AgentClientOptions {
  /** Sub-protocols to offer; none by default. */
  protocols?: string[]
  /** Certificate that it trusts for `wss://`, in PEM. */
  ca?: string | undefined
  /** More headers of the upgrade request. */
  headers?: Record<string, string>
  /** Told of every notification as it comes, before any `next` gets it. */
  onNotification?: (notification: Notification, client: AgentClient) => void
}

const WAIT_MS = 60_000

/** A user agent for tests: speaks the websocket protocol, records every frame, and waits for events, never for time. */
export class AgentClient {
  /** Every frame received, in order. */
  readonly frames: Frame[] = []
  /** Resolves when the socket is closed, by whichever side. */
  readonly closed: Promise<Closed>
  readonly #socket: WebSocket
  readonly #options: AgentClientOptions
  #unread: Frame[] = []
  #waiting: { kind: Kind; resolve: (frame: Frame) => void; reject: (error: Error) => void }[] = []

  private constructor(socket: WebSocket, options: AgentClientOptions) {
    this.#socket = socket
    this.#options = options
    socket.on('message', (data) => this.#received(data.toString()))
    socket.on('error', () => {}) // `close` follows and says all there is to say
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => {
        for (const { kind, reject } of this.#waiting.splice(0))
          reject(new Error(`closed (${code}) before a ${kind}`))
        resolve({ code, reason: reason.toString() })
      })
    })
  }

  /** Opens a websocket. @throws when the service refuses, is not there or does not answer */
  static connect(wsUrl: string, options: AgentClientOptions = {}): Promise<AgentClient> {
    const { protocols = [], ca, headers = {} } = options
    const settings = { perMessageDeflate: false, handshakeTimeout: WAIT_MS, ca, headers }
    const socket = new WebSocket(wsUrl, protocols, settings)
    const client = new AgentClient(socket, options)
    return new Promise((resolve, reject) => {
      socket.once('open', () => resolve(client))
      socket.once('error', reject)
    })
  }

  /** Connects and says hello; without a UAID a new one is issued. */
  static async hello(wsUrl: string, uaid?: string, options?: AgentClientOptions): Promise<ReadyAgent> {
    const client = await AgentClient.connect(wsUrl, options)
    const hello = await client.hello(uaid)
    return { client, uaid: hello.uaid }
  }

  get protocol(): string {
    return this.#socket.protocol
  }

  /** The notifications received so far, repeats included. */
  get notifications(): Notification[] {
    return this.frames.filter((frame) => frame.messageType === 'notification')
  }

  /** Sends an object as JSON. */
  send(frame: object): void {
    this.sendRaw(JSON.stringify(frame), false)
  }

  /** Sends a frame as it is; a text frame may be any bytes. After the end of the connection it does nothing. */
  sendRaw(frame: string | Uint8Array, binary: boolean): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(frame, { binary })
  }

  /** @param broadcasts those to hear of, with the versions it has */
  hello(uaid?: string, broadcasts: Readonly<Record<string, string>> = {}): Promise<FrameOf<'hello'>> {
    this.send({
      messageType: 'hello',
      use_webpush: true,
      broadcasts,
      ...(uaid !== undefined && { uaid }),
    })
    return this.next('hello')
  }

  register(channelID: string = randomUUID(), key?: string | null): Promise<FrameOf<'register'>> {
    this.send({ messageType: 'register', channelID, ...(key !== undefined && { key }) })
    return this.next('register')
  }

  unregister(channelID: string, code = 200): Promise<FrameOf<'unregister'>> {
    this.send({ messageType: 'unregister', channelID, code })
    return this.next('unregister')
  }

  /** Subscribes to broadcasts; an answer comes only where something differs. */
  subscribeBroadcasts(broadcasts: Readonly<Record<string, string>>): void {
    this.send({ messageType: 'broadcast_subscribe', broadcasts })
  }

  urgency(min: string): Promise<FrameOf<'urgency'>> {
    this.send({ messageType: 'urgency', min })
    return this.next('urgency')
  }

  ack({ channelID, version }: Notification, code = 100): void {
    this.send({ messageType: 'ack', updates: [{ channelID, version, code }] })
  }

  /** The first unread frame of a kind, or the next one to come. @throws when the socket closes or nothing comes in a minute */
  next<K extends Kind>(kind: K): Promise<FrameOf<K>> {
    const at = this.#unread.findIndex((frame) => frame.messageType === kind)
    const [frame] = at < 0 ? [] : this.#unread.splice(at, 1)
    if (frame !== undefined) return Promise.resolve(frame as FrameOf<K>)
    const coming = new Promise<Frame>((resolve, reject) => {
      if (this.#socket.readyState === WebSocket.CLOSED) reject(new Error(`closed; no ${kind} will come`))
      else this.#waiting.push({ kind, resolve, reject })
    })
    return within(systemClock, WAIT_MS, coming as Promise<FrameOf<K>>, () => {
      const seen = this.frames.map((each) => each.messageType).join(' ')
      throw new Error(`no ${kind} within ${WAIT_MS} ms; received: ${seen}`)
    })
  }

  /** Reads no more of what comes. */
  stopReading(): void {
    this.#socket.pause()
  }

  /** Closes with a handshake, as a browser does that ends in an orderly way. */
  close(): Promise<Closed> {
    this.#socket.close(1000)
    return this.closed
  }

  /** Drops TCP, as a browser does that crashes. */
  terminate(): Promise<Closed> {
    this.#socket.terminate()
    return this.closed
  }

  #received(text: string): void {
    const frame = frameOf(text)
    this.frames.push(frame)
    if (frame.messageType === 'notification') this.#options.onNotification?.(frame, this)
    const at = this.#waiting.findIndex(({ kind }) => kind === frame.messageType)
    const [waiting] = at < 0 ? [] : this.#waiting.splice(at, 1)
    if (waiting === undefined) this.#unread.push(frame)
    else waiting.resolve(frame)
  }
}

/** A frame of one type. */
export type FrameOf<K extends Kind> = Extract<Frame, { messageType: K }>

/** A user agent that has been answered its hello. */
export interface ReadyAgent {
  readonly client: AgentClient
  readonly uaid: string
}

function frameOf(text: string): Frame {
  const parsed = JSON.parse(text) as Partial<Frame>
  return { ...parsed, messageType: parsed.messageType ?? 'ping' } as Frame
}
