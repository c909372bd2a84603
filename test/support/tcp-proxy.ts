import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/**
 * A proxy for TCP on loopback. Connections go to its upstreams by turns, and to the next one where the first refuses.
 * It can be made to drop everything without a sign, as a network does that is cut.
 */
export class TcpProxy {
  /** `host:port` */
  readonly address: string
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #upstreams: readonly string[] = []
  #taken = 0
  #cut = false

  private constructor(server: Server, port: number) {
    this.#server = server.on('connection', (client) => void this.#accept(client))
    this.address = `127.0.0.1:${port}`
  }

  /** Listens on a free port; nobody is served before `forwardTo`. */
  static async start(): Promise<TcpProxy> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('it has no port')
    return new TcpProxy(server, address.port)
  }

  get port(): number {
    return Number(new URL(`tcp://${this.address}`).port)
  }

  /** @param upstreams `host:port` of each */
  forwardTo(upstreams: readonly string[]): void {
    this.#upstreams = upstreams
  }

  /** Lets nothing through from now on, neither bytes nor ends; new connections are taken and hear nothing. */
  cut(): void {
    this.#cut = true
    for (const socket of this.#sockets) socket.pause()
  }

  /** Lets everything through again, and what was held up first, as TCP does. */
  heal(): void {
    this.#cut = false
    for (const socket of this.#sockets) socket.resume()
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  async #accept(client: Socket): Promise<void> {
    this.#keep(client)
    const first = this.#taken++
    for (let turn = 0; turn < this.#upstreams.length; turn += 1) {
      const upstream = await connected(this.#upstreams[(first + turn) % this.#upstreams.length] ?? '')
      if (upstream === undefined) continue
      this.#keep(upstream)
      this.#forward(client, upstream)
      this.#forward(upstream, client)
      return
    }
    client.destroy()
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => {}) // `close` follows
    socket.once('close', () => this.#sockets.delete(socket))
  }

  #forward(from: Socket, to: Socket): void {
    from.on('data', (chunk) => {
      if (!to.write(chunk)) from.pause()
    })
    to.on('drain', () => {
      if (!this.#cut) from.resume()
    })
    from.once('end', () => to.end())
    if (from.destroyed) to.destroy()
    else from.once('close', () => to.destroySoon())
    if (this.#cut) from.pause()
  }
}

/** Undefined when it is refused. */
async function connected(address: string): Promise<Socket | undefined> {
  const { hostname, port } = new URL(`tcp://${address}`)
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true, noDelay: true })
  try {
    await once(socket, 'connect')
    return socket
  } catch {
    return undefined
  }
}
