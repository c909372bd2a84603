import type { FactRule } from './rule.ts'

/** 4: no message is sent twice in one session. */
export const copies: FactRule = {
  name: 'no message twice in one session',
  check({ fact }, { ledger }) {
    if (fact.kind !== 'wrote') return undefined
    const { writes, doubts, acked } = ledger.message(fact.id)
    const times = writes.filter(({ link }) => link === fact.link).length
    // A copy that a late put brings back long after the acknowledgement can't be told from a new message.
    if (times <= (acked ? 1 + doubts : 1)) return undefined
    return `message ${fact.id} was sent ${times} times on link ${fact.link}`
  },
}
