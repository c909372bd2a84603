import type { RangeMs } from './dice.ts'

/**
 * What goes wrong at the moment, and how often. The parts of the world look here at every turn, so that changing it
 * changes the weather. Rates are probabilities for one message, request or operation.
 */
export interface Faults {
  /** Time that a message takes on the bus. */
  busDelayMs: RangeMs
  /** Time until a listener is known to its own server; `flush` waits for it. */
  listenDelayMs: RangeMs
  /** Time after that until the processes at other servers know of it; nothing waits for it. */
  interestDelayMs: RangeMs
  askLossRate: number
  /** Replies lost: the ask was acted upon and times out. */
  replyLossRate: number
  tellLossRate: number
  /** Every hint is lost: that something is in the store for a user agent, that broadcasts have changed. */
  hintsLost: boolean
  flushFailureRate: number

  storeDelayMs: RangeMs
  /** Time that operations of these names (those of the store, or the commands of the database) take on top, before they are done. */
  storeHoldMs: Readonly<Record<string, number>>
  /** Operations that fail and change nothing. */
  storeFailureRate: number
  /** Operations that fail, and are done all the same: before that, or up to `storeLateMs` after. */
  storeDoubtRate: number
  /** Operations that are answered up to `storeLateMs` late, done at any time before. */
  storeHangRate: number
  storeLateMs: RangeMs
  /** Every operation fails, doing nothing. */
  storeDown: boolean
  /** Puts that are refused because too much waits. */
  storeFullRate: number
  /** Time until a majority of the database's machines has a change. */
  replicationMs: RangeMs

  /** Time that a frame or a close takes between browser and node. */
  frameDelayMs: RangeMs
  /** Time until a node notices that a browser is gone without a word. */
  noticeMs: RangeMs
}

/** Nothing goes wrong, and everything takes a little time. */
export const CALM: Readonly<Faults> = {
  busDelayMs: [0, 3],
  listenDelayMs: [0, 5],
  interestDelayMs: [0, 7],
  askLossRate: 0,
  replyLossRate: 0,
  tellLossRate: 0,
  hintsLost: false,
  flushFailureRate: 0,
  storeDelayMs: [0, 20],
  storeHoldMs: {},
  storeFailureRate: 0,
  storeDoubtRate: 0,
  storeHangRate: 0,
  storeLateMs: [0, 10_000],
  storeDown: false,
  storeFullRate: 0,
  replicationMs: [0, 3],
  frameDelayMs: [0, 60],
  noticeMs: [1000, 60_000],
}
