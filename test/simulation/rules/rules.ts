import { broadcastsInOrder, broadcastsKept } from './broadcasts.ts'
import { channelsStay, endpointsEnd } from './channels.ts'
import { copies } from './copies.ts'
import { definiteAnswers } from './definite-answers.ts'
import { expiry, noDefects, windowLimit } from './limits.ts'
import { nowOrNever, promise } from './promise.ts'
import { oneOutcome, outcomeFirst } from './receipts.ts'
import type { FactRule } from './rule.ts'
import { displacement } from './sessions.ts'
import { topics } from './topics.ts'

/** The rules that hold at every moment, whatever goes wrong. */
export const FACT_RULES: readonly FactRule[] = [
  promise,
  nowOrNever,
  oneOutcome,
  outcomeFirst,
  definiteAnswers,
  copies,
  topics,
  displacement,
  channelsStay,
  endpointsEnd,
  windowLimit,
  expiry,
  broadcastsKept,
  broadcastsInOrder,
  noDefects,
]
