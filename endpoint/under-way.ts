import type { FastifyReply } from 'fastify'

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
    if (this.#closing) reply.header('connection', 'close')
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
    for (const reply of this.#replies) reply.header('connection', 'close')
    if (this.#replies.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#idle = resolve
    })
  }
}
