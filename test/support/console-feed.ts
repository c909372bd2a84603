import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Test } from 'tap'
import type { ClusterFigures, ConsoleSettings } from '../../deploy/console/figures.ts'
import { readPageFile } from '../../deploy/console/page-file.ts'

const { content, scripts, styles } = readPageFile()
const SETTINGS: ConsoleSettings = {
  version: '1.0.0',
  role: 'serve',
  publicUrl: 'http://localhost:8082',
  wsPort: 8080,
}

/** Serves the console's page as the service does, with figures that a test makes. */
export class ConsoleFeed {
  readonly #server: Server
  /** Pages that follow the figures. */
  readonly #followers = new Set<ServerResponse>()
  #followed: (() => void)[] = []
  #token: string | undefined
  #isDown = false

  private constructor() {
    this.#server = createServer((request, response) => this.#serve(request, response))
  }

  /** Starts it; it ends with the test. */
  static async start(t: Test): Promise<ConsoleFeed> {
    const feed = new ConsoleFeed()
    await new Promise<void>((resolve) => feed.#server.listen(0, '127.0.0.1', resolve))
    t.teardown(() => {
      feed.#server.closeAllConnections()
      return new Promise((resolve) => feed.#server.close(resolve))
    })
    return feed
  }

  /** Address of the page. */
  get url(): string {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the feed does not listen')
    return `http://127.0.0.1:${address.port}/console/`
  }

  /** Resolves once a page follows. */
  async followed(): Promise<void> {
    if (this.#followers.size === 0) await new Promise<void>((resolve) => this.#followed.push(resolve))
  }

  /** Sends figures to all pages that follow. */
  send(...all: readonly ClusterFigures[]): void {
    for (const response of this.#followers)
      for (const figures of all) response.write(`data: ${JSON.stringify(figures)}\n\n`)
  }

  /** Wants this admin token from now on, also of who follows already. */
  wantToken(token: string): void {
    this.#token = token
  }

  /** Ends what is followed, after all that was sent; nothing can be followed until it is `up` again. */
  down(): void {
    this.#isDown = true
    for (const response of this.#followers) response.end()
    this.#followers.clear()
  }

  /** Answers again. */
  up(): void {
    this.#isDown = false
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const { pathname } = new URL(request.url ?? '/', this.url)
    response.setHeader(
      'content-security-policy',
      `default-src 'none'; script-src ${scripts}; style-src ${styles}; img-src data:; connect-src 'self'`,
    )
    if (pathname === '/console/settings' || pathname === '/console/figures') {
      if (this.#token !== undefined && request.headers.authorization !== `Bearer ${this.#token}`)
        response.writeHead(401).end()
      else if (pathname === '/console/settings') response.end(JSON.stringify(SETTINGS))
      else this.#follow(response)
      return
    }
    if (pathname === '/console/') response.setHeader('content-type', 'text/html; charset=utf-8').end(content)
    else response.writeHead(404).end()
  }

  #follow(response: ServerResponse): void {
    if (this.#isDown) {
      response.writeHead(503).end()
      return
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
    this.#followers.add(response)
    response.on('close', () => this.#followers.delete(response))
    for (const resolve of this.#followed) resolve()
    this.#followed = []
  }
}
