import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { createSystemRandom, systemClock } from '../../cluster/clock.ts'

/** What is wrong with the server. Every n-th means by the number of the POST, from 1 on; the first fault that applies is the only one. */
export interface Faults {
  /** Answers 201 and forgets the message. */
  readonly dropEvery?: number
  /** Sends the notification twice. */
  readonly duplicateEvery?: number
  /** Answers 503 with errno 202, and forgets the message. */
  readonly refuseEvery?: number
  /** Sends the notification only `lateMs` after the end of its TTL. */
  readonly lateEvery?: number
  readonly lateMs?: number
  /** Lets a message of a channel pass the one before it. */
  readonly swapEvery?: number
  /** Each answer, and then each notification, comes so much later. */
  readonly delayMs?: number
  /** At the n-th POST it stands still for so long: what comes meanwhile is taken up afterwards. */
  readonly stall?: { readonly atPost: number; readonly forMs: number }
}

interface Message {
  readonly channelID: string
  readonly version: string
  readonly data: string
}

interface Agent {
  socket: WebSocket | undefined
  /** Messages that came while it was away. */
  readonly waiting: Message[]
}

const random = createSystemRandom()
/** Longer than any run: a request may come just when a connection is ended for being idle, which would be a fault that nobody asked for. */
const KEEP_ALIVE_MS = 600_000
const MS_PER_S = 1000

/**
 * A server that speaks as much of autopush's protocol as a load generator needs, and has exactly the faults that it is told to have, so that
 * tests can compare what was found with what there was.
 */
export class BrokenServer {
  /** How often each fault has occurred. */
  readonly done = { posts: 0, dropped: 0, duplicated: 0, refused: 0, late: 0, swapped: 0 }
  readonly #faults: Faults
  readonly #http: Server
  readonly #agents = new Map<string, Agent>()
  readonly #heldBack = new Map<string, Message>()
  #stalled: Promise<void> | undefined

  private constructor(faults: Faults) {
    this.#faults = faults
    this.#http = createServer((request, response) => void this.#post(request, response))
    this.#http.keepAliveTimeout = KEEP_ALIVE_MS
    const sockets = new WebSocketServer({ server: this.#http })
    sockets.on('connection', (socket) => this.#connect(socket))
  }

  static async start(faults: Faults = {}): Promise<BrokenServer> {
    const server = new BrokenServer(faults)
    server.#http.listen(0, '127.0.0.1')
    await once(server.#http, 'listening')
    return server
  }

  /** Messages that wait for the next one of their channel, to be passed by it. */
  get heldBack(): number {
    return this.#heldBack.size
  }

  get wsUrl(): string {
    return `ws://127.0.0.1:${this.#port}/`
  }

  async stop(): Promise<void> {
    for (const { socket } of this.#agents.values()) socket?.terminate()
    this.#http.close()
    this.#http.closeAllConnections()
    await once(this.#http, 'close')
  }

  get #port(): number {
    return (this.#http.address() as AddressInfo).port
  }

  #connect(socket: WebSocket): void {
    let uaid = ''
    socket.on('error', () => socket.terminate())
    socket.on('message', (text) => {
      const { messageType, ...frame } = JSON.parse(String(text))
      const say = (reply: object) => socket.send(JSON.stringify({ messageType, status: 200, ...reply }))
      if (messageType === 'hello') {
        uaid = this.#agents.has(frame.uaid) ? frame.uaid : newId()
        say({ uaid, use_webpush: true, broadcasts: {} })
        this.#hello(uaid, socket)
      } else if (messageType === 'register') {
        const pushEndpoint = `http://127.0.0.1:${this.#port}/wpush/v1/${uaid}/${frame.channelID}`
        say({ channelID: frame.channelID, pushEndpoint })
      } else if (messageType === 'unregister') say({ channelID: frame.channelID })
      else if (messageType === 'ping') socket.send('{}')
    })
    socket.on('close', () => {
      const agent = this.#agents.get(uaid)
      if (agent?.socket === socket) agent.socket = undefined
    })
  }

  #hello(uaid: string, socket: WebSocket): void {
    const agent = this.#agents.get(uaid) ?? { socket, waiting: [] }
    agent.socket = socket
    this.#agents.set(uaid, agent)
    for (const message of agent.waiting.splice(0)) send(agent, message)
  }

  async #post(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request)
    const [, room, , uaid = '', channelID = ''] = request.url?.split('/') ?? []
    if (request.method !== 'POST' || room !== 'wpush') {
      answer(response, 404, 102)
      return
    }
    this.done.posts += 1
    const post = this.done.posts
    const { stall, delayMs } = this.#faults
    if (stall?.atPost === post) this.#stalled = after(stall.forMs)
    await this.#stalled
    if (delayMs !== undefined) await after(delayMs)
    const agent = this.#agents.get(uaid)
    if (agent === undefined) {
      answer(response, 410, 106)
      return
    }
    if (occurs(post, this.#faults.refuseEvery)) {
      this.done.refused += 1
      answer(response, 503, 202)
      return
    }
    const message = { channelID, version: newId(), data: body.toString('base64url') }
    response.writeHead(201, { location: `/m/${message.version}`, ttl: request.headers['ttl'] ?? '0' }).end()
    if (delayMs !== undefined) await after(delayMs)
    await this.#deliver(agent, message, post, Number(request.headers['ttl']))
  }

  async #deliver(agent: Agent, message: Message, post: number, ttlS: number): Promise<void> {
    const { dropEvery, duplicateEvery, lateEvery, lateMs = 0, swapEvery } = this.#faults
    if (occurs(post, dropEvery)) {
      this.done.dropped += 1
      return
    }
    if (occurs(post, lateEvery)) {
      this.done.late += 1
      await after(ttlS * MS_PER_S + lateMs)
    }
    const passed = this.#heldBack.get(message.channelID)
    if (passed === undefined && occurs(post, swapEvery)) {
      this.#heldBack.set(message.channelID, message)
      return
    }
    send(agent, message)
    if (occurs(post, duplicateEvery)) {
      this.done.duplicated += 1
      send(agent, message)
    }
    if (passed === undefined) return
    this.done.swapped += 1
    this.#heldBack.delete(message.channelID)
    send(agent, passed)
  }
}

function send(agent: Agent, { channelID, version, data }: Message): void {
  if (agent.socket === undefined) {
    agent.waiting.push({ channelID, version, data })
    return
  }
  const headers = { encoding: 'aes128gcm' }
  agent.socket.send(
    JSON.stringify({ messageType: 'notification', channelID, version, ttl: 60, data, headers }),
  )
}

function occurs(post: number, every: number | undefined): boolean {
  return every !== undefined && post % every === 0
}

function answer(response: ServerResponse, status: number, errno: number): void {
  const body = JSON.stringify({ code: status, errno, error: 'broken', message: 'on purpose' })
  response.writeHead(status, { 'content-type': 'application/json' }).end(body)
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function newId(): string {
  return Buffer.from(random.bytes(16)).toString('hex')
}

function after(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    systemClock.after(delayMs, resolve)
  })
}
