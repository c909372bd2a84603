import { type Outcome, type Settled, SettledMessages } from './settled-messages.ts'

/** A message as its sender knows it. Times are microseconds of the process's monotonic clock. */
export interface PostedMessage {
  readonly id: string
  readonly channel: string
  readonly topic?: string | undefined
  readonly ttlS: number
  /** Whether its user agent was connected when it was sent. */
  readonly toConnected: boolean
  /** When it was meant to be sent. */
  readonly intendedUs: number
  readonly sentUs: number
}

/** How many messages had which fate; the schema of the result says what each number means. */
export interface LedgerCounts {
  readonly posted: number
  readonly accepted: number
  readonly delivered: number
  readonly acknowledged: number
  readonly duplicated: number
  readonly outOfOrder: number
  readonly late: number
  readonly replaced: number
  readonly unrequested: number
  readonly lost: number
  /** The first thousand in the order of their text. */
  readonly lostIds: readonly string[]
}

/**
 * What an arrival was; `first` carries what was posted, and whether its user agent has been connected all the time; `given up` is a first
 * one, too, of a message that was not due any more.
 */
export type Arrival =
  | { readonly kind: 'first'; readonly message: PostedMessage; readonly connected: boolean }
  | { readonly kind: 'given up' | 'again' | 'unrequested' }

/** A message whose fate is open. */
interface Open {
  readonly message: PostedMessage
  /** When it was answered 2xx; what is answered otherwise is open no more. */
  acceptedUs: number | undefined
  arrived: boolean
  /** Its user agent was ending the subscription when it arrived. */
  isEnding: boolean
  acknowledged: boolean
  /** Connected when it was sent, and ever since. */
  connected: boolean
}

/** Messages of one channel, or of one topic of it, as long as some of them are open. */
interface Group {
  readonly open: Set<Open>
  /** The latest time at which one of those that have arrived was sent. */
  arrivedSentUs: number
  /** Likewise, when it was answered: it may have been accepted as late as that. */
  arrivedAnsweredUs: number
  /** The latest time at which one of the accepted ones was sent. */
  acceptedSentUs: number
}

/** A server may count a TTL in whole seconds, and a notification is on its way for a while. */
const LATE_TOLERANCE_US = 1e6
/** Lost messages that are named. */
export const LOST_IDS_MAX = 1000
const US_PER_S = 1e6

/**
 * Keeps account of each message from its POST to its arrival, and tells at any time what became of all.
 * Once its fate is known a message is remembered for a bounded time only. `accepted = delivered + replaced + lost` always holds.
 */
export class Ledger {
  readonly #open = new Map<string, Open>()
  readonly #channels = new Map<string, Group>()
  readonly #topics = new Map<string, Group>()
  readonly #settled: SettledMessages
  readonly #lostIds = new Set<string>()
  readonly #counts = {
    posted: 0,
    accepted: 0,
    delivered: 0,
    acknowledged: 0,
    duplicated: 0,
    outOfOrder: 0,
    late: 0,
    replaced: 0,
    unrequested: 0,
    lost: 0,
  }

  /** @param settled for tests: one with less memory */
  constructor(settled = new SettledMessages()) {
    this.#settled = settled
  }

  get posted(): number {
    return this.#counts.posted
  }

  get accepted(): number {
    return this.#counts.accepted
  }

  get delivered(): number {
    return this.#counts.delivered
  }

  /** A message is about to be sent. */
  posting(message: PostedMessage): void {
    const open = {
      message,
      acceptedUs: undefined,
      arrived: false,
      isEnding: false,
      acknowledged: false,
      connected: message.toConnected,
    }
    this.#counts.posted += 1
    this.#open.set(message.id, open)
    join(this.#channels, message.channel, open)
    const topic = topicKey(message)
    if (topic !== undefined) join(this.#topics, topic, open)
  }

  /** It was answered, or never will be (status 0). Returns what was posted. */
  answered(id: string, status: number, atUs: number): PostedMessage | undefined {
    const open = this.#open.get(id)
    if (open === undefined) return undefined
    if (status >= 200 && status < 300) this.#accept(open, atUs)
    else this.#refuse(open, status, atUs)
    return open.message
  }

  /**
   * A notification has reached its user agent.
   * @param isEnding the user agent has asked to end the subscription: the server may refuse what it had sent to it already
   */
  arrived(id: string, atUs: number, isEnding = false): Arrival {
    const open = this.#open.get(id)
    if (open === undefined || this.#givenUp(open, atUs)) {
      const settled = this.#settled.get(id)
      if (isEnding && settled?.outcome === 'refused') return { kind: 'again' }
      return this.#arrivedSettled(settled, id, atUs)
    }
    open.isEnding ||= isEnding
    if (open.arrived) {
      this.#counts.duplicated += 1
      return { kind: 'again' }
    }
    open.arrived = true
    this.#order(open)
    if (open.acceptedUs !== undefined) this.#deliver(open, open.acceptedUs, atUs)
    return { kind: 'first', message: open.message, connected: open.connected }
  }

  /** Its user agent has acknowledged it; that counts once, of messages that are accepted. */
  acknowledged(id: string): void {
    const open = this.#open.get(id)
    if (open !== undefined) {
      open.acknowledged = true
      return
    }
    const settled = this.#settled.get(id)
    if (settled?.outcome !== 'delivered' || settled.acknowledged) return
    settled.acknowledged = true
    this.#counts.acknowledged += 1
  }

  /** It was deleted, or its channel was: it need not arrive any more. */
  cancelled(id: string, atUs: number): void {
    const open = this.#open.get(id)
    if (open?.acceptedUs === undefined || open.arrived || this.#givenUp(open, atUs)) return
    this.#settle(open, 'replaced', open.acceptedUs)
  }

  /** The user agent of a channel has gone: its messages wait, and the end of their TTL is an excuse from now on. */
  offline(channel: string, atUs: number): void {
    for (const open of this.#channels.get(channel)?.open ?? [])
      if (!this.#givenUp(open, atUs)) open.connected = false
  }

  /** How many are accepted, due and have not arrived. */
  outstanding(nowUs: number): number {
    let due = 0
    for (const open of this.#open.values()) if (fate(open, nowUs) === 'lost') due += 1
    return due
  }

  /** Gives up the messages whose TTL is over, so that those for absent user agents don't pile up. */
  sweep(nowUs: number): void {
    for (const open of this.#open.values()) this.#givenUp(open, nowUs)
  }

  /** What became of all messages if none arrived any more. */
  counts(nowUs: number): LedgerCounts {
    let { replaced, lost } = this.#counts
    const lostIds = [...this.#lostIds]
    for (const open of this.#open.values()) {
      const end = fate(open, nowUs)
      if (end === 'replaced') replaced += 1
      if (end !== 'lost') continue
      lost += 1
      lostIds.push(open.message.id)
    }
    return { ...this.#counts, replaced, lost, lostIds: firstLost(lostIds) }
  }

  /** What has become of those messages whose fate is known; the others, which are `open`, are left out. */
  settled(): { readonly counts: LedgerCounts; readonly open: number } {
    let { posted, accepted } = this.#counts
    for (const { acceptedUs } of this.#open.values()) {
      posted -= 1
      if (acceptedUs !== undefined) accepted -= 1
    }
    const counts = { ...this.#counts, posted, accepted, lostIds: firstLost([...this.#lostIds]) }
    return { counts, open: this.#open.size }
  }

  /**
   * Settles a message whose TTL is over, and tells whether that was so. Before anything else befalls one this is asked: its fate must not depend on
   * whether it was swept by then.
   */
  #givenUp(open: Open, nowUs: number): boolean {
    const { acceptedUs } = open
    if (acceptedUs === undefined || open.arrived || nowUs < lateUs(open.message, acceptedUs)) return false
    this.#settle(open, open.connected ? 'lost' : 'replaced', acceptedUs)
    return true
  }

  #accept(open: Open, atUs: number): void {
    this.#counts.accepted += 1
    open.acceptedUs = atUs
    if (open.arrived) {
      this.#deliver(open, atUs, atUs)
      return
    }
    const topic = this.#topicOf(open)
    if (topic === undefined) return
    topic.acceptedSentUs = Math.max(topic.acceptedSentUs, open.message.sentUs)
    this.#replace(topic, atUs)
  }

  #refuse(open: Open, status: number, atUs: number): void {
    // Without an answer, or where the server says that it failed (RFC 9110 section 15.6), it may have been taken all the same: its arrival is nobody's fault.
    const isUnsure = status === 0 || status >= 500
    if (open.arrived && !isUnsure && !open.isEnding) this.#counts.unrequested += 1
    this.#settle(open, isUnsure ? 'unanswered' : 'refused', atUs)
  }

  #deliver(open: Open, acceptedUs: number, atUs: number): void {
    this.#counts.delivered += 1
    if (open.acknowledged) this.#counts.acknowledged += 1
    if (atUs > lateUs(open.message, acceptedUs)) this.#counts.late += 1
    const topic = this.#topicOf(open)
    if (topic !== undefined) topic.acceptedSentUs = Math.max(topic.acceptedSentUs, open.message.sentUs)
    this.#settle(open, 'delivered', acceptedUs)
    this.#arrivedInTopic(topic, acceptedUs, atUs)
  }

  #arrivedInTopic(topic: Group | undefined, answeredUs: number, atUs: number): void {
    if (topic === undefined) return
    topic.arrivedAnsweredUs = Math.max(topic.arrivedAnsweredUs, answeredUs)
    this.#replace(topic, atUs)
  }

  #arrivedSettled(settled: Settled | undefined, id: string, atUs: number): Arrival {
    if (settled !== undefined && atUs > settled.expiresUs) this.#counts.late += 1
    switch (settled?.outcome) {
      case 'unanswered':
        return { kind: 'again' }
      case 'delivered':
        this.#counts.duplicated += 1
        return { kind: 'again' }
      case 'replaced':
      case 'lost':
        this.#counts[settled.outcome] -= 1
        this.#lostIds.delete(id)
        settled.outcome = 'delivered'
        this.#counts.delivered += 1
        this.#arrivedInTopic(this.#topics.get(settled.topic ?? ''), settled.answeredUs, atUs)
        return { kind: 'given up' }
      default:
        this.#counts.unrequested += 1
        return { kind: 'unrequested' }
    }
  }

  /** Notes whether it came after a message that was sent when this one was accepted already. */
  #order({ message, acceptedUs }: Open): void {
    const channel = this.#channels.get(message.channel)
    if (channel === undefined) return
    if (acceptedUs !== undefined && channel.arrivedSentUs >= acceptedUs) this.#counts.outOfOrder += 1
    channel.arrivedSentUs = Math.max(channel.arrivedSentUs, message.sentUs)
  }

  /**
   * Settles those of a topic that a newer one replaces: any that was sent later and accepted; or, since of two POSTs at the same time either
   * may be the newer one, one that has arrived and was not answered yet when they were sent.
   */
  #replace(topic: Group, atUs: number): void {
    for (const open of topic.open) {
      const { acceptedUs, arrived, message } = open
      if (acceptedUs === undefined || arrived || this.#givenUp(open, atUs)) continue
      if (topic.acceptedSentUs > message.sentUs || topic.arrivedAnsweredUs > message.sentUs)
        this.#settle(open, 'replaced', acceptedUs)
    }
  }

  #settle(open: Open, outcome: Outcome, answeredUs: number): void {
    const { message, acknowledged } = open
    this.#open.delete(message.id)
    leave(this.#channels, message.channel, open)
    const topic = topicKey(message)
    if (topic !== undefined) leave(this.#topics, topic, open)
    if (outcome === 'replaced' || outcome === 'lost') this.#counts[outcome] += 1
    if (outcome === 'lost' && this.#lostIds.size < LOST_IDS_MAX) this.#lostIds.add(message.id)
    const expiresUs = open.acceptedUs === undefined ? Number.POSITIVE_INFINITY : lateUs(message, answeredUs)
    this.#settled.add(message.id, { outcome, acknowledged, answeredUs, topic, expiresUs })
  }

  #topicOf({ message }: Open): Group | undefined {
    const key = topicKey(message)
    return key === undefined ? undefined : this.#topics.get(key)
  }
}

/** The lost ones that are named. */
export function firstLost(ids: readonly string[]): readonly string[] {
  return [...ids].sort().slice(0, LOST_IDS_MAX)
}

/** What it would be called if nothing happened any more; undefined: it was not accepted, or has arrived. */
function fate({ message, acceptedUs, arrived, connected }: Open, nowUs: number): Outcome | undefined {
  if (acceptedUs === undefined || arrived) return undefined
  const isOver = nowUs >= acceptedUs + message.ttlS * US_PER_S
  return isOver && !connected ? 'replaced' : 'lost'
}

function lateUs({ ttlS }: PostedMessage, acceptedUs: number): number {
  return acceptedUs + ttlS * US_PER_S + LATE_TOLERANCE_US
}

function topicKey({ channel, topic }: PostedMessage): string | undefined {
  return topic === undefined ? undefined : `${channel} ${topic}`
}

function join(groups: Map<string, Group>, key: string, open: Open): void {
  let group = groups.get(key)
  if (group === undefined) {
    group = {
      open: new Set(),
      arrivedSentUs: Number.NEGATIVE_INFINITY,
      arrivedAnsweredUs: Number.NEGATIVE_INFINITY,
      acceptedSentUs: Number.NEGATIVE_INFINITY,
    }
    groups.set(key, group)
  }
  group.open.add(open)
}

function leave(groups: Map<string, Group>, key: string, open: Open): void {
  const group = groups.get(key)
  group?.open.delete(open)
  if (group?.open.size === 0) groups.delete(key)
}
