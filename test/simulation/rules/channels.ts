import type { FactRule } from './rule.ts'

/** In which whoever knows an old endpoint hears of its end, when nothing goes wrong. */
const HEARD_MS = 5000
const CALM_MS = 30_000

/** A channel goes when a page gives it up; or when it was never there for sure. */
export const channelsStay: FactRule = {
  name: 'a channel ends only when it is given up',
  check({ fact }, { ledger }) {
    if (fact.kind !== 'unsubscribed' || ledger.isUnwanted(fact.channelId)) return undefined
    if (fact.rolledBack && !ledger.isRegistered(fact.channelId)) return undefined
    return `channel ${fact.channelId} of user agent ${fact.uaid} left the store`
  },
}

/** An endpoint ends with its channel, or when the channel is registered again with another key. */
export const endpointsEnd: FactRule = {
  name: 'an endpoint that has ended takes no messages',
  check({ fact, elapsedMs }, { ledger, disturbedUntilMs }) {
    if (fact.kind !== 'answered' || (fact.outcome !== 'delivered' && fact.outcome !== 'stored'))
      return undefined
    const known = ledger.message(fact.id)
    const ended = ledger.endpointEnded(known)
    if (ended === undefined || elapsedMs < disturbedUntilMs + CALM_MS) return undefined
    if (known.postedAtMs < ended.elapsedMs + HEARD_MS) return undefined
    // A session that had read the channel is told of its end (seed 1676: by the session before, which unregistered it after that).
    // When something went wrong at the time it may not have been.
    const mayHaveRead = ({ link }: { link: number }) => (ledger.link(link).helloOrder ?? 0) < ended.order
    const wasHarmed = ledger.wasHarmed(ended.elapsedMs - CALM_MS, ended.elapsedMs + HEARD_MS)
    if (wasHarmed && !ledger.hasChannel(known) && known.writes.some(mayHaveRead)) return undefined
    return `message ${fact.id} was answered ${fact.outcome} ${elapsedMs - ended.elapsedMs} ms after its endpoint had ended`
  },
}
