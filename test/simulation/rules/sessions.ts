import type { FactRule, StateRule } from './rule.ts'

/** 7: a session is displaced by a younger one and by nothing else. */
export const displacement: FactRule = {
  name: 'only a younger session displaces',
  check({ fact }, { ledger }) {
    if (fact.kind !== 'closing' || fact.reason !== 'displaced') return undefined
    const displaced = ledger.link(fact.link)
    for (const other of ledger.links.values())
      if (other.acceptedOrder > displaced.acceptedOrder && other.askedUaid === displaced.uaid)
        return undefined
    return `link ${fact.link} was displaced, and its user agent has no younger one`
  },
}

/** 7: after healing, one session per UAID, the one its browser uses. */
export const oneSession: StateRule = {
  name: 'one session per user agent after healing',
  check({ browsers, links, ledger }) {
    for (const { name, profile, session } of browsers) {
      const { uaid } = profile
      if (session === undefined || uaid === undefined) return `browser ${name} has no session`
      const open = [...links.values()].filter(
        ({ number, openAtNode }) => openAtNode && ledger.link(number).uaid === uaid,
      )
      if (open.length !== 1 || open[0] !== session)
        return `browser ${name} uses link ${session.number}, and the nodes have ${open.map(({ number }) => number)}`
    }
    return undefined
  },
}
