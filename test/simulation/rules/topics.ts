import type { MessageFacts } from '../ledger.ts'
import type { FactRule, View } from './rule.ts'

/** Time in which a session has deleted what an acknowledged message replaces, when nothing goes wrong. */
const TIDY_MS = 10_000

/** 6: after A's 2xx, if B of the same topic was acknowledged, A is not newly sent. */
export const topics: FactRule = {
  name: 'a replaced message is not sent after its replacement was acknowledged',
  check({ fact }, view) {
    if (fact.kind !== 'wrote') return undefined
    const older = view.ledger.message(fact.id)
    const newer = view.ledger.newerOfTopic(older).find((other) => isOver(older, other, fact.link, view))
    return newer && `message ${fact.id} was sent after ${newer.message.id} of the same topic was acknowledged`
  },
}

/** In the session that got the acknowledgement at once; in another one when the older message must have been deleted. */
function isOver(older: MessageFacts, newer: MessageFacts, link: number, { ledger }: View): boolean {
  const { ackArrived } = newer
  if (ackArrived === undefined || older.answered === undefined || older.answered.order > ackArrived.order)
    return false
  if (older.doubts > 0) return false
  if (ackArrived.link === link) return true
  const { welcomedAtMs = 0 } = ledger.link(link)
  return welcomedAtMs > ackArrived.elapsedMs + TIDY_MS && ledger.harmedAtMs < ackArrived.elapsedMs
}
