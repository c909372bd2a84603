import type { Broadcast, BroadcastId, BroadcastVersion } from '../../push/broadcast.ts'
import type { ChannelId, KeyDigest, MessageId, ReceiptSubscriptionId, Uaid } from '../../push/ids.ts'
import { type Message, sameTopic } from '../../push/message.ts'
import { type AwaitedReceipt, awaitedReceipt, LATE_ACK_MS, type ReceiptOutcome } from '../../push/receipt.ts'
import { isBelow, NO_MIN_URGENCY, type Urgency } from '../../push/urgency.ts'
import {
  type BroadcastPut,
  type ChannelStatus,
  type Collected,
  type FetchedReceipt,
  type Handover,
  LAST_CONNECT_REFRESH_MS,
  type Page,
  type ReceiptListener,
  type ReceiptPage,
  type Store,
  type StoredAgent,
  type StoredMessage,
  type StoreLimits,
  type Wanted,
  type WantedReceipts,
} from '../../store/store.ts'
import { MemoryReceipts } from './memory-receipts.ts'
import { type GoneCause, SILENT, type StoreObserver, type StoreTruth } from './store-truth.ts'

interface AgentRow {
  readonly channels: Map<ChannelId, KeyDigest>
  minUrgency: Urgency
  lastConnectMs: number
}

interface MessageRow {
  readonly message: Message
  sends: number
}

/** One put in so many looks after the cap. */
const EVICT_EVERY = 32

/**
 * A store in memory with the semantics of a real one. Each operation is done in full when it is called; what a real
 * store may do in between, or late, or not at all, is for `FaultyStore` to simulate.
 */
export class MemoryStore implements Store, StoreTruth {
  readonly #limits: StoreLimits
  readonly #observer: StoreObserver
  readonly #agents = new Map<Uaid, AgentRow>()
  readonly #receipts: MemoryReceipts
  /** The messages of each user agent in the order of their ids. */
  readonly #messages = new Map<Uaid, MessageRow[]>()
  readonly #broadcasts = new Map<BroadcastId, Broadcast>()
  #puts = 0
  #collectAfter: Uaid | undefined

  constructor(limits: StoreLimits, observer: StoreObserver = SILENT) {
    this.#limits = limits
    this.#observer = observer
    this.#receipts = new MemoryReceipts(observer)
  }

  async connect(uaid: Uaid, nowMs: number): Promise<StoredAgent | undefined> {
    const agent = this.#agents.get(uaid)
    if (agent === undefined) return undefined
    if (nowMs - agent.lastConnectMs > LAST_CONNECT_REFRESH_MS) agent.lastConnectMs = nowMs
    return { channels: new Map(agent.channels), minUrgency: agent.minUrgency }
  }

  async touch(uaids: readonly Uaid[], nowMs: number): Promise<void> {
    for (const uaid of uaids) {
      const agent = this.#agents.get(uaid)
      if (agent !== undefined) agent.lastConnectMs = nowMs
    }
  }

  async register(uaid: Uaid, channelId: ChannelId, keyDigest: KeyDigest, nowMs: number): Promise<void> {
    const agent = this.#agents.get(uaid) ?? {
      channels: new Map(),
      minUrgency: NO_MIN_URGENCY,
      lastConnectMs: nowMs,
    }
    this.#agents.set(uaid, agent)
    agent.channels.set(channelId, keyDigest)
    this.#observer.subscribed(uaid, channelId, keyDigest)
  }

  async unregister(uaid: Uaid, channelId: ChannelId): Promise<void> {
    const agent = this.#agents.get(uaid)
    if (agent?.channels.delete(channelId)) this.#observer.unsubscribed(uaid, channelId, false)
    if (agent?.channels.size === 0) this.#agents.delete(uaid)
    this.#drop(uaid, ({ message }) => message.channelId === channelId, 'unregistered')
  }

  async setMinUrgency(uaid: Uaid, min: Urgency): Promise<void> {
    const agent = this.#agents.get(uaid)
    if (agent !== undefined) agent.minUrgency = min
  }

  async channelStatus(uaid: Uaid, channelId: ChannelId): Promise<ChannelStatus> {
    const agent = this.#agents.get(uaid)
    if (agent === undefined) return { outcome: 'agentGone' }
    const keyDigest = agent.channels.get(channelId)
    return keyDigest === undefined ? { outcome: 'notSubscribed' } : { outcome: 'subscribed', keyDigest }
  }

  async dropAgent(uaid: Uaid): Promise<void> {
    for (const channelId of this.#agents.get(uaid)?.channels.keys() ?? [])
      this.#observer.unsubscribed(uaid, channelId, false)
    this.#agents.delete(uaid)
    this.#drop(uaid, () => true, 'agentDropped')
  }

  async put(uaid: Uaid, message: Message, sends: number): Promise<void> {
    const rows = this.#messages.get(uaid) ?? []
    const at = firstAfter(rows, message.id)
    const there = rows[at - 1]
    if (there?.message.id === message.id) {
      there.sends = Math.max(there.sends, sends)
      return
    }
    rows.splice(at, 0, { message, sends })
    this.#messages.set(uaid, rows)
    this.#observer.kept(uaid, message, sends)
    this.#puts += 1
    if (this.#puts % EVICT_EVERY === 0) this.#evict(uaid)
    this.#replace(uaid, message)
  }

  /** Keeps only the newest of a topic. */
  #replace(uaid: Uaid, { channelId, topic }: Message): void {
    if (topic === undefined) return
    const same = this.#rows(uaid).filter(({ message }) => sameTopic(message, { channelId, topic }))
    const newest = same.at(-1)
    this.#drop(uaid, (row) => row !== newest && same.includes(row), 'replaced')
  }

  async list(uaid: Uaid, { after, limit, minUrgency }: Wanted, nowMs: number): Promise<Page> {
    const rows = this.#rows(uaid)
    const start = after === undefined ? 0 : firstAfter(rows, after)
    const channels = this.#agents.get(uaid)?.channels
    const messages: StoredMessage[] = []
    for (let at = start; at < rows.length; at++) {
      const row = rows[at]
      if (row === undefined || row.message.expiresAtMs <= nowMs) continue
      if (isBelow(row.message.urgency, minUrgency) || !channels?.has(row.message.channelId)) continue
      messages.push({ ...row })
      if (messages.length === limit)
        return { messages, next: at + 1 < rows.length ? row.message.id : undefined }
    }
    return { messages, next: undefined }
  }

  async remove(uaid: Uaid, ids: readonly MessageId[], outcome: ReceiptOutcome): Promise<MessageId[]> {
    const wanted = new Set(ids)
    const dropped = this.#drop(
      uaid,
      ({ message }) => wanted.has(message.id),
      'removed',
      () => outcome,
    )
    const gone = new Set(dropped.map(({ message }) => message.id))
    return [...wanted].filter((id) => gone.has(id))
  }

  async removeTopic(
    uaid: Uaid,
    channelId: ChannelId,
    topic: string,
    upTo: MessageId,
    outcome: ReceiptOutcome,
  ): Promise<void> {
    const covered = ({ message }: MessageRow) =>
      message.id <= upTo && sameTopic(message, { channelId, topic })
    this.#drop(uaid, covered, 'removed', ({ message }) => (message.id === upTo ? outcome : 'none'))
  }

  async countSends(uaid: Uaid, ids: readonly MessageId[]): Promise<void> {
    for (const row of this.#rows(uaid)) if (ids.includes(row.message.id)) row.sends += 1
  }

  async pending(uaids: readonly Uaid[], nowMs: number): Promise<Uaid[]> {
    return uaids.filter((uaid) => this.#rows(uaid).some(({ message }) => message.expiresAtMs > nowMs))
  }

  async settle(awaited: AwaitedReceipt, outcome: ReceiptOutcome): Promise<void> {
    this.#receipts.settle(awaited, outcome)
  }

  async sweepReceipts(nowMs: number, limit: number): Promise<number> {
    const due = [...this.#messages].flatMap(([uaid, rows]) =>
      rows.filter((row) => isDue(row, nowMs)).map((row) => ({ uaid, row })),
    )
    const swept = due.slice(0, limit)
    for (const { uaid, row } of swept)
      this.#drop(
        uaid,
        (other) => other === row,
        'expired',
        () => 'notDelivered',
        nowMs,
      )
    return swept.length
  }

  async receipts(
    subscription: ReceiptSubscriptionId,
    wanted: WantedReceipts,
  ): Promise<ReceiptPage | 'ended'> {
    return this.#receipts.list(subscription, wanted)
  }

  async markFetched(
    subscription: ReceiptSubscriptionId,
    fetched: readonly FetchedReceipt[],
    handover: Handover,
  ): Promise<void> {
    this.#receipts.markFetched(subscription, fetched, handover)
  }

  async confirmFetched(subscription: ReceiptSubscriptionId, fromMs: number, upToMs: number): Promise<void> {
    this.#receipts.confirmFetched(subscription, fromMs, upToMs)
  }

  async unmarkSent(subscription: ReceiptSubscriptionId): Promise<void> {
    this.#receipts.unmarkSent(subscription)
  }

  async unmarkFetched(subscription: ReceiptSubscriptionId, afterMs: number): Promise<void> {
    this.#receipts.unmarkFetched(subscription, afterMs)
  }

  async endReceipts(subscription: ReceiptSubscriptionId, nowMs: number): Promise<boolean> {
    return this.#receipts.end(subscription, nowMs)
  }

  async haveReceiptsEnded(subscription: ReceiptSubscriptionId): Promise<boolean> {
    return this.#receipts.hasEnded(subscription)
  }

  settled(): ReadonlyMap<ReceiptOutcome, number> {
    return this.#receipts.settled
  }

  onReceipt(listener: ReceiptListener): void {
    this.#receipts.tell = listener
  }

  async listBroadcasts(): Promise<readonly Broadcast[]> {
    return [...this.#broadcasts.values()]
  }

  async putBroadcast(id: BroadcastId, version: BroadcastVersion, max: number): Promise<BroadcastPut> {
    const before = this.#broadcasts.get(id)
    if (before === undefined && this.#broadcasts.size >= max) return 'full'
    this.#setBroadcast({ id, version, source: 'operator' })
    if (before === undefined) return 'created'
    return before.version === version && before.source === 'operator' ? 'unchanged' : 'changed'
  }

  async followBroadcast(
    id: BroadcastId,
    version: BroadcastVersion,
    former: BroadcastVersion | undefined,
  ): Promise<boolean> {
    const before = this.#broadcasts.get(id)
    if (before?.source === 'operator' || before?.version !== former) return false
    this.#setBroadcast({ id, version, source: 'megaphone' })
    return true
  }

  async dropBroadcast(id: BroadcastId): Promise<boolean> {
    const wasThere = this.#broadcasts.delete(id)
    if (wasThere) this.#observer.broadcastSet(id, undefined)
    return wasThere
  }

  async collectGarbage(nowMs: number, limit: number): Promise<Collected> {
    const found = { agents: 0, messages: 0, receipts: 0 }
    let looked = 0
    for (const uaid of this.#uaidsAfter(this.#collectAfter)) {
      if (looked >= limit) return { ...found, done: false }
      looked += 1 + this.#rows(uaid).length
      this.#collectAfter = uaid
      if (this.#isStale(uaid, nowMs)) {
        found.agents += 1
        found.messages += this.#rows(uaid).length
        await this.dropAgent(uaid)
      } else {
        found.messages += this.#collectMessages(uaid, nowMs)
      }
    }
    this.#collectAfter = undefined
    return { ...found, receipts: this.#receipts.collect(nowMs), done: true }
  }

  async ping(): Promise<void> {}

  waiting(): number {
    return 0
  }

  async close(): Promise<void> {}

  channelsOf(uaid: Uaid): ReadonlyMap<ChannelId, KeyDigest> | undefined {
    return this.#agents.get(uaid)?.channels
  }

  outcomeOf(awaited: AwaitedReceipt): ReceiptOutcome | undefined {
    return this.#receipts.outcomeOf(awaited)
  }

  messagesOf(uaid: Uaid): readonly StoredMessage[] {
    return this.#rows(uaid)
  }

  has(uaid: Uaid, id: MessageId): boolean {
    const rows = this.#rows(uaid)
    return rows[firstAfter(rows, id) - 1]?.message.id === id
  }

  #setBroadcast(broadcast: Broadcast): void {
    this.#broadcasts.set(broadcast.id, broadcast)
    this.#observer.broadcastSet(broadcast.id, broadcast.version)
  }

  #rows(uaid: Uaid): readonly MessageRow[] {
    return this.#messages.get(uaid) ?? []
  }

  #drop(
    uaid: Uaid,
    isDropped: (row: MessageRow) => boolean,
    cause: GoneCause,
    outcomeOf: (row: MessageRow) => ReceiptOutcome = () => (cause === 'replaced' ? 'none' : 'notDelivered'),
    nowMs?: number,
  ): MessageRow[] {
    const rows = this.#rows(uaid)
    const dropped = rows.filter(isDropped)
    if (dropped.length === 0) return dropped
    for (const row of dropped) {
      const awaited = awaitedReceipt(row.message)
      if (awaited !== undefined) this.#receipts.settle(awaited, outcomeOf(row), nowMs)
    }
    const kept = rows.filter((row) => !isDropped(row))
    if (kept.length === 0) this.#messages.delete(uaid)
    else this.#messages.set(uaid, kept)
    for (const { message } of dropped) this.#observer.gone(uaid, message, cause)
    return dropped
  }

  /** Drops the oldest messages of the fullest channel until the cap is kept. */
  #evict(uaid: Uaid): void {
    while (this.#rows(uaid).length > this.#limits.storedMax) {
      const counts = new Map<ChannelId, number>()
      for (const { message } of this.#rows(uaid))
        counts.set(message.channelId, (counts.get(message.channelId) ?? 0) + 1)
      const [fullest] = [...counts].toSorted(([, a], [, b]) => b - a)
      const oldest = this.#rows(uaid).find(({ message }) => message.channelId === fullest?.[0])
      this.#drop(uaid, (row) => row === oldest, 'evicted')
    }
  }

  #collectMessages(uaid: Uaid, nowMs: number): number {
    const channels = this.#agents.get(uaid)?.channels
    const isExpired = ({ message }: MessageRow) =>
      message.expiresAtMs <= nowMs && message.receipt === undefined
    const expired = this.#drop(uaid, isExpired, 'expired')
    const orphaned = this.#drop(uaid, ({ message }) => !channels?.has(message.channelId), 'orphaned')
    return expired.length + orphaned.length
  }

  #isStale(uaid: Uaid, nowMs: number): boolean {
    const agent = this.#agents.get(uaid)
    return agent !== undefined && nowMs - agent.lastConnectMs > this.#limits.agentLifetimeMs
  }

  #uaidsAfter(after: Uaid | undefined): Uaid[] {
    const all = new Set([...this.#agents.keys(), ...this.#messages.keys()])
    return [...all].filter((uaid) => after === undefined || uaid > after).toSorted()
  }
}

function isDue({ message }: MessageRow, nowMs: number): boolean {
  return message.receipt !== undefined && message.expiresAtMs < nowMs - LATE_ACK_MS
}

/** Index of the first row with an id greater than this one. */
function firstAfter(rows: readonly MessageRow[], id: MessageId): number {
  let low = 0
  let high = rows.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const row = rows[middle]
    if (row !== undefined && row.message.id <= id) low = middle + 1
    else high = middle
  }
  return low
}
