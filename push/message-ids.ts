import { v7 } from 'uuid'
import type { Clock, Random } from '../cluster/clock.ts'
import { ID_BYTES, type MessageId, messageIdFromBytes } from './ids.ts'

/**
 * Issues message ids, each greater than the one before, so that messages accepted one after the other by one process are
 * delivered in that order. Within a millisecond, or while the wall clock is set back, a sequence number counts on
 * (RFC 9562 section 6.2, method 1); 42 bits of each id are random anyhow.
 */
export class MessageIds {
  readonly #clock: Clock
  readonly #random: Random
  /** Of the id that is being made. */
  readonly #bytes = Buffer.alloc(ID_BYTES)
  #ms = 0
  #sequence = 0

  constructor(clock: Clock, random: Random) {
    this.#clock = clock
    this.#random = random
  }

  /** The id of a message that is accepted now. */
  next(): MessageId {
    const random = this.#random.bytes(ID_BYTES)
    const nowMs = this.#clock.nowMs()
    if (nowMs > this.#ms) {
      this.#ms = nowMs
      // Half of the range is left to count on.
      this.#sequence = new DataView(random.buffer, random.byteOffset).getUint32(0) >>> 1
    } else {
      this.#sequence += 1
    }
    // In bytes: the library puts its text together digit by digit, for 0.7 kB of garbage.
    return messageIdFromBytes(v7({ msecs: this.#ms, seq: this.#sequence, random }, this.#bytes))
  }
}
