import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { createSystemRandom } from '../../cluster/clock.ts'
import { type Asked, type Scripted, ScriptedHttp } from '../../deploy/by-hand/fixtures/scripted-http.ts'

/** What a user agent says. */
interface Frame {
  readonly messageType?: string
  readonly uaid?: string
  readonly channelID?: string
  readonly key?: string
  readonly broadcasts?: Readonly<Record<string, string>>
  readonly updates?: readonly { readonly version: string }[]
}

/** A message as its user agent gets it. */
interface Notification {
  readonly channelID: string
  readonly version: string
  readonly data?: string
  readonly headers?: Readonly<Record<string, string>>
}

interface Agent {
  socket: WebSocket | undefined
  readonly channels: Set<string>
  /** Not acknowledged yet. */
  messages: readonly Notification[]
}

const random = createSystemRandom()

/**
 * A push service that is not Pushgrid: it says what autopush-rs does by its source of 2026, built as usual, and has nothing beyond that: no receipts, no `urgency`,
 * no TTL in notifications; a message that it does not know ends the connection. It may say what no other one does, and gives locations without their origin.
 */
export class OtherService {
  readonly #websockets: WebSocketServer
  readonly #http: ScriptedHttp
  readonly #agents = new Map<string, Agent>()

  private constructor(websockets: WebSocketServer, http: ScriptedHttp) {
    this.#websockets = websockets
    this.#http = http
  }

  static async start(): Promise<OtherService> {
    const websockets = new WebSocketServer({ host: '127.0.0.1', port: 0 })
    await once(websockets, 'listening')
    const http = await ScriptedHttp.start((asked) => service.#answer(asked))
    const service = new OtherService(websockets, http)
    websockets.on('connection', (socket) => service.#connected(socket))
    return service
  }

  get wsUrl(): string {
    return `ws://127.0.0.1:${(this.#websockets.address() as AddressInfo).port}/`
  }

  /** Sends a frame to everybody. */
  say(frame: object): void {
    for (const client of this.#websockets.clients) client.send(JSON.stringify(frame))
  }

  async stop(): Promise<void> {
    for (const client of this.#websockets.clients) client.terminate()
    this.#websockets.close()
    await Promise.all([once(this.#websockets, 'close'), this.#http.stop()])
  }

  #connected(socket: WebSocket): void {
    let uaid = ''
    socket.on('message', (text) => {
      const frame: Frame = JSON.parse(String(text))
      const { messageType } = frame
      if (messageType === 'hello')
        uaid = frame.uaid !== undefined && this.#agents.has(frame.uaid) ? frame.uaid : newId()
      const agent = this.#agents.get(uaid) ?? { socket, channels: new Set(), messages: [] }
      this.#agents.set(uaid, agent)
      const answer = this.#handle(frame, uaid, agent)
      if (answer === 'unknown') return socket.close(1011, 'Json')
      if (answer !== undefined) socket.send(JSON.stringify({ messageType, ...answer }))
      if (messageType !== 'hello') return
      agent.socket = socket
      for (const message of agent.messages) notify(agent, message)
    })
    socket.on('close', () => {
      const agent = this.#agents.get(uaid)
      if (agent?.socket === socket) agent.socket = undefined
    })
  }

  #handle({ messageType, ...frame }: Frame, uaid: string, agent: Agent): object | 'unknown' | undefined {
    const { channelID = '', key, broadcasts = {}, updates = [] } = frame
    switch (messageType) {
      case 'hello': {
        const missing = Object.keys(broadcasts).map((id) => [id, 'Broadcast not found'])
        const errors = missing.length === 0 ? {} : { errors: Object.fromEntries(missing) }
        return { uaid, status: 200, use_webpush: true, broadcasts: errors }
      }
      case 'register': {
        const version = key === undefined ? 'v1' : 'v2'
        agent.channels.add(channelID)
        const pushEndpoint = `${this.#http.url}/wpush/${version}/${uaid}/${channelID}`
        return { channelID, status: 200, pushEndpoint }
      }
      case 'unregister':
        agent.channels.delete(channelID)
        return { channelID, status: 200 }
      case 'ack': {
        const versions = updates.map((update) => update.version)
        agent.messages = agent.messages.filter(({ version }) => !versions.includes(version))
        return undefined
      }
      case 'nack':
        return undefined
      default:
        return 'unknown'
    }
  }

  #answer({ method, path, headers, body }: Asked): Scripted {
    const [, room, version, uaid = '', channelID = ''] = path.split('/')
    if (room === 'm' && method === 'DELETE') return this.#takeBack(version ?? '')
    if (room !== 'wpush' || method !== 'POST') return failure(404, 102, 'Not Found')
    if (version === 'v2' && headers.authorization === undefined)
      return failure(401, 109, 'Missing VAPID token')
    const agent = this.#agents.get(uaid)
    if (!agent?.channels.has(channelID)) return failure(410, 106, 'No such subscription')
    const { 'content-encoding': encoding, encryption, 'crypto-key': cryptoKey } = headers
    const message: Notification = {
      channelID,
      version: newId(),
      ...(body.length > 0 && {
        data: body.toString('base64url'),
        headers: {
          encoding: `${encoding}`,
          ...(encryption !== undefined && { encryption: `${encryption}` }),
          ...(cryptoKey !== undefined && { crypto_key: `${cryptoKey}` }),
        },
      }),
    }
    agent.messages = [...agent.messages, message]
    notify(agent, message)
    return { status: 201, headers: { location: `/m/${message.version}`, ttl: `${headers['ttl']}` } }
  }

  #takeBack(version: string): Scripted {
    for (const agent of this.#agents.values()) {
      const left = agent.messages.filter((message) => message.version !== version)
      if (left.length === agent.messages.length) continue
      agent.messages = left
      return { status: 204 }
    }
    return failure(404, 102, 'Not Found')
  }
}

function notify({ socket }: Agent, message: Notification): void {
  socket?.send(JSON.stringify({ messageType: 'notification', ...message, reliability_id: 'r' }))
}

function failure(status: number, errno: number, error: string): Scripted {
  return {
    status,
    body: JSON.stringify({ code: status, errno, error, more_info: 'https://autopush.example/' }),
  }
}

function newId(): string {
  return Buffer.from(random.bytes(16)).toString('hex')
}
