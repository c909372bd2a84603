import type { MessageId } from '../../../push/ids.ts'
import type { Ledger } from '../ledger.ts'
import type { FactRule, StateRule } from './rule.ts'

/** 8: no more than `inFlightMax` notifications wait for an acknowledgement. */
export const windowLimit: FactRule = {
  name: 'the window is kept',
  check({ fact, elapsedMs }, { ledger, limits }) {
    if (fact.kind !== 'wrote') return undefined
    const link = ledger.link(fact.link)
    ledger.inFlight(link, elapsedMs)
    const waiting = [...link.unanswered.keys()].filter((id) => isWaitedFor(ledger, id)).length
    return waiting > limits.inFlightMax ? `${waiting} notifications wait on link ${fact.link}` : undefined
  },
}

/** What was deleted or replaced, or whose channel was ended, is no longer waited for. */
function isWaitedFor(ledger: Ledger, id: MessageId): boolean {
  const known = ledger.message(id)
  if (known.deletingOrder !== undefined) return false
  const newer = ledger.newerOfTopic(known)
  if (newer.some(({ ackArrived }) => ackArrived !== undefined)) return false
  // With a receipt that is decided as soon as the newer one is stored (seed 455), even if it could not be written down (seed 3030).
  if (known.message.receipt !== undefined && newer.some(({ everKept }) => everKept)) return false
  return !ledger.lackedChannel(known.uaid, known.message.channelId, known.postedOrder)
}

/** 8: nothing is left of sessions that are closed. */
export const nothingRemains: StateRule = {
  name: 'nothing remains of closed sessions',
  check({ servers, listening }) {
    for (const { agents, topics, process } of servers) {
      if (agents !== undefined && agents.size > 0) return `${agents.size} actors are left on ${process.name}`
      if (topics.size > 0) return `${topics.size} websockets are left subscribed on ${process.name}`
    }
    const left = listening()
    return left > 0 ? `${left} listeners are left on the bus` : undefined
  },
}

/** 9: nothing is sent after its TTL plus what clocks may differ by. */
export const expiry: FactRule = {
  name: 'nothing is sent after its TTL',
  check({ fact }, { ledger, wallMs, limits }) {
    if (fact.kind !== 'wrote') return undefined
    const { message } = ledger.message(fact.id)
    const lateMs = wallMs - message.expiresAtMs - limits.skewMaxMs
    return message.ttlSeconds > 0 && lateMs > 0 ? `message ${fact.id} was sent ${lateMs} ms late` : undefined
  },
}

/** No part of the service fails on an interleaving. */
export const noDefects: FactRule = {
  name: 'nothing throws',
  check: ({ fact }) =>
    fact.kind === 'defect'
      ? `${fact.where}: ${fact.error instanceof Error ? fact.error.stack : String(fact.error)}`
      : undefined,
}
