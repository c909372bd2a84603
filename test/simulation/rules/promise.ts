import type { MessageFacts } from '../ledger.ts'
import type { FactRule, View } from './rule.ts'

/** "The simulation checks", 1: from a 2xx on, a message with TTL > 0 is acknowledged or durable at every moment until it ends. */
export const promise: FactRule = {
  name: 'the promise',
  check({ fact }, view) {
    if (fact.kind === 'answered') {
      const message = view.ledger.message(fact.id)
      if (!isPromised(message) || message.keptAtMs !== undefined || hasEnded(message, view)) return undefined
      return `message ${fact.id} was answered ${fact.outcome} and is neither acknowledged nor in the store`
    }
    if (fact.kind !== 'gone' || fact.cause === 'evicted') return undefined
    const message = view.ledger.message(fact.message.id)
    if (!isPromised(message) || hasEnded(message, view)) return undefined
    return `message ${fact.message.id} left the store (${fact.cause}) without any reason that ends a message`
  },
}

/** TTL 0 means now or never: it is not stored, and not promised. What is stored for its receipt is over when it comes there. */
export const nowOrNever: FactRule = {
  name: 'TTL 0 is never stored',
  check({ fact }, { ledger }) {
    if (fact.kind === 'kept' && fact.message.ttlSeconds === 0 && fact.message.receipt === undefined)
      return `message ${fact.message.id} came into the store`
    if (fact.kind !== 'answered' || fact.outcome !== 'stored') return undefined
    const { ttlSeconds, receipt } = ledger.message(fact.id).message
    return ttlSeconds === 0 && receipt === undefined ? `message ${fact.id} was answered stored` : undefined
  },
}

/** Whether its sender was told that it is safe. */
export function isPromised({ answered, message }: MessageFacts): boolean {
  return message.ttlSeconds > 0 && (answered?.outcome === 'delivered' || answered?.outcome === 'stored')
}

/** A message replaces older ones of its topic when it is durable, acknowledged, or taken back by its sender. */
function replaces({ everKept, acked, deletingOrder }: MessageFacts): boolean {
  return everKept || acked || deletingOrder !== undefined
}

/** Whether something has happened that ends a message by rule. */
export function hasEnded(known: MessageFacts, { ledger, wallMs, limits }: View): boolean {
  const { message, uaid } = known
  return (
    known.acked ||
    known.evicted ||
    known.deletingOrder !== undefined ||
    message.expiresAtMs <= wallMs + limits.skewMaxMs ||
    ledger.lackedChannel(uaid, message.channelId, known.postedOrder) ||
    ledger.newerOfTopic(known).some(replaces) ||
    known.writes.length >= limits.sendsMax
  )
}
