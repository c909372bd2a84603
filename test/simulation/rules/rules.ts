import { channelsStay, endpointsEnd } from './channels.ts'
import { copies } from './copies.ts'
import { definiteAnswers } from './definite-answers.ts'
import { expiry, noDefects, windowLimit } from './limits.ts'
import { nowOrNever, promise } from './promise.ts'
import type { FactRule } from './rule.ts'
import { displacement } from './sessions.ts'
import { topics } from './topics.ts'

/** The rules that hold at every moment, whatever goes wrong. */
export const FACT_RULES: readonly FactRule[] = [
  promise,
  nowOrNever,
  definiteAnswers,
  copies,
  topics,
  displacement,
  channelsStay,
  endpointsEnd,
  windowLimit,
  expiry,
  noDefects,
]
