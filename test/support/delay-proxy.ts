import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { systemClock } from '../../cluster/clock.ts'

/** A proxy for TCP on loopback on whose way to the server everything takes longer, by a time that may be changed: a server made slower on purpose. */
export class DelayProxy {
  /** Applies to what comes from now on. */
  delayMs: number
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(server: Server, upstreamPort: number, delayMs: number) {
    this.delayMs = delayMs
    this.#server = server.on('connection', (client) => this.#accept(client, upstreamPort))
  }

  static async start(upstreamPort: number, delayMs: number): Promise<DelayProxy> {
    const server = createServer({ noDelay: true }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new DelayProxy(server, upstreamPort, delayMs)
  }

  get origin(): string {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('it has no port')
    return `http://127.0.0.1:${address.port}`
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #accept(client: Socket, upstreamPort: number): void {
    const upstream = connect({ port: upstreamPort, host: '127.0.0.1', noDelay: true })
    client.on('data', (chunk) => {
      systemClock.after(this.delayMs, () => upstream.write(chunk))
    })
    upstream.on('data', (chunk) => client.write(chunk))
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.#sockets.add(socket)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => {
        this.#sockets.delete(socket)
        other.destroy()
      })
    }
  }
}
