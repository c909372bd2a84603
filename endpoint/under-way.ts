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
    this.begin(reply)
    try {
      await work()
    } finally {
      this.end(reply)
    }
  }

  /** A reply is owed from now on. */
  begin(reply: FastifyReply): void {
    this.#replies.add(reply)
    if (this.#closing) closeAfter(reply)
  }

  /** A reply is not owed any more, if it was: it has been given, or never will be. */
  end(reply: FastifyReply): void {
    if (this.#replies.delete(reply) && this.#replies.size === 0) this.#idle?.()
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
