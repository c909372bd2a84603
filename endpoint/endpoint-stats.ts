import { Counts } from '../cluster/counts.ts'
import { type Meter, secondsSince } from '../cluster/meter.ts'
import type { FailureCode } from '../push/errors.ts'
import type { BodyBudget } from './body-budget.ts'
import type { Delivery } from './delivery.ts'
import type { Failures } from './failures.ts'
import type { Accepted } from './messages.ts'
import type { ReceiptReaders } from './receipt-readers.ts'
import type { UnderWay } from './under-way.ts'
import type { Vapid } from './vapid.ts'

/** What came of a message that was posted. */
export type PostOutcome = Accepted['outcome'] | FailureCode

/** What takes the durations of the endpoint, in seconds. */
export interface EndpointMeters {
  /** From the head of a POST to the acknowledgement of the user agent, where that came while the sender waited. */
  readonly postToAck: Meter
  /** From the head of a POST to its 2xx. */
  readonly postTo2xx: Meter
}

/** What an operator's change of a broadcast came to. */
export type BroadcastChange = 'created' | 'changed' | 'unchanged' | 'dropped' | FailureCode

interface Measured {
  readonly failures: Pick<Failures, 'all'>
  readonly delivery: Pick<Delivery, 'asks' | 'pending' | 'checksWaiting' | 'skewedReplies'>
  readonly vapid: Pick<Vapid, 'verifying'>
  readonly underWay: Pick<UnderWay, 'size'>
  readonly bodies: Pick<BodyBudget, 'bytes'>
  readonly readers: Pick<ReceiptReaders, 'handed' | 'open'>
  readonly meters: EndpointMeters
}

/** What an endpoint counts for the operator. */
export class EndpointStats {
  readonly failures: Measured['failures']
  readonly delivery: Measured['delivery']
  readonly vapid: Measured['vapid']
  readonly underWay: Measured['underWay']
  readonly bodies: Measured['bodies']
  readonly readers: Measured['readers']
  readonly #meters: EndpointMeters
  readonly #messages = new Counts<PostOutcome>()
  readonly #broadcasts = new Counts<BroadcastChange>()
  #receiptsAsked = 0

  constructor({ failures, delivery, vapid, underWay, bodies, readers, meters }: Measured) {
    this.failures = failures
    this.delivery = delivery
    this.vapid = vapid
    this.underWay = underWay
    this.bodies = bodies
    this.readers = readers
    this.#meters = meters
  }

  /** What came of the messages posted since the start. */
  get messages(): ReadonlyMap<PostOutcome, number> {
    return this.#messages.all
  }

  /** What came of changes of broadcasts by the admin API. */
  get broadcasts(): ReadonlyMap<BroadcastChange, number> {
    return this.#broadcasts.all
  }

  /** Messages accepted that a receipt was asked for. */
  get receiptsAsked(): number {
    return this.#receiptsAsked
  }

  /** Notes that a message was accepted that a receipt is asked for. */
  receiptAsked(): void {
    this.#receiptsAsked += 1
  }

  /** Notes what a change of a broadcast came to. */
  broadcastChanged(change: BroadcastChange): void {
    this.#broadcasts.add(change)
  }

  /** Notes what came of a message whose POST began at a moment of `startOfMeasurement`. */
  posted(outcome: PostOutcome, startedAt: number): void {
    this.#messages.add(outcome)
    if (outcome !== 'delivered' && outcome !== 'stored' && outcome !== 'dropped') return
    const seconds = secondsSince(startedAt)
    if (outcome === 'delivered') this.#meters.postToAck.observe(seconds)
    this.#meters.postTo2xx.observe(seconds)
  }
}
