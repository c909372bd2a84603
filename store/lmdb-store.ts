import { statfs } from 'node:fs/promises'
import { open, type RootDatabase } from 'lmdb'
import { Counts } from '../cluster/counts.ts'
import type { Broadcast, BroadcastId, BroadcastVersion } from '../push/broadcast.ts'
import type { ChannelId, KeyDigest, MessageId, ReceiptSubscriptionId, Uaid } from '../push/ids.ts'
import type { Message } from '../push/message.ts'
import { type AwaitedReceipt, LATE_ACK_MS, type ReceiptOutcome } from '../push/receipt.ts'
import { isBelow, type Urgency } from '../push/urgency.ts'
import { CommitQueue, type WriteKind } from './commit-queue.ts'
import { looksAfterCap } from './eviction.ts'
import { FailStop } from './fail-stop.ts'
import { FolderError, type FolderLock, lockFolder } from './folder-lock.ts'
import type { AgentReport, StoreInspector, StoreStats } from './inspection.ts'
import { LmdbAgents } from './lmdb-agents.ts'
import { LmdbBroadcasts } from './lmdb-broadcasts.ts'
import { checkLmdbFile } from './lmdb-file.ts'
import { LmdbGarbage } from './lmdb-garbage.ts'
import { inspectLmdbAgent, lmdbStats } from './lmdb-inspection.ts'
import { LmdbMessages } from './lmdb-messages.ts'
import { LmdbReceipts } from './lmdb-receipts.ts'
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
  type StoreLimits,
  type Wanted,
  type WantedReceipts,
} from './store.ts'
import type { UnreadableListener } from './unreadable.ts'

/** Options of the embedded store. */
export interface LmdbStoreOptions {
  /** Folder of the store, made if need be; one store of one process may have it open. */
  readonly directory: string
  readonly limits: StoreLimits
  /** Free disk space, in bytes, below which nothing is added, so that deletes still find room. */
  readonly diskReserveBytes: number
  /** Writes that may wait for the disk; more are refused with `storeDown`. */
  readonly waitingWritesMax: number
  /** Tells the free space of a folder's disk in bytes; asks the operating system unless a test says otherwise. */
  readonly freeBytes?: (directory: string) => Promise<number>
  readonly unreadable: UnreadableListener
}

/** A store of this process alone: only it can be asked what is in it. */
export type EmbeddedStore = Store & StoreInspector

/** Unless an operator says otherwise. */
export const LMDB_DEFAULTS = {
  diskReserveBytes: 64 * 1024 * 1024,
  waitingWritesMax: 10_000,
  unreadable: () => {},
}

/** User agents touched in one transaction. */
const TOUCH_GROUP = 256
const DATABASE = { keyEncoding: 'binary', encoding: 'binary' } as const
const PROBE_KEY = Buffer.from('probe')

/**
 * Opens the embedded store: LMDB files in a folder, durable against SIGKILL and power cuts. The file never shrinks;
 * space freed in it is used again.
 * @throws FolderError when the folder is in use or can't be used
 */
export async function openLmdbStore(options: LmdbStoreOptions): Promise<EmbeddedStore> {
  const lock = await lockFolder(options.directory)
  try {
    await checkLmdbFile(options.directory)
    return new LmdbStore(options, lock)
  } catch (error) {
    await lock.close()
    throw new FolderError('unusable', options.directory, error)
  }
}

class LmdbStore implements EmbeddedStore {
  readonly #limits: StoreLimits
  readonly #lock: FolderLock
  readonly #root: RootDatabase<Buffer, Buffer>
  readonly #failStop: FailStop
  readonly #commits: CommitQueue
  readonly #agents: LmdbAgents
  readonly #messages: LmdbMessages
  readonly #receipts: LmdbReceipts
  readonly #broadcasts: LmdbBroadcasts
  readonly #garbage: LmdbGarbage
  readonly #settled = new Counts<ReceiptOutcome>()
  #tellReceipt: ReceiptListener = () => {}

  constructor(options: LmdbStoreOptions, lock: FolderLock) {
    const {
      directory,
      limits,
      diskReserveBytes,
      waitingWritesMax,
      unreadable,
      freeBytes = freeBytesOf,
    } = options
    this.#limits = limits
    this.#lock = lock
    this.#root = open({
      path: directory,
      ...DATABASE,
      maxDbs: 8,
      eventTurnBatching: false,
      // A commit is visible only once it is on the disk: what was read is durable, too.
      overlappingSync: false,
      // Else a folder with a dot in its name is taken for a file.
      noSubdir: false,
    })
    this.#agents = new LmdbAgents(this.#root.openDB('agents', DATABASE))
    this.#receipts = new LmdbReceipts(
      this.#root.openDB('receipts', DATABASE),
      this.#root.openDB('handed', DATABASE),
    )
    this.#messages = new LmdbMessages(
      {
        messages: this.#root.openDB('messages', DATABASE),
        topics: this.#root.openDB('topics', DATABASE),
        due: this.#root.openDB('due', DATABASE),
      },
      this.#receipts,
      unreadable,
    )
    this.#broadcasts = new LmdbBroadcasts(this.#root.openDB('broadcasts', DATABASE))
    this.#garbage = new LmdbGarbage(this.#agents, this.#messages, this.#receipts, limits.agentLifetimeMs)
    this.#failStop = new FailStop(this.#root)
    this.#commits = new CommitQueue(this.#root, this.#failStop, {
      waitingMax: waitingWritesMax,
      reserveBytes: diskReserveBytes,
      freeBytes: () => freeBytes(directory),
    })
  }

  async connect(uaid: Uaid, nowMs: number): Promise<StoredAgent | undefined> {
    const record = this.#failStop.read(() => this.#agents.read(uaid))
    if (record === undefined) return undefined
    if (nowMs - record.lastConnectMs <= LAST_CONNECT_REFRESH_MS) return record.agent
    const there = await this.#commits.run('frees', () => this.#agents.touch(uaid, nowMs))
    return there ? record.agent : undefined
  }

  async touch(uaids: readonly Uaid[], nowMs: number): Promise<void> {
    for (let at = 0; at < uaids.length; at += TOUCH_GROUP) {
      const group = uaids.slice(at, at + TOUCH_GROUP)
      await this.#commits.run('frees', () => {
        for (const uaid of group) this.#agents.touch(uaid, nowMs)
      })
    }
  }

  register(uaid: Uaid, channelId: ChannelId, keyDigest: KeyDigest, nowMs: number): Promise<void> {
    return this.#commits.run('adds', () => this.#agents.register(uaid, channelId, keyDigest, nowMs))
  }

  unregister(uaid: Uaid, channelId: ChannelId): Promise<void> {
    return this.#ending('frees', () => {
      this.#agents.unregister(uaid, channelId)
      this.#messages.dropChannel(uaid, channelId)
    })
  }

  setMinUrgency(uaid: Uaid, min: Urgency): Promise<void> {
    return this.#commits.run('frees', () => this.#agents.setMinUrgency(uaid, min))
  }

  async channelStatus(uaid: Uaid, channelId: ChannelId): Promise<ChannelStatus> {
    return this.#failStop.read(() => this.#agents.status(uaid, channelId))
  }

  dropAgent(uaid: Uaid): Promise<void> {
    return this.#ending('frees', () => {
      this.#agents.drop(uaid)
      this.#messages.dropAll(uaid)
    })
  }

  put(uaid: Uaid, message: Message, sends: number): Promise<void> {
    return this.#ending('adds', () => {
      this.#messages.put(uaid, message, sends)
      if (looksAfterCap(message)) this.#messages.evict(uaid, this.#limits.storedMax)
    })
  }

  async list(uaid: Uaid, { after, limit, minUrgency }: Wanted, nowMs: number): Promise<Page> {
    return this.#failStop.read(() => {
      const looked = this.#messages.list(uaid, after, limit + 1)
      const more = looked.length > limit && looked.pop() !== undefined
      const wanted = looked.filter(
        (entry) =>
          !entry.hasExpired(nowMs) &&
          !isBelow(entry.urgency, minUrgency) &&
          this.#agents.hasChannel(entry.channelKey),
      )
      return { messages: this.#messages.read(wanted), next: more ? looked.at(-1)?.id : undefined }
    })
  }

  remove(uaid: Uaid, ids: readonly MessageId[], outcome: ReceiptOutcome): Promise<MessageId[]> {
    return this.#ending('frees', () => ids.filter((id) => this.#messages.remove(uaid, id, outcome)))
  }

  removeTopic(
    uaid: Uaid,
    channelId: ChannelId,
    topic: string,
    upTo: MessageId,
    outcome: ReceiptOutcome,
  ): Promise<void> {
    return this.#ending('frees', () => this.#messages.removeTopic(uaid, channelId, topic, upTo, outcome))
  }

  countSends(uaid: Uaid, ids: readonly MessageId[]): Promise<void> {
    return this.#commits.run('frees', () => {
      for (const id of ids) this.#messages.countSend(uaid, id)
    })
  }

  async pending(uaids: readonly Uaid[], nowMs: number): Promise<Uaid[]> {
    return this.#failStop.read(() => uaids.filter((uaid) => this.#messages.mayHaveUnexpired(uaid, nowMs)))
  }

  settle(awaited: AwaitedReceipt, outcome: ReceiptOutcome): Promise<void> {
    return this.#ending('adds', () => this.#receipts.settle(awaited, outcome))
  }

  sweepReceipts(nowMs: number, limit: number): Promise<number> {
    return this.#ending('frees', () => {
      const due = this.#messages.due(nowMs - LATE_ACK_MS, limit)
      for (const entry of due) this.#messages.drop(entry, 'notDelivered', nowMs)
      return due.length
    })
  }

  async receipts(
    subscription: ReceiptSubscriptionId,
    wanted: WantedReceipts,
  ): Promise<ReceiptPage | 'ended'> {
    return this.#failStop.read(() =>
      this.#receipts.hasEnded(subscription) ? 'ended' : this.#receipts.list(subscription, wanted),
    )
  }

  markFetched(
    subscription: ReceiptSubscriptionId,
    fetched: readonly FetchedReceipt[],
    handover: Handover,
  ): Promise<void> {
    return this.#commits.run('frees', () => this.#receipts.markFetched(subscription, fetched, handover))
  }

  confirmFetched(subscription: ReceiptSubscriptionId, fromMs: number, upToMs: number): Promise<void> {
    return this.#commits.run('frees', () => this.#receipts.confirmFetched(subscription, fromMs, upToMs))
  }

  /** Whoever reads asks for this, and mostly there are none: not worth a commit. */
  async unmarkSent(subscription: ReceiptSubscriptionId): Promise<void> {
    if (!this.#failStop.read(() => this.#receipts.hasSent(subscription))) return
    await this.#ending('frees', () => this.#receipts.unmarkSent(subscription))
  }

  unmarkFetched(subscription: ReceiptSubscriptionId, afterMs: number): Promise<void> {
    return this.#ending('frees', () => this.#receipts.unmarkFetched(subscription, afterMs))
  }

  endReceipts(subscription: ReceiptSubscriptionId, nowMs: number): Promise<boolean> {
    return this.#ending('frees', () => this.#receipts.end(subscription, nowMs))
  }

  async haveReceiptsEnded(subscription: ReceiptSubscriptionId): Promise<boolean> {
    return this.#failStop.read(() => this.#receipts.hasEnded(subscription))
  }

  settled(): ReadonlyMap<ReceiptOutcome, number> {
    return this.#settled.all
  }

  onReceipt(listener: ReceiptListener): void {
    this.#tellReceipt = listener
  }

  async listBroadcasts(): Promise<readonly Broadcast[]> {
    return this.#failStop.read(() => this.#broadcasts.list())
  }

  putBroadcast(id: BroadcastId, version: BroadcastVersion, max: number): Promise<BroadcastPut> {
    return this.#commits.run('adds', () => this.#broadcasts.put(id, version, max))
  }

  followBroadcast(
    id: BroadcastId,
    version: BroadcastVersion,
    former: BroadcastVersion | undefined,
  ): Promise<boolean> {
    return this.#commits.run('adds', () => this.#broadcasts.follow(id, version, former))
  }

  dropBroadcast(id: BroadcastId): Promise<boolean> {
    return this.#commits.run('frees', () => this.#broadcasts.drop(id))
  }

  collectGarbage(nowMs: number, limit: number): Promise<Collected> {
    return this.#ending('frees', () => this.#garbage.collect(nowMs, limit))
  }

  /** Writes for real: a disk that fails is noticed only by that. */
  async ping(): Promise<void> {
    await this.#commits.run('adds', () => this.#root.putSync(PROBE_KEY, PROBE_KEY))
  }

  async inspectAgent(uaid: Uaid): Promise<AgentReport | undefined> {
    return this.#failStop.read(() => inspectLmdbAgent(this.#agents, this.#messages, uaid))
  }

  async stats(): Promise<StoreStats> {
    return this.#failStop.read(() => lmdbStats(this.#agents, this.#messages))
  }

  waiting(): number {
    return this.#commits.waiting
  }

  async close(): Promise<void> {
    await this.#commits.close()
    await this.#root.close()
    await this.#lock.close()
  }

  /** A write that may end messages: who waits for their receipts is told of them once they are durable. */
  async #ending<T>(kind: WriteKind, work: () => T): Promise<T> {
    const { value, written } = await this.#commits.run(kind, () => ({
      value: work(),
      written: this.#receipts.takeWritten(),
    }))
    if (written === undefined) return value
    for (const outcome of written.outcomes) this.#settled.add(outcome)
    for (const subscription of written.changed) this.#tellReceipt(subscription)
    return value
  }
}

async function freeBytesOf(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory)
  return bavail * bsize
}
