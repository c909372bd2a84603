import type { Clock } from '../../cluster/clock.ts'
import type { Broadcast, BroadcastId, BroadcastVersion } from '../../push/broadcast.ts'
import { PushError } from '../../push/errors.ts'
import type { ChannelId, KeyDigest, MessageId, ReceiptSubscriptionId, Uaid } from '../../push/ids.ts'
import type { Message } from '../../push/message.ts'
import type { AwaitedReceipt, ReceiptOutcome } from '../../push/receipt.ts'
import type { Urgency } from '../../push/urgency.ts'
import type {
  BroadcastPut,
  ChannelStatus,
  Collected,
  FetchedReceipt,
  Handover,
  Page,
  ReceiptListener,
  ReceiptPage,
  Store,
  StoredAgent,
  Wanted,
  WantedReceipts,
} from '../../store/store.ts'
import type { Dice } from './dice.ts'
import type { Faults } from './faults.ts'
import type { MemoryStore } from './memory-store.ts'
import { drawFate, type Fate } from './store-fate.ts'

/** What a faulty store works with. */
export interface FaultyStoreDeps {
  time: Clock
  dice: Dice
  faults: Faults
  /** That of the process that has the store in it. */
  clock: Clock
  /** Told of every operation that goes wrong; `id` names the message whose put may still be done later. */
  onFault: (what: string, id?: MessageId) => void
}

/**
 * The store of a single process, which dies with it: slow, failing, answering too late, and doing later what it said had
 * failed. Operations are done in order.
 */
export class FaultyStore implements Store {
  readonly #truth: MemoryStore
  readonly #deps: FaultyStoreDeps
  #lastDoneMs = 0

  constructor(truth: MemoryStore, deps: FaultyStoreDeps) {
    this.#truth = truth
    this.#deps = deps
  }

  connect(uaid: Uaid, nowMs: number): Promise<StoredAgent | undefined> {
    return this.#run('connect', () => this.#truth.connect(uaid, nowMs))
  }

  touch(uaids: readonly Uaid[], nowMs: number): Promise<void> {
    return this.#run('touch', () => this.#truth.touch(uaids, nowMs))
  }

  register(uaid: Uaid, channelId: ChannelId, keyDigest: KeyDigest, nowMs: number): Promise<void> {
    return this.#run('register', () => this.#truth.register(uaid, channelId, keyDigest, nowMs))
  }

  unregister(uaid: Uaid, channelId: ChannelId): Promise<void> {
    return this.#run('unregister', () => this.#truth.unregister(uaid, channelId))
  }

  setMinUrgency(uaid: Uaid, min: Urgency): Promise<void> {
    return this.#run('setMinUrgency', () => this.#truth.setMinUrgency(uaid, min))
  }

  channelStatus(uaid: Uaid, channelId: ChannelId): Promise<ChannelStatus> {
    return this.#run('channelStatus', () => this.#truth.channelStatus(uaid, channelId))
  }

  dropAgent(uaid: Uaid): Promise<void> {
    return this.#run('dropAgent', () => this.#truth.dropAgent(uaid))
  }

  put(uaid: Uaid, message: Message, sends: number): Promise<void> {
    const { dice, faults } = this.#deps
    if (dice.chance(faults.storeFullRate))
      return Promise.reject(new PushError('storeFull', 'simulated: no room'))
    return this.#run('put', () => this.#truth.put(uaid, message, sends), message.id)
  }

  list(uaid: Uaid, wanted: Wanted, nowMs: number): Promise<Page> {
    return this.#run('list', () => this.#truth.list(uaid, wanted, nowMs))
  }

  remove(uaid: Uaid, ids: readonly MessageId[], outcome: ReceiptOutcome): Promise<MessageId[]> {
    return this.#run('remove', () => this.#truth.remove(uaid, ids, outcome), ids[0])
  }

  removeTopic(
    uaid: Uaid,
    channelId: ChannelId,
    topic: string,
    upTo: MessageId,
    outcome: ReceiptOutcome,
  ): Promise<void> {
    const remove = () => this.#truth.removeTopic(uaid, channelId, topic, upTo, outcome)
    return this.#run('removeTopic', remove, upTo)
  }

  countSends(uaid: Uaid, ids: readonly MessageId[]): Promise<void> {
    return this.#run('countSends', () => this.#truth.countSends(uaid, ids), ids[0])
  }

  pending(uaids: readonly Uaid[], nowMs: number): Promise<Uaid[]> {
    return this.#run('pending', () => this.#truth.pending(uaids, nowMs))
  }

  settle(awaited: AwaitedReceipt, outcome: ReceiptOutcome): Promise<void> {
    return this.#run('settle', () => this.#truth.settle(awaited, outcome), awaited.id)
  }

  sweepReceipts(nowMs: number, limit: number): Promise<number> {
    return this.#run('sweepReceipts', () => this.#truth.sweepReceipts(nowMs, limit))
  }

  receipts(subscription: ReceiptSubscriptionId, wanted: WantedReceipts): Promise<ReceiptPage | 'ended'> {
    return this.#run('receipts', () => this.#truth.receipts(subscription, wanted))
  }

  markFetched(
    subscription: ReceiptSubscriptionId,
    fetched: readonly FetchedReceipt[],
    handover: Handover,
  ): Promise<void> {
    return this.#run('markFetched', () => this.#truth.markFetched(subscription, fetched, handover))
  }

  confirmFetched(subscription: ReceiptSubscriptionId, fromMs: number, upToMs: number): Promise<void> {
    return this.#run('confirmFetched', () => this.#truth.confirmFetched(subscription, fromMs, upToMs))
  }

  unmarkSent(subscription: ReceiptSubscriptionId): Promise<void> {
    return this.#run('unmarkSent', () => this.#truth.unmarkSent(subscription))
  }

  unmarkFetched(subscription: ReceiptSubscriptionId, afterMs: number): Promise<void> {
    return this.#run('unmarkFetched', () => this.#truth.unmarkFetched(subscription, afterMs))
  }

  endReceipts(subscription: ReceiptSubscriptionId, nowMs: number): Promise<boolean> {
    return this.#run('endReceipts', () => this.#truth.endReceipts(subscription, nowMs))
  }

  haveReceiptsEnded(subscription: ReceiptSubscriptionId): Promise<boolean> {
    return this.#run('haveReceiptsEnded', () => this.#truth.haveReceiptsEnded(subscription))
  }

  /** Hints are as good as lost: the simulation reads receipts from the truth. */
  onReceipt(_listener: ReceiptListener): void {}

  listBroadcasts(): Promise<readonly Broadcast[]> {
    return this.#run('listBroadcasts', () => this.#truth.listBroadcasts())
  }

  putBroadcast(id: BroadcastId, version: BroadcastVersion, max: number): Promise<BroadcastPut> {
    return this.#run('putBroadcast', () => this.#truth.putBroadcast(id, version, max))
  }

  followBroadcast(
    id: BroadcastId,
    version: BroadcastVersion,
    former: BroadcastVersion | undefined,
  ): Promise<boolean> {
    return this.#run('followBroadcast', () => this.#truth.followBroadcast(id, version, former))
  }

  dropBroadcast(id: BroadcastId): Promise<boolean> {
    return this.#run('dropBroadcast', () => this.#truth.dropBroadcast(id))
  }

  collectGarbage(nowMs: number, limit: number): Promise<Collected> {
    return this.#run('collectGarbage', () => this.#truth.collectGarbage(nowMs, limit))
  }

  ping(): Promise<void> {
    return this.#run('ping', () => this.#truth.ping())
  }

  settled(): ReadonlyMap<ReceiptOutcome, number> {
    return this.#truth.settled()
  }

  waiting(): number {
    return this.#truth.waiting()
  }

  close(): Promise<void> {
    return this.#truth.close()
  }

  #run<T>(operation: string, perform: () => Promise<T>, id?: MessageId): Promise<T> {
    const { dice, faults, clock } = this.#deps
    const fate = drawFate(dice, faults, operation)
    if (fate.hangs) this.#deps.onFault(`${operation} hangs`, id)
    return new Promise((resolve, reject) => {
      let result: Promise<T> | undefined
      if (fate.doneAfterMs !== undefined) {
        clock.after(this.#inOrder(fate.doneAfterMs), () => {
          result = perform()
          if (!fate.fails) this.#answer(fate, () => result?.then(resolve, reject))
        })
      }
      if (fate.fails) clock.after(fate.answeredAfterMs, () => reject(this.#failure(operation, id)))
    })
  }

  /** Answers after the operation, at the time drawn for it or right away when its turn came late. */
  #answer(fate: Fate, run: () => void): void {
    this.#deps.clock.after(fate.answeredAfterMs - (fate.doneAfterMs ?? 0), run)
  }

  /** The time from now at which an operation may be done, in its turn. */
  #inOrder(afterMs: number): number {
    const nowMs = this.#deps.time.monotonicMs()
    this.#lastDoneMs = Math.max(this.#lastDoneMs, nowMs + afterMs)
    return this.#lastDoneMs - nowMs
  }

  #failure(operation: string, id: MessageId | undefined): PushError {
    this.#deps.onFault(`${operation} failed`, id)
    return new PushError('storeDown', `simulated: ${operation} failed`)
  }
}
