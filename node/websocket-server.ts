import type * as Uws from 'uWebSockets.js'
import type { Clock } from '../cluster/clock.ts'
import type { BroadcastId } from '../push/broadcast.ts'
import type { CertificateFiles } from '../push/certificate.ts'
import type { ClientAddresses } from '../push/client-address.ts'
import { CLOSE_CODES, type CloseReason, WITHOUT_CLOSE_FRAME } from '../push/errors.ts'
import { OPERATIONS, type Operations, type OperationsPath } from '../push/operations.ts'
import type { AgentConnection, AgentSocket, SendResult } from './agent-socket.ts'
import { GROUP_MAX, type PublishTarget } from './broadcast-publisher.ts'
import type { ClientConnection, ClientLimits } from './client-limits.ts'
import { glibcVersion } from './glibc-version.ts'
import { SocketGroups, topicOf } from './socket-groups.ts'

/** What this file needs of the package, whichever of the two it is. */
export type UwsModule = typeof Uws

/** Where and how to listen for user agents. */
export interface WebSocketServerOptions {
  /** Address to listen on. */
  host: string
  /** 0 takes any free one. */
  port: number
  /** Whether other processes may listen on this port, too: the system spreads connections over them. Not with port 0. */
  sharedPort: boolean
  /** With one websockets are over TLS (`wss://`); without they are not. */
  certificate?: CertificateFiles
  /** What a slow reader may leave unread in the server's memory before frames are dropped. */
  socketBufferBytes: number
}

/** What the server calls. */
export interface WebSocketServerDeps {
  /** A websocket was opened. */
  open: (socket: AgentSocket, client: ClientConnection) => AgentConnection
  /** What the user agents of one address may do. */
  clients: ClientLimits
  /** Who is at the other end of a connection. */
  addresses: ClientAddresses
  /** Whether there is too much to do for another websocket. */
  isOverloaded: () => boolean
  /** A websocket has closed with this code, because of the service if there is a reason. */
  closed: (code: number, reason: CloseReason | undefined) => void
  /** The routes for operators. */
  operations: Pick<Operations, 'answer'>
  /** Tells when all that had arrived is handled. */
  clock: Pick<Clock, 'afterTurn'>
}

/** A server that listens. */
export interface WebSocketServer extends PublishTarget {
  /** Websockets that are subscribed to any broadcast. */
  readonly members: number
  readonly port: number
  /** Shows another certificate to new connections; those that are open stay. @throws Error when it can't be used; then the former stays */
  useCertificate(files: CertificateFiles): void
  /** Takes no new connection; those that are open stay. */
  stopListening(): void
  /** Closes what is still open, at once. */
  close(): void
}

const SUBPROTOCOL = 'push-notification'
/** Longest frame a user agent may send. */
const FRAME_BYTES_MAX = 16 * 1024
/** Beyond this uWebSockets.js drops TCP without a close frame; between the two we close with 1009. */
const PAYLOAD_BYTES_MAX = 64 * 1024
/** A ping after 5 minutes of silence, then 16 s for the pong: uWebSockets.js pings 16 s before its time-out. */
const IDLE_TIMEOUT_SECONDS = 5 * 60 + 16

/** LIBUS_LISTEN_EXCLUSIVE_PORT: without it a second listener on a used port succeeds in silence (SO_REUSEPORT). */
const LISTEN_EXCLUSIVE_PORT = 1
const LISTEN_SHARED_PORT = 0

/** What a user agent is told that is sent away; by then a queue of hellos is a good deal shorter. Firefox has its own 5 s. */
const RETRY_AFTER_SECONDS = '5'

const STATUS_LINES = { 200: '200 OK', 429: '429 Too Many Requests', 503: '503 Service Unavailable' } as const

interface SocketData {
  socket: UwsSocket | undefined
  connection: AgentConnection | undefined
  readonly address: string
  client: ClientConnection | undefined
}

/**
 * Loads uWebSockets.js: the package for Node 18 to 22 and glibc from 2.27 on, else the one for newer systems.
 * @throws Error of one line that says what was seen and what to do
 */
export async function loadUws(): Promise<UwsModule> {
  try {
    return await import('uWebSockets.js')
  } catch {
    // Not for this system; the other one may be.
  }
  try {
    // The two packages have one interface.
    return (await import('uWebSockets.js-next')) as unknown as UwsModule
  } catch (error) {
    throw new Error(
      `uWebSockets.js can't be loaded on Node ${process.versions.node} (${process.platform} ${process.arch}, glibc ${glibcVersion()}): ` +
        'use Node 20 or 22 with glibc 2.27 or newer (Debian 10), or Node 24 with glibc 2.38 or newer (Debian 13, Ubuntu 24.04)',
      { cause: error },
    )
  }
}

/**
 * Listens for user agents. The one place that touches uWebSockets.js.
 * @throws Error when the address can't be listened on
 */
export function startWebSocketServer(
  uws: UwsModule,
  options: WebSocketServerOptions,
  deps: WebSocketServerDeps,
): Promise<WebSocketServer> {
  const groups = new SocketGroups(GROUP_MAX)
  const createApp = (files: CertificateFiles | undefined) => {
    const app = files === undefined ? uws.App() : uws.SSLApp(tlsOptions(files))
    app.ws<SocketData>('/*', behaviour(options, deps, groups))
    serveOperations(app, deps)
    return app
  }
  const app = createApp(options.certificate)
  return new Promise((resolve, reject) => {
    listen(app, options, (token) => {
      if (token === false) {
        reject(
          new Error(`can't listen on ${options.host}:${options.port}: the port is in use or not allowed`),
        )
        return
      }
      const apps = new Apps(app)
      let listening = true
      resolve({
        port: uws.us_socket_local_port(token),
        get groups() {
          return groups.count
        },
        get members() {
          return groups.members
        },
        publish: (group, id, text) => apps.publish(topicOf(group, id), text),
        useCertificate: (files) => apps.add(createApp(files)),
        stopListening() {
          if (listening) uws.us_listen_socket_close(token)
          listening = false
        },
        close: () => apps.close(),
      })
    })
  })
}

function tlsOptions({ certificateFile, keyFile }: CertificateFiles): Uws.AppOptions {
  return { cert_file_name: certificateFile, key_file_name: keyFile, ssl_prefer_low_memory_usage: true }
}

/** What the types leave out and the binary has: an app that listens can hand the connections it accepts to others. */
type AcceptingApp = Uws.TemplatedApp & {
  getDescriptor(): unknown
  addChildAppDescriptor(descriptor: unknown): void
  removeChildAppDescriptor(descriptor: unknown): void
}

/**
 * The apps of one port: an app of uWebSockets.js has one certificate for ever. The first one listens; each connection that it accepts goes to the
 * newest, so that there is always exactly one listening socket, and no connection that waits on it is lost. Older ones keep what they have;
 * 40 kB each, which nothing gives back, so only a certificate that differs should make another.
 */
class Apps {
  readonly #apps: AcceptingApp[]

  constructor(first: Uws.TemplatedApp) {
    this.#apps = [first as AcceptingApp]
  }

  add(app: Uws.TemplatedApp): void {
    const newest = app as AcceptingApp
    const [first] = this.#apps
    const former = this.#apps.at(-1)
    if (former !== first) first?.removeChildAppDescriptor(former?.getDescriptor())
    first?.addChildAppDescriptor(newest.getDescriptor())
    this.#apps.push(newest)
  }

  /** uWebSockets.js gathers what is published and sends it at the end of this turn of the event loop, or before anything sent later. */
  publish(topic: string, text: string): number {
    let subscribers = 0
    for (const app of this.#apps) {
      const count = app.numSubscribers(topic)
      if (count > 0) app.publish(topic, text)
      subscribers += count
    }
    return subscribers
  }

  close(): void {
    for (const app of this.#apps) app.close()
  }
}

type ListenCallback = (token: Uws.us_listen_socket | false) => void

/** The types leave out the form with host and options, which the binary has. */
function listen(app: Uws.TemplatedApp, options: WebSocketServerOptions, done: ListenCallback): void {
  const { host, port, sharedPort } = options
  const withHost = app.listen.bind(app) as unknown as (
    host: string,
    port: number,
    options: number,
    done: ListenCallback,
  ) => void
  withHost(host, port, sharedPort ? LISTEN_SHARED_PORT : LISTEN_EXCLUSIVE_PORT, done)
}

function behaviour(
  options: WebSocketServerOptions,
  deps: WebSocketServerDeps,
  groups: SocketGroups,
): Uws.WebSocketBehavior<SocketData> {
  return {
    maxPayloadLength: PAYLOAD_BYTES_MAX,
    idleTimeout: IDLE_TIMEOUT_SECONDS,
    maxBackpressure: options.socketBufferBytes,
    sendPingsAutomatically: true,
    // No compression: bodies are encrypted, it would cost memory and gain nothing.
    upgrade(res, req, context) {
      if (deps.isOverloaded()) return refuse(res, deps, 503)
      const address = addressOf(res, req, deps.addresses)
      if (!deps.clients.admits(address)) return refuse(res, deps, 429)
      const offered = req.getHeader('sec-websocket-protocol').split(',')
      res.upgrade<SocketData>(
        { socket: undefined, connection: undefined, address, client: undefined },
        req.getHeader('sec-websocket-key'),
        offered.some((name) => name.trim() === SUBPROTOCOL) ? SUBPROTOCOL : '',
        req.getHeader('sec-websocket-extensions'),
        context,
      )
    },
    open(ws) {
      const data = ws.getUserData()
      data.socket = new UwsSocket(ws, groups)
      data.client = deps.clients.entered(data.address, data.socket)
      data.connection = deps.open(data.socket, data.client)
      // A node that drains closes it at once, when there was nobody yet to be told.
      if (data.socket.isClosed) data.connection.closed()
    },
    message(ws, message, isBinary) {
      const { socket, connection, client } = ws.getUserData()
      client?.spoke()
      if (isBinary) socket?.close('binaryFrame')
      else if (message.byteLength > FRAME_BYTES_MAX) socket?.close('frameTooLarge')
      else connection?.received(Buffer.from(message).toString())
    },
    dropped(ws) {
      const { socket, connection } = ws.getUserData()
      // What was sent to it alone is told by the result of that.
      if (!socket?.isSending) connection?.missed()
    },
    drain(ws) {
      if (ws.getBufferedAmount() === 0) ws.getUserData().connection?.drained()
    },
    close(ws, code) {
      const { socket, connection, client } = ws.getUserData()
      client?.left()
      deps.closed(code, socket?.closeReason)
      socket?.markClosed()
      connection?.closed()
    },
  }
}

/** The connection ends, too: thousands come at once, and each holds a file descriptor. */
function refuse(res: Uws.HttpResponse, deps: WebSocketServerDeps, status: 429 | 503): void {
  const text = 'Too many user agents are connecting: come back a little later.\n'
  void answer(res, deps, [STATUS_LINES[status], 'Retry-After', RETRY_AFTER_SECONDS, text], true)
}

/** What the connections of one client have in common. A proxy says whose it is in a header, or before all else (PROXY protocol, version 2). */
function addressOf(res: Uws.HttpResponse, req: Uws.HttpRequest, addresses: ClientAddresses): string {
  const text = (address: ArrayBuffer) => Buffer.from(address).toString()
  const forwardedFor = () => text(res.getProxiedRemoteAddressAsText()) || headerOf(req, 'x-forwarded-for')
  return addresses.groupOf(text(res.getRemoteAddressAsText()), forwardedFor)
}

/** All values of a header as one list: `getHeader` gives the first, and a proxy may add its own as another. */
function headerOf(req: Uws.HttpRequest, name: string): string {
  const values: string[] = []
  req.forEach((each, value) => {
    if (each === name) values.push(value)
  })
  return values.join()
}

function serveOperations(app: Uws.TemplatedApp, deps: WebSocketServerDeps): void {
  const operation = async (path: OperationsPath): Promise<PlainAnswer> => {
    const { status, type, text } = await deps.operations.answer(path)
    return [STATUS_LINES[status], 'Content-Type', type, text]
  }
  for (const path of OPERATIONS) app.get(path, (res) => answer(res, deps, operation(path)))
  const text = 'This address is for user agents: connect with a websocket.\n'
  app.any('/*', (res) => answer(res, deps, ['426 Upgrade Required', 'Upgrade', 'websocket', text]))
}

type PlainAnswer = readonly [status: string, header: string, value: string, text: string]

/**
 * Answers what becomes no websocket. After a PROXY header the connection ends then, and what came together with the request is not looked at: a client may send
 * such a header, too, before any request but the first, and uWebSockets.js would take the address from there.
 */
async function answer(
  res: Uws.HttpResponse,
  { clock }: WebSocketServerDeps,
  awaited: PlainAnswer | Promise<PlainAnswer>,
  ends = false,
): Promise<void> {
  const isProxied = res.getProxiedRemoteAddressAsText().byteLength > 0
  let isGone = false
  res.onAborted(() => {
    isGone = true
  })
  const [status, header, value, text] = await awaited
  if (isProxied) await new Promise<void>((resolve) => clock.afterTurn(resolve))
  if (isGone) return
  res.cork(() =>
    res
      .writeStatus(status)
      .writeHeader(header, value)
      .end(text, ends || isProxied),
  )
}

/** A websocket that is marked closed before uWebSockets.js is told, for every call on a closed one throws. */
class UwsSocket implements AgentSocket {
  readonly #ws: Uws.WebSocket<SocketData>
  readonly #groups: SocketGroups
  /** Its group, while it is subscribed to anything. */
  #group: number | undefined
  #closed = false
  /** Why the service has closed it, if it has. */
  closeReason: CloseReason | undefined
  /** Something is being sent to it alone. */
  isSending = false

  constructor(ws: Uws.WebSocket<SocketData>, groups: SocketGroups) {
    this.#ws = ws
    this.#groups = groups
  }

  get isClosed(): boolean {
    return this.#closed
  }

  send(text: string): SendResult {
    if (this.#closed) return 'closed'
    this.isSending = true
    const result = this.#ws.send(text)
    this.isSending = false
    return result === 1 ? 'sent' : result === 0 ? 'buffered' : 'dropped'
  }

  subscribe(id: BroadcastId): void {
    if (this.#closed) return
    this.#group ??= this.#groups.join()
    this.#ws.subscribe(topicOf(this.#group, id))
  }

  unsubscribe(): void {
    if (this.#closed) return
    for (const topic of this.#ws.getTopics()) this.#ws.unsubscribe(topic)
    this.#leaveGroup()
  }

  subscribed(): readonly BroadcastId[] {
    if (this.#closed || this.#group === undefined) return []
    const prefix = topicOf(this.#group, '' as BroadcastId)
    return this.#ws.getTopics().map((topic) => topic.slice(prefix.length) as BroadcastId)
  }

  close(reason: CloseReason): void {
    if (this.#closed) return
    this.#closed = true
    this.closeReason = reason
    const code = CLOSE_CODES[reason]
    if (code === WITHOUT_CLOSE_FRAME) this.#ws.close()
    else this.#ws.end(code, reason)
  }

  markClosed(): void {
    this.#closed = true
    this.#leaveGroup()
  }

  #leaveGroup(): void {
    if (this.#group !== undefined) this.#groups.leave(this.#group)
    this.#group = undefined
  }
}
