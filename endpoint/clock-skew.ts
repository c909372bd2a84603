import type { Clock } from '../cluster/clock.ts'
import type { Log } from '../push/log.ts'

/** Clocks of machines may differ by this much: expiry is by wall time, and no message may outlive its TTL by more. */
const SKEW_MAX_MS = 1000
/** The warning comes no more often. */
const WARN_EVERY_MS = 60_000

/**
 * Compares the clocks of nodes, which stand in their answers, with that of this process. An answer is given somewhere between
 * ask and answer, often after a wait for the user agent, so only a clock outside of that time is known to be wrong.
 */
export class ClockSkew {
  readonly #clock: Clock
  readonly #log: Log
  #found = 0
  #warnedAtMs = Number.NEGATIVE_INFINITY

  constructor(clock: Clock, log: Log) {
    this.#clock = clock
    this.#log = log
  }

  /** Answers since the start whose clock differed by more than it may. */
  get found(): number {
    return this.#found
  }

  /**
   * Looks at one answer. All in wall time, in milliseconds.
   * @param askedAtMs by the clock of this process
   * @param repliedAtMs by the clock of the node
   */
  observe(askedAtMs: number, repliedAtMs: number): void {
    const receivedAtMs = this.#clock.nowMs()
    if (repliedAtMs >= askedAtMs - SKEW_MAX_MS && repliedAtMs <= receivedAtMs + SKEW_MAX_MS) return
    this.#found += 1
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#warnedAtMs < WARN_EVERY_MS) return
    this.#warnedAtMs = nowMs
    const skewMs = repliedAtMs < askedAtMs ? repliedAtMs - askedAtMs : repliedAtMs - receivedAtMs
    this.#log.warn(
      { skewMs },
      'the clock of a node differs from the one here by more than a second, so messages expire too early or too late: keep the clocks of all machines right with NTP',
    )
  }
}
