import { systemClock } from '../../cluster/clock.ts'
import { within } from '../../cluster/within.ts'
import { AgentClient, type Notification } from './agent-client.ts'

/** How a load agent is made. */
export interface LoadAgentOptions {
  wsUrl: string
  /** Certificate that it trusts, in PEM. */
  ca?: string | undefined
  /** Whether the service runs now; false from the moment it is killed. */
  isUp: () => boolean
  /** Called with each notification; says whether to acknowledge it. */
  onNotification: (notification: Notification) => boolean
  /** Called when a connection has ended that was to stay. */
  onLost?: () => void
}

const JOIN_TIMEOUT_MS = 60_000

/** A user agent with one subscription that connects, leaves and comes back with its UAID, as it is told to. */
export class LoadAgent {
  /** UAIDs and endpoints it got beyond its first: none, if the service keeps its word. */
  readonly changed: string[] = []
  readonly #options: LoadAgentOptions
  #wanted = false
  #client: AgentClient | undefined
  #converging: Promise<void> | undefined
  #uaid: string | undefined
  #endpoint = ''

  constructor(options: LoadAgentOptions) {
    this.#options = options
  }

  /** Empty before the first connection. */
  get endpoint(): string {
    return this.#endpoint
  }

  /** Empty before the first connection. */
  get uaid(): string {
    return this.#uaid ?? ''
  }

  /** Whether it is connected; once it is not, it stays so until it is told to connect again. */
  get isConnected(): boolean {
    return this.#client !== undefined
  }

  get wanted(): boolean {
    return this.#wanted
  }

  /** Says whether it should be connected, and brings that about; call it again after each restart of the service. */
  want(connected: boolean): Promise<void> {
    this.#wanted = connected
    this.#converging ??= this.#converge().finally(() => {
      this.#converging = undefined
    })
    return this.#converging
  }

  /** The same for one to be connected that may meet a process which ends, or has just lost what it works with: it tries again. */
  async comeBack(): Promise<void> {
    try {
      await this.want(true)
    } catch (error) {
      if (!/ECONN|socket|closed/i.test(String(error))) throw error
      return this.comeBack()
    }
  }

  /** Resolves when it has noticed the end of its connection, which may be later than that of the process at the other side. */
  async left(): Promise<void> {
    await this.#client?.closed
  }

  async #converge(): Promise<void> {
    while (this.#options.isUp() && this.#wanted !== (this.#client !== undefined)) {
      try {
        await (this.#wanted ? this.#join() : this.#client?.terminate())
      } catch (error) {
        // A service killed in between is what this is about; anything else is a failure.
        if (this.#options.isUp()) throw error
      }
    }
  }

  async #join(): Promise<void> {
    const onNotification = (notification: Notification, client: AgentClient) => {
      if (this.#options.onNotification(notification)) client.ack(notification)
    }
    const client = await AgentClient.connect(this.#options.wsUrl, { onNotification, ca: this.#options.ca })
    this.#client = client
    void client.closed.then(() => {
      if (this.#client !== client) return
      this.#client = undefined
      if (this.#wanted) this.#options.onLost?.()
    })
    const { uaid } = await within(systemClock, JOIN_TIMEOUT_MS, client.hello(this.#uaid), () => {
      void client.terminate()
      throw new Error(`hello is not answered within ${JOIN_TIMEOUT_MS} ms`)
    })
    if (this.#uaid !== undefined && this.#uaid !== uaid) this.changed.push(uaid)
    if (this.#uaid === undefined) this.#endpoint = (await client.register()).pushEndpoint
    this.#uaid = uaid
  }
}
