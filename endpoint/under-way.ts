import type { FastifyReply } from 'fastify'
import { closeAfter } from './connections.ts'

/** The replies that are still owed, so that a server which closes can give them all and then let go of the connections. */
export class UnderWay {
  readonly #replies = new Set<FastifyReply>()
  #closing = false
  #idle: (() => void) | undefined

  /** Replies that are owed. */
  get size(): number {
    return this.#replies.size
  }

  /** Answers a request by `work` and keeps count of it meanwhile. */
  async during(reply: FastifyReply, work: () => Promise<void>): Promise<void> {
    this.#replies.add(reply)
    if (this.#closing) closeAfter(reply)
    try {
      await work()
    } finally {
      this.#replies.delete(reply)
      if (this.#replies.size === 0) this.#idle?.()
    }
  }

  /** Tells the clients of all replies to come that the connection closes, and resolves when none is owed. */
  close(): Promise<void> {
    this.#closing = true
    for (const reply of this.#replies) closeAfter(reply)
    if (this.#replies.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#idle = resolve
    })
  }
}
