import type { FactRule } from './rule.ts'

/** 4: no message is sent twice in one session. */
export const copies: FactRule = {
  name: 'no message twice in one session',
  check({ fact }, { ledger }) {
    if (fact.kind !== 'wrote') return undefined
    const { writes, doubts } = ledger.message(fact.id)
    const times = writes.filter(({ link }) => link === fact.link).length
    // A late put, or a delete that failed, leaves a copy that outlives what the session remembers.
    if (times <= 1 + doubts) return undefined
    return `message ${fact.id} was sent ${times} times on link ${fact.link}`
  },
}
