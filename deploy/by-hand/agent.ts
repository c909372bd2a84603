import type { Clock } from '../../cluster/clock.ts'
import type { CloseReason } from '../../push/errors.ts'
import type { Urgency } from '../../push/urgency.ts'
import { StartError, Unreachable } from '../start-error.ts'
import type { KeptAgent } from './agent-file.ts'
import { Connection, closeText } from './connection.ts'
import { type AnswerPolicy, Inbox } from './inbox.ts'
import { Registrar, type RegistrarDeps, type RegistrarWishes } from './registrar.ts'
import { broadcastNews, type Notification, type ServerFrame } from './server-frame.ts'
import { unreachableReason } from './unreachable.ts'

/** What whoever runs a user agent wants of it. */
export interface AgentWishes extends AnswerPolicy, RegistrarWishes {
  readonly minUrgency?: Urgency | undefined
  /** Broadcasts to hear of, with the versions one has. */
  readonly broadcasts: readonly (readonly [id: string, version: string])[]
  /** Subscriptions to end, and then itself. */
  readonly unregister: readonly string[]
  /** It ends after so many messages; absent: never. */
  readonly count?: number | undefined
}

/** What a user agent works with. */
export interface AgentDeps extends RegistrarDeps {
  readonly clock: Clock
}

/** Waits between connections: doubled each time, up to the second. Much shorter than Firefox's, for somebody watches. */
const RETRY_FIRST_MS = 1000
const RETRY_LAST_MS = 60_000
/** Close code by which a server asks to be left alone; Firefox obeys, too. */
const STAY_AWAY = 4774
const DISPLACED: CloseReason = 'displaced'

/** A user agent: keeps its subscriptions registered and a connection open, and shows what comes. */
export class Agent {
  readonly #wishes: AgentWishes
  readonly #deps: AgentDeps
  readonly #registrar: Registrar
  readonly #inbox: Inbox
  readonly #broadcasts: Map<string, string>
  readonly #ended = new AbortController()
  /** Messages that came before all was said about the subscriptions; absent from then on. */
  #early: Notification[] | undefined = []
  #failures = 0
  #wasConnected = false
  #knowsUrgency = false

  constructor(kept: KeptAgent, wishes: AgentWishes, deps: AgentDeps) {
    this.#wishes = wishes
    this.#deps = deps
    this.#registrar = new Registrar(kept, wishes, deps)
    this.#inbox = new Inbox(wishes, deps.show)
    this.#broadcasts = new Map(wishes.broadcasts)
  }

  /** Messages shown so far. */
  get shown(): number {
    return this.#inbox.shown
  }

  /**
   * Runs until all messages have come that were wanted, or `stop`.
   * @throws Unreachable when there is no server at first; later it tries again and again
   * @throws StartError when the server refuses for good
   */
  async run(): Promise<void> {
    while (!this.#ended.signal.aborted) {
      const reason = await this.#connect()
      if (this.#ended.signal.aborted) return
      if (!this.#wasConnected)
        throw new Unreachable(`can't connect to ${this.#registrar.kept.url}: ${reason}`)
      const retryMs = Math.min(RETRY_FIRST_MS * 2 ** this.#failures++, RETRY_LAST_MS)
      this.#deps.show({ event: 'disconnected', reason, retryMs })
      await this.#pause(retryMs)
    }
  }

  /** Ends it in good order. */
  stop(): void {
    this.#ended.abort()
  }

  /** One connection, from its beginning to why it ended. */
  async #connect(): Promise<string> {
    const { clock, show } = this.#deps
    let connection: Connection | undefined
    this.#early = []
    try {
      connection = await Connection.open(this.#registrar.kept.url, this.#ended.signal, {
        clock,
        onFrame: (frame) => connection && this.#take(connection, frame),
        onStrange: (text) => show({ event: 'notUnderstood', text }),
        onText: (direction, text) => show({ event: 'frame', direction, text }),
      })
      await this.#hello(connection)
      await this.#settle(connection)
      const { code, reason } = await connection.closed
      if (code === STAY_AWAY) throw new StartError('the server asks not to be connected to again (4774)')
      if (reason === DISPLACED)
        throw new StartError('somebody else has connected as this user agent: is its file in use twice?')
      return closeText(code, reason)
    } catch (error) {
      connection?.close()
      if (error instanceof StartError) throw error
      return unreachableReason(error)
    }
  }

  async #hello(connection: Connection): Promise<void> {
    const { uaid: former, url } = this.#registrar.kept
    const { uaid, status, broadcasts } = await connection.ask('hello', {
      use_webpush: true,
      broadcasts: Object.fromEntries(this.#broadcasts),
      ...(former !== undefined && { uaid: former }),
    })
    if (status !== 200) throw new Error(`the server answers hello with status ${status}`)
    this.#wasConnected = true
    this.#failures = 0
    this.#deps.show({ event: 'connected', url, uaid, isNew: former !== uaid })
    await this.#registrar.takeUaid(uaid)
    this.#hearBroadcasts(broadcasts)
  }

  /** Makes everything so as it is wanted, as far as it is not so already. */
  async #settle(connection: Connection): Promise<void> {
    const { unregister, minUrgency, count } = this.#wishes
    if (unregister.length > 0) {
      await this.#registrar.unregister(connection, unregister)
      return this.stop()
    }
    await this.#registrar.subscribe(connection)
    if (minUrgency !== undefined) await this.#setUrgency(connection, minUrgency)
    this.#deps.show({ event: 'waiting', messages: count === undefined ? undefined : count - this.shown })
    const early = this.#early ?? []
    this.#early = undefined
    for (const notification of early) this.#take(connection, notification)
  }

  /** Servers that don't know this message end the connection, again and again if they are let. */
  async #setUrgency(connection: Connection, min: Urgency): Promise<void> {
    const { status } = await connection.ask('urgency', { min }).catch((error: Error) => {
      throw this.#knowsUrgency ? error : new StartError(unknownUrgency(error.message))
    })
    if (status >= 400 && status < 500)
      throw new StartError(unknownUrgency(`it answers with status ${status}`))
    if (status !== 200) throw new Error(`the server could not set the urgency (status ${status})`)
    this.#knowsUrgency = true
    this.#deps.show({ event: 'urgency', min })
  }

  #take(connection: Connection, frame: ServerFrame): void {
    if (frame.messageType === 'broadcast') this.#hearBroadcasts(frame.broadcasts)
    if (frame.messageType !== 'notification' || this.#ended.signal.aborted) return
    if (this.#early !== undefined) {
      this.#early.push(frame)
      return
    }
    const answer = this.#inbox.take(frame, this.#registrar.channelOf(frame.channelID))
    if (answer !== undefined) connection.send(answer)
    if (this.shown === this.#wishes.count) this.stop()
  }

  #hearBroadcasts(broadcasts: Readonly<Record<string, unknown>> | undefined): void {
    const { versions, errors } = broadcastNews(broadcasts)
    for (const [id, version] of versions) {
      this.#broadcasts.set(id, version)
      this.#deps.show({ event: 'broadcast', id, version })
    }
    for (const [id, reason] of errors) this.#deps.show({ event: 'broadcastRefused', id, reason })
  }

  #pause(delayMs: number): Promise<void> {
    const { signal } = this.#ended
    return new Promise((resolve) => {
      const done = () => {
        timer.cancel()
        signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = this.#deps.clock.after(delayMs, done)
      signal.addEventListener('abort', done)
    })
  }
}

function unknownUrgency(reason: string): string {
  return `the server may not know what --urgency asks for, as many don't: leave it out (${reason})`
}
