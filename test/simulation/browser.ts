import type { Clock, Timer } from '../../cluster/clock.ts'
import { type BroadcastId, parseBroadcastId } from '../../push/broadcast.ts'
import type { CloseReason } from '../../push/errors.ts'
import {
  type ChannelId,
  type MessageId,
  parseChannelId,
  parseMessageId,
  parseUaid,
  type Uaid,
} from '../../push/ids.ts'
import type { Dice, RangeMs } from './dice.ts'
import type { Fact } from './facts.ts'
import type { BrowserEnd, Link } from './link.ts'

/** What a browser keeps on disk. Two browsers with a copy of one profile are the same user agent to the service. */
export interface Profile {
  uaid: Uaid | undefined
  /** Its subscriptions, each with the endpoint once it has one. */
  readonly channels: Map<ChannelId, string | undefined>
  /** The VAPID keys that channels are restricted to, if they are. */
  readonly keys: Map<ChannelId, string>
  /** Versions it has seen: a repeat is acknowledged as not delivered. */
  readonly seen: Set<MessageId>
  /** The broadcasts it wants to hear of, each with the version it has; an empty one for none. */
  readonly broadcasts: Map<BroadcastId, string>
}

/** A profile that was never used. */
function newProfile(): Profile {
  return { uaid: undefined, channels: new Map(), keys: new Map(), seen: new Set(), broadcasts: new Map() }
}

/** A copy of a profile, as somebody makes one for another machine. */
export function copyOf({ uaid, channels, keys, seen, broadcasts }: Profile): Profile {
  return {
    uaid,
    channels: new Map(channels),
    keys: new Map(keys),
    seen: new Set(seen),
    broadcasts: new Map(broadcasts),
  }
}

/** How a browser treats notifications at the moment. */
export interface Manners {
  ackDelayMs: RangeMs
  /** Notifications it never answers. */
  ignoreRate: number
  nackRate: number
  /** Notifications that find the browser changing networks: their acks are lost. */
  roamRate: number
}

/** A browser in good health. */
export const PROMPT: Readonly<Manners> = { ackDelayMs: [0, 30], ignoreRate: 0, nackRate: 0, roamRate: 0 }

/** What a browser works with. */
export interface BrowserDeps {
  name: string
  clock: Clock
  dice: Dice
  /** Opens a websocket to some node. */
  connect: (browser: string, end: BrowserEnd) => Link
  report: (fact: Fact) => void
  /** An application server learns an endpoint. */
  subscribed: (endpoint: string) => void
}

/** Firefox waits 5 s * 2^n; this one is less patient, to meet more. */
const RETRY_MS = 500
const RETRY_MAX_MS = 8000
/** Firefox gives a register that long. */
const REGISTER_TIMEOUT_MS = 10_000

interface Frame {
  readonly messageType?: string
  readonly uaid?: string
  readonly status?: number
  readonly channelID?: string
  readonly version?: string
  readonly pushEndpoint?: string
  readonly broadcasts?: Readonly<Record<string, unknown>>
}

/** A user agent that behaves as Firefox was seen to behave (protocol.md). */
export class Browser {
  readonly name: string
  readonly profile: Profile
  readonly manners: Manners = { ...PROMPT }
  readonly #deps: BrowserDeps
  #link: Link | undefined
  /** The hello has been answered on the current link. */
  #greeted = false
  #running = false
  /** Broadcasts that it has named on the current link. */
  #named = new Set<BroadcastId>()
  #failures = 0
  #retry: Timer | undefined
  #registerTimeout: Timer | undefined

  constructor(deps: BrowserDeps, profile = newProfile()) {
    this.name = deps.name
    this.profile = profile
    this.#deps = deps
  }

  /** The connection that its hello was answered on, while it has one. */
  get session(): Link | undefined {
    return this.#greeted ? this.#link : undefined
  }

  /** The connection it has or tries to have. */
  get link(): Link | undefined {
    return this.#link
  }

  /** Whether it is started and wants to be connected. */
  get running(): boolean {
    return this.#running
  }

  /** Starts the browser, which connects and stays connected. */
  start(): void {
    this.#running = true
    if (this.#link === undefined) this.#connect()
  }

  /** Quits the browser, closing its connection in good order. */
  stop(): void {
    this.#running = false
    this.#retry?.cancel()
    this.#leave('closes', (link) => link.close())
  }

  /** Loses the connection without noticing at once. */
  cut(): void {
    if (this.#link !== undefined)
      this.#deps.report({ kind: 'browserLeft', link: this.#link.number, how: 'network cut' })
    this.#link?.cut()
  }

  /** Changes networks: forgets the connection, which the node still takes for a living one, and opens another. */
  roam(): void {
    this.#leave('roams', (link) => link.abandon())
    if (this.#running) this.#connect()
  }

  /** Closes in good order and connects again at once. */
  reconnect(): void {
    this.#leave('closes', (link) => link.close())
    if (this.#running) this.#connect()
  }

  /** Subscribes: a page asks for a channel. */
  subscribe(): void {
    const hex = this.#deps.dice.hex(16)
    const dashed = [
      hex.slice(0, 8),
      hex.slice(8, 12),
      hex.slice(12, 16),
      hex.slice(16, 20),
      hex.slice(20),
    ].join('-')
    const channelId = parseChannelId(dashed)
    if (channelId === undefined) throw new Error(`not a channel id: ${dashed}`)
    this.profile.channels.set(channelId, undefined)
    if (this.#greeted) this.#register(channelId)
  }

  /** Unsubscribes: the page no longer wants the channel. Without a connection the service never hears of it. */
  unsubscribe(channelId: ChannelId): void {
    this.profile.channels.delete(channelId)
    this.profile.keys.delete(channelId)
    this.#deps.report({ kind: 'unsubscribing', channelId })
    this.#send({ messageType: 'unregister', channelID: channelId, code: 200 })
  }

  /** Subscribes again for another application server: the old endpoint must end. */
  changeKey(channelId: ChannelId): void {
    const point = Buffer.from(`04${this.#deps.dice.hex(64)}`, 'hex')
    this.profile.keys.set(channelId, point.toString('base64url'))
    this.profile.channels.set(channelId, undefined)
    if (this.#greeted) this.#register(channelId)
  }

  /** Asks to hear of a broadcast from now on. */
  subscribeBroadcast(id: BroadcastId): void {
    if (!this.profile.broadcasts.has(id)) this.profile.broadcasts.set(id, '')
    if (this.#greeted) this.#nameBroadcasts()
  }

  #connect(): void {
    this.#retry?.cancel()
    this.#greeted = false
    this.#named = new Set()
    const end: BrowserEnd = {
      opened: () => this.#hello(),
      received: (text) => this.#received(JSON.parse(text)),
      closed: (reason) => this.#closed(reason),
    }
    this.#link = this.#deps.connect(this.name, end)
  }

  #leave(how: string, leave: (link: Link) => void): void {
    const link = this.#link
    this.#forget()
    this.#retry?.cancel()
    if (link === undefined) return
    this.#deps.report({ kind: 'browserLeft', link: link.number, how })
    leave(link)
  }

  #closed(reason: CloseReason | undefined): void {
    const link = this.#link
    if (link !== undefined)
      this.#deps.report({
        kind: 'browserLeft',
        link: link.number,
        how: `sees ${reason ?? 'a broken connection'}`,
      })
    this.#forget()
    if (!this.#running) return
    const waitMs = Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** this.#failures)
    this.#failures += 1
    this.#retry = this.#deps.clock.after(waitMs, () => this.#connect())
  }

  #forget(): void {
    this.#link = undefined
    this.#greeted = false
    this.#registerTimeout?.cancel()
  }

  /** Firefox sends its uaid only while it has subscriptions. */
  #hello(): void {
    const uaid = this.profile.channels.size > 0 ? this.profile.uaid : undefined
    if (this.#link !== undefined) this.#deps.report({ kind: 'helloSent', link: this.#link.number, uaid })
    const broadcasts = Object.fromEntries(this.profile.broadcasts)
    this.#named = new Set(this.profile.broadcasts.keys())
    this.#send({ messageType: 'hello', use_webpush: true, broadcasts, ...(uaid !== undefined && { uaid }) })
  }

  #received(frame: Frame): void {
    if (frame.messageType === 'hello') this.#welcomed(frame)
    else if (frame.messageType === 'register') this.#registered(frame)
    else if (frame.messageType === 'notification') this.#notified(frame)
    this.#heard(frame)
  }

  #welcomed({ uaid }: Frame): void {
    const given = parseUaid(uaid ?? '')
    if (given === undefined) throw new Error(`hello answered with uaid ${uaid}`)
    // Another uaid means that the service has forgotten everything.
    if (given !== this.profile.uaid && this.profile.uaid !== undefined)
      for (const [channelId, endpoint] of this.profile.channels)
        if (endpoint !== undefined) this.profile.channels.delete(channelId)
    this.profile.uaid = given
    this.#greeted = true
    this.#failures = 0
    for (const [channelId, endpoint] of this.profile.channels)
      if (endpoint === undefined) this.#register(channelId)
    this.#nameBroadcasts()
  }

  /** What it came to want since its hello. */
  #nameBroadcasts(): void {
    const news = [...this.profile.broadcasts].filter(([id]) => !this.#named.has(id))
    for (const [id] of news) this.#named.add(id)
    if (news.length > 0)
      this.#send({ messageType: 'broadcast_subscribe', broadcasts: Object.fromEntries(news) })
  }

  #heard({ broadcasts = {} }: Frame): void {
    for (const [text, version] of Object.entries(broadcasts)) {
      const id = parseBroadcastId(text)
      if (id !== undefined && typeof version === 'string') this.profile.broadcasts.set(id, version)
    }
  }

  #register(channelId: ChannelId): void {
    const key = this.profile.keys.get(channelId)
    this.#send({ messageType: 'register', channelID: channelId, ...(key !== undefined && { key }) })
    this.#registerTimeout?.cancel()
    this.#registerTimeout = this.#deps.clock.after(REGISTER_TIMEOUT_MS, () => this.reconnect())
  }

  #registered({ channelID, status, pushEndpoint }: Frame): void {
    this.#registerTimeout?.cancel()
    const channelId = parseChannelId(channelID ?? '')
    if (channelId === undefined || !this.profile.channels.has(channelId)) return
    if (status !== 200 || pushEndpoint === undefined) return
    this.profile.channels.set(channelId, pushEndpoint)
    this.#deps.report({ kind: 'registered', channelId })
    this.#deps.subscribed(pushEndpoint)
  }

  #notified({ version, channelID }: Frame): void {
    const link = this.#link
    const [id, channelId] = [parseMessageId(version ?? ''), parseChannelId(channelID ?? '')]
    if (link === undefined || id === undefined || channelId === undefined) return
    const { dice, report, clock } = this.#deps
    report({ kind: 'received', link: link.number, id })
    const { ackDelayMs, ignoreRate, nackRate, roamRate } = this.manners
    if (dice.chance(roamRate)) {
      this.roam()
      return
    }
    if (dice.chance(ignoreRate)) return
    const refuses = dice.chance(nackRate)
    clock.after(dice.within(ackDelayMs), () => {
      if (this.#link !== link) return
      if (refuses) this.#nack(link, id)
      else this.#ack(link, id, channelId)
    })
  }

  #ack(link: Link, id: MessageId, channelId: ChannelId): void {
    const repeated = this.profile.seen.has(id) || !this.profile.channels.has(channelId)
    const code = repeated ? 102 : 100
    this.profile.seen.add(id)
    this.#deps.report({ kind: 'acked', link: link.number, id, code })
    this.#send({ messageType: 'ack', updates: [{ channelID: channelId, version: id, code }] })
  }

  #nack(link: Link, id: MessageId): void {
    this.#deps.report({ kind: 'nacked', link: link.number, id })
    this.#send({ messageType: 'nack', version: id, code: 301 })
  }

  #send(frame: object): void {
    this.#link?.send(JSON.stringify(frame))
  }
}
