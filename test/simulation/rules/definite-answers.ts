import type { FactRule } from './rule.ts'

/** 3: 410, 404 and a new UAID only if the store truly lacked what was asked for at some moment of the request. */
export const definiteAnswers: FactRule = {
  name: 'gone only if the store says so',
  check({ fact }, { ledger }) {
    if (fact.kind === 'answered') {
      const known = ledger.message(fact.id)
      const { uaid, postedOrder } = known
      if (fact.outcome === 'notSubscribed' && !ledger.lackedEndpoint(known, postedOrder))
        return `message ${fact.id} was answered 410 for a channel that the store had all the time`
      if (fact.outcome === 'agentGone' && !ledger.lackedAgent(uaid, postedOrder))
        return `message ${fact.id} was answered 410 for a user agent that the store had all the time`
    }
    if (fact.kind === 'deleted' && fact.outcome === 'unknown') {
      const { keptAtMs, storeOrder, deletingOrder = 0 } = ledger.message(fact.id)
      if (keptAtMs !== undefined && storeOrder < deletingOrder)
        return `deleting message ${fact.id} was answered 404, and the store had it all the time`
    }
    if (fact.kind === 'welcomed') {
      const { askedUaid, helloOrder = 0 } = ledger.link(fact.link)
      if (askedUaid !== undefined && fact.uaid !== askedUaid && !ledger.lackedAgent(askedUaid, helloOrder))
        return `user agent ${askedUaid} was given a new id, and the store knew it all the time`
    }
    return undefined
  },
}
