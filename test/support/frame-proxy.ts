import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'
import { systemClock } from '../../cluster/clock.ts'
import { within } from '../../cluster/within.ts'

/** A text frame that passed, and who sent it. */
export interface PassedFrame {
  readonly from: 'userAgent' | 'service'
  readonly messageType: string | undefined
  readonly fields: Readonly<Record<string, unknown>>
}

/** Stands between a user agent and the service, passes frames on, and shows what is on the wire. */
export class FrameProxy {
  /** Every frame that passed, in order. */
  readonly frames: PassedFrame[] = []
  readonly #server: WebSocketServer
  readonly #target: string
  #watchers: (() => void)[] = []

  private constructor(target: string) {
    this.#target = target
    this.#server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
    this.#server.on('connection', (socket) => this.#pass(socket))
  }

  /** Listens on a free port for user agents of the service at `target`. */
  static async listen(target: string): Promise<FrameProxy> {
    const proxy = new FrameProxy(target)
    await once(proxy.#server, 'listening')
    return proxy
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`
  }

  /** Resolves to the first frame from one side that matches, once it has passed. */
  passed(
    from: PassedFrame['from'],
    matches: (frame: PassedFrame) => boolean,
    timeoutMs: number,
  ): Promise<PassedFrame> {
    const found = async () => {
      for (;;) {
        const frame = this.frames.find((each) => each.from === from && matches(each))
        if (frame !== undefined) return frame
        await new Promise<void>((resolve) => this.#watchers.push(resolve))
      }
    }
    return within(systemClock, timeoutMs, found(), () => {
      const seen = this.frames.map((frame) => `${frame.from}: ${frame.messageType}`).join(', ')
      throw new Error(`no such frame within ${timeoutMs} ms; passed: ${seen}`)
    })
  }

  close(): void {
    for (const socket of this.#server.clients) socket.terminate()
    this.#server.close()
  }

  #pass(userAgent: WebSocket): void {
    const service = new WebSocket(this.#target, userAgent.protocol, { perMessageDeflate: false })
    const open = once(service, 'open')
    userAgent.on('message', (data) => {
      const text = data.toString()
      this.#note('userAgent', text)
      void open.then(() => service.send(text))
    })
    service.on('message', (data) => {
      const text = data.toString()
      this.#note('service', text)
      userAgent.send(text)
    })
    for (const [one, other] of [
      [userAgent, service],
      [service, userAgent],
    ] as const) {
      one.on('error', () => {})
      one.on('close', () => other.terminate())
    }
  }

  #note(from: PassedFrame['from'], text: string): void {
    const fields = JSON.parse(text) as PassedFrame['fields']
    const type = fields['messageType']
    this.frames.push({ from, messageType: typeof type === 'string' ? type : undefined, fields })
    for (const watcher of this.#watchers.splice(0)) watcher()
  }
}
