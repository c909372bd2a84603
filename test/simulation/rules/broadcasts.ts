import type { BroadcastId } from '../../../push/broadcast.ts'
import type { LinkFacts } from '../ledger.ts'
import type { FactRule, StateRule, View } from './rule.ts'

/** In which a change reaches a user agent that is subscribed, when nothing is lost on the way. */
const PROMPT_MS = 12_000
/** For so long after something went wrong nothing is expected. */
const CALM_MS = 15_000

/** A 2xx for a broadcast means that the store has had it. */
export const broadcastsKept: FactRule = {
  name: 'broadcasts: what was accepted was stored',
  check({ fact }, { ledger }) {
    if (fact.kind !== 'broadcastAnswered' || fact.version === undefined) return undefined
    const { broadcast, version, outcome } = fact
    const accepted = outcome === 'created' || outcome === 'changed' || outcome === 'unchanged'
    if (!accepted || ledger.broadcasts.placeOf(broadcast, version) !== undefined) return undefined
    return `version ${version} of ${broadcast} was answered ${outcome}, and the store never had it`
  },
}

/** On a connection versions come in the order in which the store took them, and no others. */
export const broadcastsInOrder: FactRule = {
  name: 'broadcasts: no older version after a newer one',
  check({ fact }, { ledger }) {
    if (fact.kind !== 'broadcastTold') return undefined
    const { broadcast, version, link } = fact
    const place = ledger.broadcasts.placeOf(broadcast, version)
    if (place === undefined)
      return `version ${version} of ${broadcast}, which never was, was sent on link ${link}`
    if (place >= ledger.broadcasts.newestTold(broadcast, link)) return undefined
    return `version ${version} of ${broadcast} was sent on link ${link} after a newer one`
  },
}

/** When all is quiet every user agent has what the store has. */
export const broadcastsConverge: StateRule = {
  name: 'broadcasts: all come to the last version',
  check(view) {
    for (const { name, has, broadcast, version } of behind(view))
      return `browser ${name} has version ${has} of ${broadcast}, and the store ${version}`
    return undefined
  },
}

/** The hints do their work: when none is lost, a change does not wait until nodes look for themselves. */
export const broadcastsSoon: StateRule = {
  name: 'broadcasts: a change is sent soon',
  check(view) {
    const { elapsedMs, disturbedUntilMs } = view
    for (const { name, link, broadcast, version, sinceMs } of behind(view)) {
      if (disturbedUntilMs >= sinceMs - CALM_MS || elapsedMs < sinceMs + PROMPT_MS) continue
      return `browser ${name} waits for version ${version} of ${broadcast} on link ${link.number}, and no hint was lost`
    }
    return undefined
  },
}

interface Behind {
  readonly name: string
  readonly link: LinkFacts
  readonly broadcast: BroadcastId
  /** The version it has. */
  readonly has: string | undefined
  /** The version that the store has. */
  readonly version: string
  /** Since when it could have had that. */
  readonly sinceMs: number
}

/** User agents that are connected, are subscribed to a broadcast, and have another version than the store. */
function* behind({ browsers, ledger }: View): Generator<Behind> {
  for (const { name, session, profile } of browsers) {
    if (!session?.healthy) continue
    const link = ledger.link(session.number)
    for (const [broadcast, namedAtMs] of ledger.broadcasts.namedOn(link.number)) {
      const { version, setAtMs } = ledger.broadcasts.now(broadcast) ?? {}
      const has = profile.broadcasts.get(broadcast)
      if (version === undefined || setAtMs === undefined || has === version) continue
      yield {
        name,
        link,
        broadcast,
        has,
        version,
        sinceMs: Math.max(namedAtMs, setAtMs, link.welcomedAtMs ?? 0),
      }
    }
  }
}
