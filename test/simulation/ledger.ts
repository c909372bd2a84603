import type { ChannelId, KeyDigest, MessageId, Uaid } from '../../push/ids.ts'
import { type Message, sameTopic } from '../../push/message.ts'
import { BroadcastLedger } from './broadcast-ledger.ts'
import type { Fact, Recorded } from './facts.ts'

/** All that is known of one message. Orders are places in the list of facts. */
export interface MessageFacts {
  readonly uaid: Uaid
  readonly message: Message
  /** That of the key which its endpoint is restricted to. */
  readonly keyDigest: KeyDigest
  readonly postedOrder: number
  readonly postedAtMs: number
  answered?: { readonly outcome: string; readonly order: number }
  /** When it came into the store, while it is there. */
  keptAtMs: number | undefined
  everKept: boolean
  /** Its last arrival in the store, or departure. */
  storeOrder: number
  /** A user agent has it and has said so, though perhaps nobody heard. */
  acked: boolean
  ackArrived?: { readonly order: number; readonly link: number; readonly elapsedMs: number }
  deletingOrder: number | undefined
  deleted: boolean
  /** The cap of the store has pushed it out. */
  evicted: boolean
  /** Writes to the store that failed or came late, or were made by an endpoint after a node had sent it: copies turn up. */
  doubts: number
  readonly writes: { readonly link: number; readonly order: number }[]
}

/** All that is known of one websocket. */
export interface LinkFacts {
  readonly number: number
  readonly browser: string
  /** When its node had it. */
  acceptedAtMs: number
  helloOrder: number | undefined
  askedUaid: Uaid | undefined
  uaid: Uaid | undefined
  welcomedAtMs: number | undefined
  /** When its node was done with it. */
  closedAtMs: number
  /** Notifications written and not answered, with the time of writing. */
  readonly unanswered: Map<MessageId, number>
  /** The last time at which more than half of the window was taken. */
  halfFullAtMs: number
}

/** Limits that the ledger has to know. */
export interface LedgerLimits {
  readonly inFlightMax: number
  readonly ackTimeoutMs: number
}

/** What of one kind is there now, and since when. */
interface Presence {
  present: boolean
  order: number
}

const NEVER: Readonly<Presence> = { present: false, order: 0 }

/** All that is known of one channel in the store. */
interface ChannelFacts extends Presence {
  keyDigest: KeyDigest | undefined
  /** When its digest became that, or the channel came or went. */
  changedOrder: number
  changedAtMs: number
}

/** Everything that happened in a world, in order, and what follows from it. */
export class Ledger {
  readonly facts: Recorded[] = []
  readonly messages = new Map<MessageId, MessageFacts>()
  readonly links = new Map<number, LinkFacts>()
  readonly broadcasts = new BroadcastLedger()
  readonly #limits: LedgerLimits
  readonly #channels = new Map<string, ChannelFacts>()
  /** Channels that a page has given up. */
  readonly #unwanted = new Set<ChannelId>()
  /** Channels with an endpoint that a browser knows. */
  readonly #registered = new Set<ChannelId>()
  readonly #agents = new Map<Uaid, Presence & { channels: number }>()
  readonly #topics = new Map<string, MessageFacts[]>()
  /** When the store failed, a process was harmed or something was lost. */
  readonly #harmsMs: number[] = []

  constructor(limits: LedgerLimits) {
    this.#limits = limits
  }

  /** The last time at which the store failed or a process was harmed: what was under way then may be lost. */
  get harmedAtMs(): number {
    return this.#harmsMs.at(-1) ?? Number.NEGATIVE_INFINITY
  }

  /** Adds a fact. */
  add(fact: Fact, elapsedMs: number): Recorded {
    const recorded = { order: this.facts.length + 1, elapsedMs, fact }
    this.facts.push(recorded)
    this.#apply(recorded)
    this.broadcasts.add(recorded)
    return recorded
  }

  /** What is known of a message; every message that is written anywhere was posted. */
  message(id: MessageId): MessageFacts {
    const known = this.messages.get(id)
    if (known === undefined) throw new Error(`message ${id} was never posted`)
    return known
  }

  /** What is known of a link. */
  link(number: number): LinkFacts {
    const known = this.links.get(number)
    if (known === undefined) throw new Error(`link ${number} was never opened`)
    return known
  }

  /** Messages of the same topic with a greater id. */
  newerOfTopic({ uaid, message }: MessageFacts): MessageFacts[] {
    if (message.topic === undefined) return []
    const same = this.#topics.get(topicKey(uaid, message)) ?? []
    return same.filter((other) => other.message.id > message.id && sameTopic(other.message, message))
  }

  /** Whether the store lacked this channel at some moment since then. */
  lackedChannel(uaid: Uaid, channelId: ChannelId, sinceOrder: number): boolean {
    return wasAbsent(this.#channels.get(`${uaid}/${channelId}`), sinceOrder)
  }

  /** Whether the store lacked this channel, or had another key for it, at some moment since then. */
  lackedEndpoint({ uaid, message, keyDigest }: MessageFacts, sinceOrder: number): boolean {
    const channel = this.#channels.get(`${uaid}/${message.channelId}`)
    if (wasAbsent(channel, sinceOrder)) return true
    return channel?.keyDigest !== keyDigest || channel.changedOrder > sinceOrder
  }

  /** Since when the store has not had the channel with the key of this message's endpoint; undefined if it has. */
  endpointEnded({
    uaid,
    message,
    keyDigest,
  }: MessageFacts): { readonly order: number; readonly elapsedMs: number } | undefined {
    const channel = this.#channels.get(`${uaid}/${message.channelId}`)
    if (channel === undefined || (channel.present && channel.keyDigest === keyDigest)) return undefined
    return { order: channel.changedOrder, elapsedMs: channel.changedAtMs }
  }

  /** Whether the store has the channel of a message, with whatever key. */
  hasChannel({ uaid, message }: MessageFacts): boolean {
    return this.#channels.get(`${uaid}/${message.channelId}`)?.present ?? false
  }

  /** Whether a page has given up a channel. */
  isUnwanted(channelId: ChannelId): boolean {
    return this.#unwanted.has(channelId)
  }

  /** Whether a browser was ever given an endpoint for a channel. */
  isRegistered(channelId: ChannelId): boolean {
    return this.#registered.has(channelId)
  }

  /** Whether the store lacked this user agent at some moment since then. */
  lackedAgent(uaid: Uaid, sinceOrder: number): boolean {
    return wasAbsent(this.#agents.get(uaid), sinceOrder)
  }

  /** Whether anything went wrong between these times. */
  wasHarmed(fromMs: number, toMs: number): boolean {
    return this.#harmsMs.some((atMs) => atMs >= fromMs && atMs <= toMs)
  }

  /** Notifications that a link waits for an answer to, those left out that have waited too long. */
  inFlight(link: LinkFacts, nowMs: number): number {
    const before = link.unanswered.size
    for (const [id, sentAtMs] of link.unanswered)
      if (nowMs - sentAtMs >= this.#limits.ackTimeoutMs) link.unanswered.delete(id)
    this.#noteHalfFull(link, before, nowMs)
    return link.unanswered.size
  }

  #apply(recorded: Recorded): void {
    const { fact, order, elapsedMs } = recorded
    switch (fact.kind) {
      case 'posted':
        return this.#posted(fact, order, elapsedMs)
      case 'answered':
        this.message(fact.id).answered = { outcome: fact.outcome, order }
        return
      case 'deleting':
        this.message(fact.id).deletingOrder ??= order
        return
      case 'deleted':
        if (fact.outcome === 'removed') this.message(fact.id).deleted = true
        return
      case 'putInDoubt':
        this.message(fact.id).doubts += 1
        return
      case 'kept':
        if (this.#isLatePut(this.message(fact.message.id), fact.sends, elapsedMs))
          this.message(fact.message.id).doubts += 1
        return this.#stored(fact.message.id, elapsedMs, order)
      case 'gone':
        if (fact.cause === 'evicted') this.message(fact.message.id).evicted = true
        return this.#stored(fact.message.id, undefined, order)
      case 'subscribed':
        return this.#subscribed(fact.uaid, fact.channelId, fact.keyDigest, recorded)
      case 'unsubscribed':
        return this.#subscribed(fact.uaid, fact.channelId, undefined, recorded)
      case 'unsubscribing':
        this.#unwanted.add(fact.channelId)
        return
      case 'registered':
        this.#registered.add(fact.channelId)
        return
      case 'fault':
        this.#harmsMs.push(elapsedMs)
        return
      case 'acked':
        this.message(fact.id).acked = true
        return
      default:
        return this.#applyToLink(recorded)
    }
  }

  #applyToLink({ fact, order, elapsedMs }: Recorded): void {
    switch (fact.kind) {
      case 'opening':
        return this.#opening(fact.link, fact.browser)
      case 'accepted':
        this.link(fact.link).acceptedAtMs = elapsedMs
        return
      case 'closed':
        this.link(fact.link).closedAtMs = elapsedMs
        return
      case 'helloSent': {
        const link = this.link(fact.link)
        link.helloOrder = order
        link.askedUaid = fact.uaid
        return
      }
      case 'welcomed': {
        const link = this.link(fact.link)
        link.uaid = fact.uaid
        link.welcomedAtMs = elapsedMs
        return
      }
      case 'wrote':
        return this.#wrote(fact.link, fact.id, order, elapsedMs)
      case 'ackArrived':
        this.message(fact.id).ackArrived ??= { order, link: fact.link, elapsedMs }
        return this.#answeredBy(fact.link, fact.id, elapsedMs)
      case 'nackArrived':
        return this.#answeredBy(fact.link, fact.id, elapsedMs)
      default:
        return
    }
  }

  #posted(
    { uaid, message, keyDigest }: Extract<Fact, { kind: 'posted' }>,
    order: number,
    elapsedMs: number,
  ): void {
    const known: MessageFacts = {
      uaid,
      message,
      keyDigest,
      postedOrder: order,
      postedAtMs: elapsedMs,
      keptAtMs: undefined,
      everKept: false,
      storeOrder: 0,
      acked: false,
      deletingOrder: undefined,
      deleted: false,
      evicted: false,
      doubts: 0,
      writes: [],
    }
    this.messages.set(message.id, known)
    if (message.topic === undefined) return
    const key = topicKey(uaid, message)
    this.#topics.set(key, [...(this.#topics.get(key) ?? []), known])
  }

  #stored(id: MessageId, keptAtMs: number | undefined, order: number): void {
    const known = this.message(id)
    known.keptAtMs = keptAtMs
    known.everKept = true
    known.storeOrder = order
  }

  #subscribed(
    uaid: Uaid,
    channelId: ChannelId,
    keyDigest: KeyDigest | undefined,
    { order, elapsedMs }: Recorded,
  ): void {
    const key = `${uaid}/${channelId}`
    const before = this.#channels.get(key)
    const present = keyDigest !== undefined
    const isNews = (before ?? NEVER).present !== present
    if (!isNews && before?.keyDigest === keyDigest) return
    const since = isNews ? order : (before?.order ?? order)
    this.#channels.set(key, { present, order: since, keyDigest, changedOrder: order, changedAtMs: elapsedMs })
    if (!isNews) return
    const agent = this.#agents.get(uaid) ?? { ...NEVER, channels: 0 }
    const channels = agent.channels + (present ? 1 : -1)
    const changed = agent.present !== channels > 0
    this.#agents.set(uaid, { present: channels > 0, order: changed ? order : agent.order, channels })
  }

  #opening(number: number, browser: string): void {
    this.links.set(number, {
      number,
      browser,
      acceptedAtMs: Number.POSITIVE_INFINITY,
      helloOrder: undefined,
      askedUaid: undefined,
      uaid: undefined,
      welcomedAtMs: undefined,
      closedAtMs: Number.POSITIVE_INFINITY,
      unanswered: new Map(),
      halfFullAtMs: Number.NEGATIVE_INFINITY,
    })
  }

  #wrote(number: number, id: MessageId, order: number, elapsedMs: number): void {
    const link = this.link(number)
    this.message(id).writes.push({ link: number, order })
    const before = link.unanswered.size
    link.unanswered.set(id, elapsedMs)
    this.#noteHalfFull(link, before, elapsedMs)
  }

  #answeredBy(number: number, id: MessageId, elapsedMs: number): void {
    const link = this.link(number)
    const before = link.unanswered.size
    link.unanswered.delete(id)
    this.#noteHalfFull(link, before, elapsedMs)
  }

  /** Whether somebody else has sent the message, or may yet, than who puts it now: an endpoint's ask, or another session. */
  #isLatePut({ uaid, writes, postedAtMs }: MessageFacts, sends: number, elapsedMs: number): boolean {
    if (sends > 0) return new Set(writes.map(({ link }) => link)).size > 1
    return writes.length > 0 || elapsedMs - postedAtMs >= ASK_MS || this.#hasTwoSessions(uaid, postedAtMs)
  }

  /** One of them answers `full`, and the ask may reach the other one only after the endpoint's put (seed 3690). */
  #hasTwoSessions(uaid: Uaid, sinceMs: number): boolean {
    const sessions = [...this.links.values()].filter(
      (link) => (link.uaid ?? link.askedUaid) === uaid && link.closedAtMs >= sinceMs,
    )
    return sessions.length > 1
  }

  #noteHalfFull(link: LinkFacts, before: number, nowMs: number): void {
    if (Math.max(before, link.unanswered.size) > this.#limits.inFlightMax / 2) link.halfFullAtMs = nowMs
  }
}

/** An ask that takes longer may be acted upon later still. */
const ASK_MS = 450

function wasAbsent(presence: Presence | undefined, sinceOrder: number): boolean {
  return presence === undefined || !presence.present || presence.order > sinceOrder
}

function topicKey(uaid: Uaid, { channelId, topic }: Message): string {
  return `${uaid} ${channelId} ${topic}`
}
