import type { MessageId } from '../../push/ids.ts'
import type { Message } from '../../push/message.ts'
import { keyDigestOf, type Subscription } from '../../push/subscription.ts'
import type { Tokens } from '../../push/tokens.ts'
import type { Fact } from './facts.ts'
import type { Ledger } from './ledger.ts'
import { type Post, type Posted, RECEIPT } from './post.ts'
import type { Server } from './server.ts'

/** What senders work with. */
export interface SendersDeps {
  readonly tokens: Tokens
  readonly ledger: Ledger
  readonly report: (fact: Fact) => void
}

/** Application servers, which send messages to endpoints and take some back. */
export class Senders {
  readonly #deps: SendersDeps

  constructor(deps: SendersDeps) {
    this.#deps = deps
  }

  /** Sends a message. */
  post(server: Server, endpoint: string, post: Post): Posted {
    const { delivery, process } = server
    if (delivery === undefined) throw new Error(`${process.name} is no endpoint`)
    const subscription = this.#open(endpoint)
    const { clock } = process
    const message: Message = {
      id: server.ids.next(),
      channelId: subscription.channelId,
      ...(post.topic !== undefined && { topic: post.topic }),
      urgency: 'normal',
      ttlSeconds: post.ttlSeconds,
      expiresAtMs: clock.nowMs() + post.ttlSeconds * 1000,
      ...(post.receipt && { receipt: RECEIPT }),
      body: new Uint8Array(0),
    }
    const { id } = message
    const { uaid, keyHash } = subscription
    const { report } = this.#deps
    report({ kind: 'posted', uaid, message, keyDigest: keyDigestOf(keyHash), at: process.name })
    const outcome = server.request(post.idAgeMs ?? 0, () => delivery.deliver(subscription, message))
    this.#tellOutcome(outcome, (answer) => ({ kind: 'answered', id, outcome: answer }))
    return { id, outcome }
  }

  /** Takes a message back. */
  delete(server: Server, id: MessageId): Promise<string> {
    const { delivery, process } = server
    if (delivery === undefined) throw new Error(`${process.name} is no endpoint`)
    const { uaid } = this.#deps.ledger.message(id)
    this.#deps.report({ kind: 'deleting', id })
    const outcome = server.request(0, () => delivery.cancel({ uaid, id }))
    this.#tellOutcome(outcome, (answer) => ({ kind: 'deleted', id, outcome: answer }))
    return outcome
  }

  #open(endpoint: string): Subscription {
    const token = endpoint.slice(endpoint.lastIndexOf('/') + 1)
    const subscription = this.#deps.tokens.openEndpoint(1, token)
    if (subscription === undefined) throw new Error(`no endpoint of ours: ${endpoint}`)
    return subscription
  }

  #tellOutcome(outcome: Promise<string>, fact: (answer: string) => Fact): void {
    const { report } = this.#deps
    outcome.then(
      (answer) => report(fact(answer)),
      (error) => report({ kind: 'defect', error, where: 'delivery' }),
    )
  }
}
