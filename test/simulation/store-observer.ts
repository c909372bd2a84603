import type { Fact } from './facts.ts'
import type { StoreObserver } from './store-truth.ts'

/** Turns what happens in the store into facts. */
export function storeObserver(report: (fact: Fact) => void): StoreObserver {
  return {
    kept: (uaid, message, sends) => report({ kind: 'kept', uaid, message, sends }),
    gone: (uaid, message, cause) => report({ kind: 'gone', uaid, message, cause }),
    restored(uaid, message, sends) {
      report({ kind: 'putInDoubt', id: message.id })
      report({ kind: 'kept', uaid, message, sends })
    },
    settled: (id, outcome, before) => report({ kind: 'settled', id, outcome, before }),
    subscribed: (uaid, channelId, keyDigest) => report({ kind: 'subscribed', uaid, channelId, keyDigest }),
    unsubscribed: (uaid, channelId, rolledBack) =>
      report({ kind: 'unsubscribed', uaid, channelId, rolledBack }),
    broadcastSet: (broadcast, version) => report({ kind: 'broadcastSet', broadcast, version }),
  }
}
