import { LRUCache } from 'lru-cache'
import type { AgentEvent } from './agent-event.ts'
import { type Answer, answerFrame, codeFor } from './answer.ts'
import type { Content } from './content.ts'
import { contentOf } from './decrypt.ts'
import type { Notification } from './server-frame.ts'
import type { Channel } from './subscription-schema.ts'

/** What is answered to messages, where it is not what Firefox would. */
export interface AnswerPolicy {
  readonly ack?: number | 'none' | undefined
  /** Instead of an acknowledgement. */
  readonly nack?: number | undefined
}

/** Messages that are known again when they are sent once more. */
const KNOWN_MAX = 10_000

/** Takes what comes: reads it, shows it, and says what to answer. */
export class Inbox {
  readonly #policy: AnswerPolicy
  readonly #show: (event: AgentEvent) => void
  readonly #known = new LRUCache<string, true>({ max: KNOWN_MAX })
  #shown = 0

  constructor(policy: AnswerPolicy, show: (event: AgentEvent) => void) {
    this.#policy = policy
    this.#show = show
  }

  /** Messages shown so far, repeated ones apart. */
  get shown(): number {
    return this.#shown
  }

  /** @returns the frame to answer with */
  take(notification: Notification, channel: Channel | undefined): object | undefined {
    const { version } = notification
    const isRepeated = this.#known.has(version)
    this.#known.set(version, true)
    if (!isRepeated) this.#shown++
    const content: Content =
      channel === undefined
        ? { kind: 'unreadable', why: 'its subscription is not known here' }
        : contentOf(notification, channel)
    const answer = this.#answer(codeFor(content, channel !== undefined, isRepeated))
    this.#show({ event: 'message', channel: channel?.name, notification, content, isRepeated, answer })
    return answerFrame(answer, notification)
  }

  #answer(code: number): Answer {
    const { ack, nack } = this.#policy
    if (nack !== undefined) return { kind: 'nack', code: nack }
    return ack === 'none' ? { kind: 'none' } : { kind: 'ack', code: ack ?? code }
  }
}
