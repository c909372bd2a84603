import type { Random } from '../../cluster/clock.ts'
import { StartError } from '../start-error.ts'
import type { AgentEvent } from './agent-event.ts'
import type { KeptAgent } from './agent-file.ts'
import type { Connection } from './connection.ts'
import { newChannel, subscriptionOf } from './subscription.ts'
import type { Channel, Subscription } from './subscription-schema.ts'

/** Which subscriptions there should be. */
export interface RegistrarWishes {
  /** Subscriptions to have, and to show; none: those that are kept. */
  readonly channels: readonly string[]
  /** The only application server that may send to new ones. */
  readonly vapidKey?: string | undefined
}

/** What it works with. */
export interface RegistrarDeps {
  readonly random: Random
  /** Keeps what has to outlive this run. */
  readonly save: (agent: KeptAgent) => Promise<void>
  /** Writes a subscription down for application servers, where that is wanted; resolves to where. */
  readonly write: (channel: string, subscription: Subscription) => Promise<string | undefined>
  readonly show: (event: AgentEvent) => void
}

/** The subscription of somebody who has named none. */
const DEFAULT_CHANNEL = 'default'
/** Unregister code: the user asked for it. */
const BY_USER = 200

/** Keeps what a user agent has, and makes subscriptions and ends them at the server. */
export class Registrar {
  #kept: KeptAgent
  readonly #wishes: RegistrarWishes
  readonly #deps: RegistrarDeps

  constructor(kept: KeptAgent, wishes: RegistrarWishes, deps: RegistrarDeps) {
    this.#kept = kept
    this.#wishes = wishes
    this.#deps = deps
  }

  /** What is known of this user agent now. */
  get kept(): KeptAgent {
    return this.#kept
  }

  /** The subscription that a message is for. */
  channelOf(channelID: string): Channel | undefined {
    return this.#kept.channels.find((channel) => channel.channelID === channelID)
  }

  /** Takes a UAID from the server. With a new one all endpoints are gone. */
  async takeUaid(uaid: string): Promise<void> {
    const { url, uaid: former, channels } = this.#kept
    if (uaid === former) return
    const lost = channels.filter(({ endpoint }) => endpoint !== undefined).length
    await this.#keep({ url, uaid, channels: channels.map(withoutEndpoint) })
    if (lost > 0) this.#deps.show({ event: 'replaced', uaid, subscriptions: lost })
  }

  /** Makes the subscriptions that are wanted and not there, and shows them all. @throws Error @throws StartError */
  async subscribe(connection: Connection): Promise<void> {
    for (const name of this.#wanted()) {
      const channel = await this.#channelNamed(name)
      const endpoint = channel.endpoint ?? (await this.#register(connection, channel))
      const subscription = subscriptionOf(channel, endpoint)
      const file = await this.#deps.write(name, subscription)
      this.#deps.show({
        event: 'subscription',
        channel: name,
        channelID: channel.channelID,
        isNew: channel.endpoint === undefined,
        subscription,
        ...(file !== undefined && { file }),
      })
    }
  }

  /** Ends subscriptions. @throws Error */
  async unregister(connection: Connection, names: readonly string[]): Promise<void> {
    for (const name of names) {
      const { channels } = this.#kept
      const channel = channels.find((one) => one.name === name)
      // It may be named twice.
      if (channel === undefined) continue
      const { channelID } = channel
      const { status } = await connection.ask('unregister', { channelID, code: BY_USER })
      if (status !== 200) throw new Error(`the server could not end ${name} (status ${status})`)
      await this.#keep({ ...this.#kept, channels: channels.filter((one) => one !== channel) })
      this.#deps.show({ event: 'unregistered', channel: name })
    }
  }

  /** Names of the subscriptions to make or show; those that a new UAID has cost are among them. */
  #wanted(): ReadonlySet<string> {
    const { channels } = this.#kept
    const named = this.#wishes.channels
    if (named.length === 0 && channels.length === 0) return new Set([DEFAULT_CHANNEL])
    const lost = channels.filter(({ endpoint }) => endpoint === undefined)
    return new Set([...named, ...(named.length > 0 ? lost : channels).map(({ name }) => name)])
  }

  /** A new one is kept before the server knows of it: the same id is registered again after whatever happens. */
  async #channelNamed(name: string): Promise<Channel> {
    const { vapidKey } = this.#wishes
    const kept = this.#kept.channels.find((channel) => channel.name === name)
    if (kept === undefined) {
      const made = newChannel(name, vapidKey, this.#deps.random)
      await this.#keep({ ...this.#kept, channels: [...this.#kept.channels, made] })
      return made
    }
    if (vapidKey !== undefined && kept.vapidKey !== vapidKey)
      throw new StartError(
        `${name} is registered with${kept.vapidKey === undefined ? 'out a' : ' another'} VAPID key: end it with --unregister ${name} first, or take another name`,
      )
    return kept
  }

  async #register(connection: Connection, { name, channelID, vapidKey }: Channel): Promise<string> {
    const key = vapidKey === undefined ? {} : { key: vapidKey }
    const { status, pushEndpoint } = await connection.ask('register', { channelID, ...key })
    if (status >= 400 && status < 500)
      throw new StartError(`the server refuses to register ${name} (status ${status})`)
    if (status !== 200 || pushEndpoint === undefined)
      throw new Error(`the server could not register ${name} (status ${status})`)
    const channels = this.#kept.channels.map((channel) =>
      channel.channelID === channelID ? { ...channel, endpoint: pushEndpoint } : channel,
    )
    await this.#keep({ ...this.#kept, channels })
    return pushEndpoint
  }

  async #keep(kept: KeptAgent): Promise<void> {
    this.#kept = kept
    await this.#deps.save(kept)
  }
}

function withoutEndpoint({ endpoint: _, ...channel }: Channel): Channel {
  return channel
}
