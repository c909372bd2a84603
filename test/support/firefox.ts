import type { ChildProcess } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { watch } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { systemClock } from '../../cluster/clock.ts'
import { within } from '../../cluster/within.ts'
import { spawnBound } from './bound-process.ts'
import { FIREFOX } from './firefox-program.ts'
import { PageServer } from './page-server.ts'
import { requireProgram } from './programs.ts'

/** A push subscription as `PushSubscription.toJSON` gives it, and as `web-push` takes it. */
export interface BrowserSubscription {
  endpoint: string
  keys: { p256dh: string; auth: string }
}

const START_TIMEOUT_MS = 120_000
const STOP_TIMEOUT_MS = 120_000

/** A real Firefox with one profile, which it keeps from start to start, and a page with service workers to receive pushes. */
export class Firefox {
  readonly page: PageServer
  readonly #program: string
  readonly #folder: string
  #run: { child: ChildProcess; ended: Promise<void> } | undefined
  #stderr = ''

  private constructor(program: string, folder: string, page: PageServer) {
    this.#program = program
    this.#folder = folder
    this.page = page
  }

  /**
   * Makes a profile that uses the service at `wsUrl`; the browser is not started yet.
   * @param trusted certificate that it accepts for `wss://`, in PEM
   */
  static async create(wsUrl: string, trusted?: string): Promise<Firefox> {
    const program = await requireProgram(FIREFOX)
    const folder = await mkdtemp(path.join(tmpdir(), 'pushgrid-firefox-'))
    const firefox = new Firefox(program, folder, await PageServer.listen())
    await mkdir(firefox.#profile)
    await writeFile(path.join(firefox.#profile, 'user.js'), userJs(wsUrl))
    if (trusted !== undefined)
      await writeFile(path.join(firefox.#profile, 'cert_override.txt'), overrideFor(wsUrl, trusted))
    return firefox
  }

  /** What Firefox wrote to stderr, for the message of a failed test. */
  get stderr(): string {
    return this.#stderr
  }

  /** Starts the browser on its page; resolves once the page asks for commands. */
  async start(): Promise<void> {
    const args = ['--headless', '--no-remote', '--profile', this.#profile, this.page.url]
    const env = { ...process.env, HOME: this.#folder }
    const child = spawnBound(this.#program, args, { env })
    child.stdout.resume()
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
    })
    const ended = new Promise<void>((resolve) => void child.once('close', () => resolve()))
    this.#run = { child, ended }
    await this.#bounded(START_TIMEOUT_MS, this.page.opened(), 'does not open its page')
  }

  /** Subscribes in the page. @param key VAPID key the subscription is restricted to, base64url */
  async subscribe(scope: string, key?: string): Promise<BrowserSubscription> {
    const value = await this.#command('subscribe', { scope, key })
    return value as BrowserSubscription
  }

  /** Ends the subscription of a scope; true when there was one. */
  async unsubscribe(scope: string): Promise<boolean> {
    return (await this.#command('unsubscribe', { scope })) === true
  }

  /** Resolves to what the service workers received since the browser was made, once it is `count` messages. */
  received(count: number): ReturnType<PageServer['received']> {
    return this.#bounded(START_TIMEOUT_MS, this.page.received(count), `has not received ${count} messages`)
  }

  /** Ends the browser in an orderly way, after it has saved its UAID: one that is not saved is lost with its subscriptions. */
  async stop(): Promise<void> {
    if (this.#run === undefined) return
    await this.#bounded(STOP_TIMEOUT_MS, this.#saved(), 'does not save its UAID')
    const { child, ended } = this.#run
    child.kill('SIGTERM')
    await this.#bounded(STOP_TIMEOUT_MS, ended, 'does not end')
    this.page.closed()
    this.#run = undefined
  }

  /** Ends whatever runs and removes the profile. */
  async destroy(): Promise<void> {
    this.#run?.child.kill('SIGKILL')
    await this.#run?.ended
    await this.page.close()
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 })
  }

  get #profile(): string {
    return path.join(this.#folder, 'profile')
  }

  #command(name: string, args: object): Promise<unknown> {
    return this.#bounded(START_TIMEOUT_MS, this.page.command(name, args), `does not answer "${name}"`)
  }

  /** Resolves when `prefs.js` holds the UAID; Firefox writes it some time after it got one. */
  #saved(): Promise<void> {
    const file = path.join(this.#profile, 'prefs.js')
    return new Promise((resolve, reject) => {
      const watcher = watch(this.#profile, () => void look())
      const look = async () => {
        const prefs = await readFile(file, 'utf8').catch(() => '')
        if (!prefs.includes('dom.push.userAgentID')) return
        watcher.close()
        resolve()
      }
      watcher.once('error', reject)
      void look()
    })
  }

  #bounded<T>(timeoutMs: number, work: Promise<T>, what: string): Promise<T> {
    return within(systemClock, timeoutMs, work, () => {
      throw new Error(`Firefox ${what} within ${timeoutMs} ms; its stderr:\n${this.#stderr}`)
    })
  }
}

/** What Firefox writes when a person accepts a certificate for a host and port: they, SHA-256, and the certificate's digest. */
function overrideFor(wsUrl: string, certificate: string): string {
  const { fingerprint256 } = new X509Certificate(certificate)
  return `${new URL(wsUrl).host}:\tOID.2.16.840.1.101.3.4.2.1\t${fingerprint256}\t\n`
}

/** The profile's settings: the service to use, permission to notify, and a browser that leaves the test alone. */
function userJs(wsUrl: string): string {
  const prefs = {
    'dom.push.serverURL': wsUrl,
    ...(wsUrl.startsWith('ws:') && { 'dom.push.testing.allowInsecureServerURL': true }),
    'permissions.default.desktop-notification': 1,
    'alerts.useSystemBackend': false,
    // The hidden page that takes a thumbnail would run the test's page a second time, in a container of its own.
    'browser.pagethumbnails.capturing_disabled': true,
    // Everything but localhost goes to a port where nobody listens.
    'network.proxy.type': 1,
    'network.proxy.http': '127.0.0.1',
    'network.proxy.http_port': 9,
    'network.proxy.ssl': '127.0.0.1',
    'network.proxy.ssl_port': 9,
  }
  const lines = Object.entries(prefs).map(
    ([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});\n`,
  )
  return lines.join('')
}
