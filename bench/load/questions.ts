import type { Timer } from '../../cluster/clock.ts'
import type { Channel } from './channel.ts'
import type { Application } from './vapid.ts'

/** A register or unregister. Times are microseconds of the monotonic clock. */
export interface Question {
  readonly intendedUs: number
  readonly sentUs: number
  /** Whose key the channel is to be restricted to. */
  readonly application: Application | undefined
  /** Told the channel, or undefined when the question failed. */
  readonly done: (channel: Channel | undefined) => void
}

/** What a user agent has asked and was not answered yet, by channel. */
export class Questions {
  readonly #open = new Map<string, Question & { readonly timer: Timer }>()

  get(channelID: string): Question | undefined {
    return this.#open.get(channelID)
  }

  /** Asked twice, both are told the answer. @param timer runs as long as the question is open */
  ask(channelID: string, question: Question, timer: Timer): void {
    const before = this.#open.get(channelID)
    before?.timer.cancel()
    const done = (channel: Channel | undefined) => {
      before?.done(channel)
      question.done(channel)
    }
    this.#open.set(channelID, { ...question, done, timer })
  }

  /** Closes a question, if it is open. @returns how many are left */
  answer(channelID: string, channel: Channel | undefined): number {
    const question = this.#open.get(channelID)
    this.#open.delete(channelID)
    question?.timer.cancel()
    question?.done(channel)
    return this.#open.size
  }

  /** The connection has ended: all have failed. */
  end(): void {
    for (const channelID of [...this.#open.keys()]) this.answer(channelID, undefined)
  }
}
