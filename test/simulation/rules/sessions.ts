import type { Uaid } from '../../../push/ids.ts'
import type { LinkFacts } from '../ledger.ts'
import type { FactRule, StateRule } from './rule.ts'

/** A telling on its way makes its receiver look older by so much; a pause or a delay by more. */
const TRANSIT_MS = 1000
const CALM_MS = 30_000

/** 7: a session is displaced by a younger one, and by nothing else unless messages are held up. */
export const displacement: FactRule = {
  name: 'only a younger session displaces',
  check({ fact, elapsedMs }, { ledger, disturbedUntilMs }) {
    if (fact.kind !== 'closing' || fact.reason !== 'displaced' || elapsedMs < disturbedUntilMs + CALM_MS)
      return undefined
    const displaced = ledger.link(fact.link)
    for (const other of ledger.links.values()) {
      if (other === displaced || uaidOf(other) !== uaidOf(displaced)) continue
      if (other.acceptedAtMs > displaced.acceptedAtMs - TRANSIT_MS) return undefined
    }
    return `link ${fact.link} was displaced, and its user agent has no younger one`
  },
}

function uaidOf({ uaid, askedUaid }: LinkFacts): Uaid | undefined {
  return uaid ?? askedUaid
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
