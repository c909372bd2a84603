import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { PAGE_HTML, WORKER_JS } from './firefox-page.ts'

/** A push message as a service worker got it. */
export interface Received {
  /** Scope of the subscription. */
  readonly scope: string
  /** The decrypted payload; null for an empty message. */
  readonly text: string | null
}

interface Command {
  readonly id: number
  readonly name: string
}

interface Result {
  readonly id: number
  readonly value?: unknown
  readonly error?: string
}

/** Serves the page and the service worker, hands commands to the page, and collects what both post. */
export class PageServer {
  /** What the service workers received, in order. */
  readonly messages: Received[] = []
  readonly #server: Server
  /** The page's open request for a command. */
  #poll: ServerResponse | undefined
  #opened = new Gate()
  readonly #queue: Command[] = []
  readonly #results = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>()
  #awaited: { count: number; resolve: () => void }[] = []
  #commands = 0

  private constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response))
  }

  static async listen(): Promise<PageServer> {
    const page = new PageServer()
    await new Promise<void>((resolve) => page.#server.listen(0, '127.0.0.1', resolve))
    return page
  }

  /** On `localhost`, which browsers trust without TLS. */
  get url(): string {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the page server does not listen')
    return `http://localhost:${address.port}/`
  }

  /** Resolves when a page asks for commands. */
  opened(): Promise<void> {
    return this.#opened.passed
  }

  /** Call it when the browser has ended: `opened` then waits for the next page. */
  closed(): void {
    this.#poll = undefined
    this.#opened = new Gate()
  }

  /** Has the page do something; rejects with what it says went wrong. */
  command(name: string, args: object): Promise<unknown> {
    const id = this.#commands++
    this.#queue.push({ ...args, id, name })
    const result = new Promise((resolve, reject) => this.#results.set(id, { resolve, reject }))
    this.#feed()
    return result
  }

  /** Resolves once `count` messages have been received in all. */
  async received(count: number): Promise<readonly Received[]> {
    if (this.messages.length < count)
      await new Promise<void>((resolve) => this.#awaited.push({ count, resolve }))
    return this.messages
  }

  close(): Promise<void> {
    this.#server.closeAllConnections()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    switch (request.url) {
      case '/command':
        this.#poll = response
        this.#opened.pass()
        return this.#feed()
      case '/worker.js':
        response.setHeader('content-type', 'text/javascript').end(WORKER_JS)
        return
      case '/result':
        this.#settle(JSON.parse(await text(request)) as Result)
        break
      case '/received':
        this.#receive(JSON.parse(await text(request)) as Received)
        break
      default:
        response.setHeader('content-type', 'text/html').end(PAGE_HTML)
        return
    }
    response.end()
  }

  #feed(): void {
    if (this.#poll === undefined) return
    const command = this.#queue.shift()
    if (command === undefined) return
    this.#poll.end(JSON.stringify(command))
    this.#poll = undefined
  }

  #settle({ id, value, error }: Result): void {
    const waiting = this.#results.get(id)
    this.#results.delete(id)
    if (error === undefined) waiting?.resolve(value)
    else waiting?.reject(new Error(error))
  }

  #receive(message: Received): void {
    this.messages.push(message)
    const ready = this.#awaited.filter(({ count }) => this.messages.length >= count)
    this.#awaited = this.#awaited.filter((each) => !ready.includes(each))
    for (const { resolve } of ready) resolve()
  }
}

/** Something that happens once and can be waited for. */
class Gate {
  readonly passed: Promise<void>
  pass: () => void = () => {}

  constructor() {
    this.passed = new Promise((resolve) => {
      this.pass = resolve
    })
  }
}
