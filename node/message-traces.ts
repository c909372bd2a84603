import type { Respond } from '../cluster/bus.ts'
import type { AgentReply } from '../push/agent-requests.ts'
import type { MessageId } from '../push/ids.ts'
import type { Span, SpanContext, Tracer } from '../push/tracing.ts'

interface Traced {
  readonly deliver: Span
  /** From the notification to its acknowledgement, or to the end of the wait for it. */
  ack: Span | undefined
}

/** The spans of those messages of one user agent that are traced, from the ask to the answer. */
export class MessageTraces {
  readonly #tracer: Tracer
  readonly #traced = new Map<MessageId, Traced>()

  constructor(tracer: Tracer) {
    this.#tracer = tracer
  }

  /** A message was asked to be delivered. Gives back how to answer. */
  asked(id: MessageId, parent: SpanContext, respond: Respond<AgentReply>): Respond<AgentReply> {
    this.#traced.set(id, { deliver: this.#tracer.child(parent, 'deliver'), ack: undefined })
    return (reply) => {
      this.#end(id, reply.outcome)
      respond(reply)
    }
  }

  /** Its notification was written to the socket. */
  notified(id: MessageId): void {
    const traced = this.#traced.get(id)
    if (traced !== undefined) traced.ack ??= this.#tracer.child(traced.deliver.context, 'ack')
  }

  /** What the store does for it belongs to this. */
  contextOf(id: MessageId): SpanContext | undefined {
    return this.#traced.get(id)?.deliver.context
  }

  /** The connection is gone, and whoever is not answered yet never will be. */
  close(): void {
    for (const id of [...this.#traced.keys()]) this.#end(id, 'closed')
  }

  #end(id: MessageId, outcome: string): void {
    const traced = this.#traced.get(id)
    this.#traced.delete(id)
    traced?.ack?.end(outcome === 'delivered' ? 'acknowledged' : 'not in time')
    traced?.deliver.end(outcome)
  }
}
