import type { FactRule } from './rule.ts'

/** In which whoever knows an old endpoint hears of its end, when nothing goes wrong. */
const HEARD_MS = 10_000
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
    // A session does not hear of it when another one's end of the channel is done after it has read the channel: at some time
    // after its hello, not when that is answered (seed 1676: unregistered by the session before, between the two).
    const mayHaveRead = ({ link }: { link: number }) => (ledger.link(link).helloOrder ?? 0) < ended.order
    if (!ledger.hasChannel(known) && known.writes.some(mayHaveRead)) return undefined
    return `message ${fact.id} was answered ${fact.outcome} ${elapsedMs - ended.elapsedMs} ms after its endpoint had ended`
  },
}
