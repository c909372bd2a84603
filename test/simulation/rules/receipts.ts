import { awaitedReceipt } from '../../../push/receipt.ts'
import type { MessageFacts } from '../ledger.ts'
import type { FactRule, StateRule, View } from './rule.ts'

const ACCEPTED = ['delivered', 'stored', 'dropped']

/** 5, the first half: the first outcome of a message stays, and it is one that fits. */
export const oneOutcome: FactRule = {
  name: 'receipts: one outcome per message at most',
  check({ fact }, { ledger }) {
    if (fact.kind !== 'settled') return undefined
    const { id, outcome, before } = fact
    if (before !== undefined) return `message ${id} was ${before} and is ${outcome} now`
    const known = ledger.message(id)
    if (outcome === 'acknowledged' && !known.acked) return `nobody has acknowledged message ${id}`
    if (outcome !== 'none' || known.deletingOrder !== undefined || ledger.newerOfTopic(known).length > 0)
      return undefined
    return `message ${id} was neither deleted nor replaced, and its sender will hear nothing`
  },
}

/** 5, the second half, at every moment: an accepted message is in the store, or its outcome is. */
export const outcomeFirst: FactRule = {
  name: 'receipts: the outcome is written first',
  check({ fact }, view) {
    if (fact.kind === 'answered' && ACCEPTED.includes(fact.outcome)) {
      const known = view.ledger.message(fact.id)
      return known.keptAtMs === undefined && lacksOutcome(known, view)
        ? `message ${fact.id} was answered ${fact.outcome}, and nothing is kept that could become its receipt`
        : undefined
    }
    if (fact.kind !== 'gone' || fact.cause === 'rolledBack') return undefined
    return lacksOutcome(view.ledger.message(fact.message.id), view)
      ? `message ${fact.message.id} left the store (${fact.cause}) before its outcome was written`
      : undefined
  },
}

/** 5, once everything has expired and been swept: each accepted message has had its outcome. */
export const everyOutcome: StateRule = {
  name: 'receipts: exactly one outcome after expiry and sweep',
  check(view) {
    for (const known of view.ledger.messages.values())
      if (ACCEPTED.includes(known.answered?.outcome ?? '') && lacksOutcome(known, view))
        return `message ${known.message.id} was accepted and has no outcome`
    return undefined
  },
}

function lacksOutcome({ message }: MessageFacts, { truth }: View): boolean {
  const awaited = awaitedReceipt(message)
  return awaited !== undefined && truth.outcomeOf(awaited) === undefined
}
