import type { Binary } from 'mongodb'
import {
  type ChannelId,
  idToBytes,
  type KeyDigest,
  type MessageId,
  messageIdFromBytes,
  parseChannelId,
  type Uaid,
  uaidFromBytes,
} from '../../push/ids.ts'
import type { Message } from '../../push/message.ts'
import type { AwaitedReceipt, ReceiptOutcome } from '../../push/receipt.ts'
import { decodeMessage } from '../../push/record.ts'
import {
  type AgentDocument,
  type BroadcastDocument,
  date,
  type EndedReceiptsDocument,
  type MessageDocument,
  OUTCOMES,
  type ReceiptDocument,
} from '../../store/mongodb-schema.ts'
import type { StoredMessage, StoreLimits } from '../../store/store.ts'
import type { Dice } from './dice.ts'
import { keyOf } from './document-query.ts'
import type { Faults } from './faults.ts'
import type { GoneCause, StoreObserver, StoreTruth } from './store-truth.ts'
import { Table } from './table.ts'

/** What the database works with. */
export interface DatabaseDeps {
  /** The time of the database's machines, which no process of ours stops. */
  time: { nowMs(): number; after(delayMs: number, run: () => void): unknown }
  dice: Dice
  faults: Faults
  limits: Pick<StoreLimits, 'storedMax'>
  observer: StoreObserver
}

/** One change of one document, in the order in which the primary made it. */
interface Change {
  /** Takes it back, as a primary does that comes back and finds that nobody else has it. */
  readonly undo: () => void
  readonly table: unknown
  readonly key: string
  readonly before: unknown
  /** When a majority has it, and it is there to stay. */
  readonly majorityAtMs: number
}

/** Changes after which it is looked which of them are there to stay. */
const UNSETTLED_MAX = 1000
/** How often the database drops what its TTL index names. */
const TTL_EVERY_MS = 60_000
/** A message may still be evicted so long after there were too many of them: counting and deleting take their time. */
const EVICTION_MS = 15_000

/**
 * A replica set of MongoDB as the store sees it: a primary whose changes become known to a majority one by one, in order.
 * A primary that steps down takes with it what no majority has. Each command on one document is atomic; what processes
 * do in several commands interleaves.
 */
export class SimulatedDatabase implements StoreTruth {
  readonly agents = new Table<AgentDocument>()
  readonly messages = new Table<MessageDocument>('u')
  readonly receipts = new Table<ReceiptDocument>('s')
  readonly endedReceipts = new Table<EndedReceiptsDocument>()
  readonly broadcasts = new Map<string, BroadcastDocument>()
  readonly #deps: DatabaseDeps
  #changes: Change[] = []
  readonly #stepDownsMs: number[] = []
  #electedAtMs = 0
  readonly #overCapAtMs = new Map<string, number>()
  readonly #decoded = new WeakMap<Binary, Message>()

  constructor(deps: DatabaseDeps) {
    this.#deps = deps
  }

  /** Milliseconds until there is a primary; 0 when there is one. */
  get electionMs(): number {
    return Math.max(0, this.#electedAtMs - this.#deps.time.nowMs())
  }

  /** Milliseconds until all that was changed so far is known to a majority. */
  get majorityMs(): number {
    return Math.max(0, (this.#changes.at(-1)?.majorityAtMs ?? 0) - this.#deps.time.nowMs())
  }

  /** How often a primary has stepped down. */
  get stepDowns(): number {
    return this.#stepDownsMs.length
  }

  /**
   * Whether the primary stepped down, and with that closed all connections, up to a wall time.
   * @param since how often it had before: it may step down within the very moment of a change, and lose that
   */
  steppedDown(since: number, untilMs: number): boolean {
    return this.#stepDownsMs.slice(since).some((atMs) => atMs <= untilMs)
  }

  /** Changes an agent, or drops it. */
  setAgent(key: string, after: AgentDocument | undefined): void {
    this.#set(this.agents, key, after, (before, now, undone) => this.#tellAgent(before, now, undone))
  }

  /** Changes a message, or drops it; `isEviction` when the command may be one for the sake of the cap. */
  setMessage(key: string, after: MessageDocument | undefined, isEviction = false): void {
    const before = this.messages.get(key)
    const cause = isEviction && before !== undefined && this.#wasOverCap(before.u) ? 'evicted' : 'removed'
    this.#setMessage(key, after, cause)
  }

  /** Changes a receipt, or drops it. */
  setReceipt(key: string, after: ReceiptDocument | undefined): void {
    this.#set(this.receipts, key, after, (before, now, undone) => {
      const [had, has] = [before && OUTCOMES[before.outcome], now && OUTCOMES[now.outcome]]
      if (now !== undefined && has !== undefined && had !== has && !undone)
        this.#deps.observer.settled(messageIdFromBytes(now._id.buffer), has, had)
    })
  }

  /** Ends a receipt subscription. */
  setEndedReceipts(key: string, after: EndedReceiptsDocument | undefined): void {
    this.#set(this.endedReceipts, key, after, () => {})
  }

  /** A document as a majority has it. */
  majorityOf<T extends { readonly _id: Binary }>(table: Table<T>, key: string): unknown {
    this.#forgetSettled()
    const change = this.#changes.find((other) => other.table === table && other.key === key)
    return change === undefined ? table.get(key) : change.before
  }

  /** The primary steps down: some of what no majority has is lost, and for a while there is none. */
  stepDown(electionMs: number): void {
    const { time, dice } = this.#deps
    this.#forgetSettled()
    const lost = this.#changes.splice(dice.int(0, this.#changes.length))
    for (const { undo } of lost.toReversed()) undo()
    this.#stepDownsMs.push(time.nowMs())
    this.#electedAtMs = time.nowMs() + electionMs
  }

  /** Goes on dropping what its TTL index names. */
  startExpiry(): void {
    const { time } = this.#deps
    time.after(TTL_EVERY_MS, () => {
      if (this.electionMs === 0)
        for (const { _id } of this.messages.find({ gcAt: { $lte: date(time.nowMs()) } }))
          this.#setMessage(keyOf(_id), undefined, 'expired')
      this.startExpiry()
    })
  }

  channelsOf(uaid: Uaid): ReadonlyMap<ChannelId, KeyDigest> | undefined {
    const agent = this.agents.get(bytesOf(uaid))
    return agent && channelsIn(agent)
  }

  messagesOf(uaid: Uaid): readonly StoredMessage[] {
    const documents = [...(this.messages.partition(bytesOf(uaid))?.values() ?? [])]
    const messages = documents.map((document) => ({
      message: this.#messageOf(document),
      sends: document.sends,
    }))
    return messages.toSorted((a, b) => (a.message.id < b.message.id ? -1 : 1))
  }

  outcomeOf({ id }: AwaitedReceipt): ReceiptOutcome | undefined {
    const document = this.receipts.get(bytesOf(id))
    return document && OUTCOMES[document.outcome]
  }

  has(_uaid: Uaid, id: MessageId): boolean {
    return this.messages.get(bytesOf(id)) !== undefined
  }

  #setMessage(key: string, after: MessageDocument | undefined, cause: GoneCause): void {
    this.#set(this.messages, key, after, (before, now, undone) => {
      this.#tellMessage(before, now, undone ? 'rolledBack' : cause)
    })
    if (after !== undefined) this.#noteCap(after.u)
  }

  #set<T extends { readonly _id: Binary }>(
    table: Table<T>,
    key: string,
    after: T | undefined,
    tell: (before: T | undefined, after: T | undefined, undone: boolean) => void,
  ): void {
    const before = table.get(key)
    if (before === after) return
    table.set(key, after)
    const undo = () => {
      table.set(key, before)
      tell(after, before, true)
    }
    if (this.#changes.length >= UNSETTLED_MAX) this.#forgetSettled()
    this.#changes.push({ undo, table, key, before, majorityAtMs: this.#majorityAtMs() })
    tell(before, after, false)
  }

  #majorityAtMs(): number {
    const { time, dice, faults } = this.#deps
    const atMs = time.nowMs() + dice.within(faults.replicationMs)
    return Math.max(atMs, this.#changes.at(-1)?.majorityAtMs ?? 0)
  }

  #forgetSettled(): void {
    const nowMs = this.#deps.time.nowMs()
    this.#changes = this.#changes.filter(({ majorityAtMs }) => majorityAtMs > nowMs)
  }

  #noteCap(u: Binary): void {
    const key = keyOf(u)
    const count = this.messages.partition(key)?.size ?? 0
    if (count > this.#deps.limits.storedMax) this.#overCapAtMs.set(key, this.#deps.time.nowMs())
  }

  #wasOverCap(u: Binary): boolean {
    const overCapAtMs = this.#overCapAtMs.get(keyOf(u)) ?? Number.NEGATIVE_INFINITY
    return this.#deps.time.nowMs() - overCapAtMs <= EVICTION_MS
  }

  #tellMessage(
    before: MessageDocument | undefined,
    after: MessageDocument | undefined,
    cause: GoneCause,
  ): void {
    const { observer } = this.#deps
    const document = after ?? before
    if (document === undefined || (before !== undefined && after !== undefined)) return
    const uaid = uaidFromBytes(document.u.buffer)
    const message = this.#messageOf(document)
    if (after === undefined) observer.gone(uaid, message, cause)
    else if (cause === 'rolledBack') observer.restored(uaid, message, after.sends)
    else observer.kept(uaid, message, after.sends)
  }

  #tellAgent(before: AgentDocument | undefined, after: AgentDocument | undefined, undone: boolean): void {
    const document = after ?? before
    if (document === undefined) return
    const uaid = uaidFromBytes(document._id.buffer)
    const [had, has] = [before && channelsIn(before), after && channelsIn(after)]
    for (const channelId of had?.keys() ?? [])
      if (!has?.has(channelId)) this.#deps.observer.unsubscribed(uaid, channelId, undone)
    for (const [channelId, digest] of has ?? [])
      if (had?.get(channelId) !== digest) this.#deps.observer.subscribed(uaid, channelId, digest)
  }

  #messageOf({ record }: MessageDocument): Message {
    const known = this.#decoded.get(record)
    if (known !== undefined) return known
    const message = decodeMessage(record.buffer)
    this.#decoded.set(record, message)
    return message
  }
}

function bytesOf(id: Uaid | MessageId): string {
  return Buffer.from(idToBytes(id)).toString('latin1')
}

function channelsIn({ channels = {} }: Partial<AgentDocument>): Map<ChannelId, KeyDigest> {
  const found = new Map<ChannelId, KeyDigest>()
  for (const [key, digest] of Object.entries(channels)) {
    const channelId = parseChannelId(key)
    if (channelId !== undefined) found.set(channelId, digest as KeyDigest)
  }
  return found
}
