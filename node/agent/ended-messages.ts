import type { MessageId } from '../../push/ids.ts'
import { sameTopic, type TopicOf } from '../../push/message.ts'
import type { ReceiptOutcome } from '../../push/receipt.ts'

/** How many are remembered, and for how long: a copy put by an asker that timed out shows up within seconds. */
const REMEMBERED_MAX = 32
/** As many while the store is still to be read, which may take several tries. */
const REMEMBERED_UNREAD_MAX = 256
const REMEMBERED_MS = 60_000

interface Ended {
  /** Absent for a message without a topic. */
  readonly topicOf: TopicOf | undefined
  readonly outcome: ReceiptOutcome
  readonly endedAtMs: number
  /** It is being deleted: until that has settled, a page may hold it, however many have ended since. */
  removing: boolean
}

/**
 * Messages that this session has seen the end of, by acknowledgement or cancellation. A copy of one may still turn up
 * in the store: put late by an asker that timed out, or left there by a delete that failed.
 */
export class EndedMessages {
  /** In the order of their ending. */
  readonly #ended = new Map<MessageId, Ended>()

  /** Remembers one; or remembers it anew, when what was known of it stays known. */
  add(id: MessageId, topicOf: TopicOf | undefined, outcome: ReceiptOutcome, nowMs: number): void {
    const before = this.#ended.get(id)
    if (before !== undefined) this.#ended.delete(id)
    // Not the message itself: that would keep its body.
    const kept =
      topicOf?.topic === undefined ? before?.topicOf : { channelId: topicOf.channelId, topic: topicOf.topic }
    this.#ended.set(id, {
      topicOf: kept,
      outcome: before?.outcome ?? outcome,
      endedAtMs: nowMs,
      removing: before?.removing ?? false,
    })
  }

  /** Its copy in the store is being deleted, or has been. */
  setRemoving(id: MessageId, removing: boolean): void {
    const ended = this.#ended.get(id)
    if (ended !== undefined) ended.removing = removing
  }

  /** How this message has ended, by itself or by the end of a newer one of its topic; undefined when it has not. */
  outcomeOf(id: MessageId, topicOf: TopicOf): ReceiptOutcome | undefined {
    const own = this.#ended.get(id)
    if (own !== undefined || topicOf.topic === undefined) return own?.outcome
    for (const [other, ended] of this.#ended) {
      if (other > id && ended.topicOf !== undefined && sameTopic(ended.topicOf, topicOf)) return 'none'
    }
    return undefined
  }

  get isEmpty(): boolean {
    return this.#ended.size === 0
  }

  /** When the oldest may be forgotten; undefined when there is none that may. */
  get forgetAtMs(): number | undefined {
    for (const ended of this.#ended.values()) if (!ended.removing) return ended.endedAtMs + REMEMBERED_MS
    return undefined
  }

  /**
   * Forgets the oldest, to make room for one more. Not to be called while a page is read: it may hold any of them.
   * @param isUnread something in the store is still to be read, and may be a copy of any of them (simulation seed 4381)
   */
  prune(nowMs: number, isUnread: boolean): void {
    const max = isUnread ? REMEMBERED_UNREAD_MAX : REMEMBERED_MAX
    for (const [id, ended] of this.#ended) {
      if (this.#ended.size < max && nowMs - ended.endedAtMs < REMEMBERED_MS) return
      if (!ended.removing) this.#ended.delete(id)
    }
  }
}
