import { Counts } from '../../cluster/counts.ts'
import type { Log } from '../../push/log.ts'
import { RECEIPT_STATUS, type ReceiptOutcome } from '../../push/receipt.ts'
import { measuredStore } from '../../store/measured-store.ts'
import type { Store } from '../../store/store.ts'
import type { UnreadableListener } from '../../store/unreadable.ts'
import type { Metrics } from './metrics.ts'

/** Of a message that was replaced or deleted nobody is told. */
const STATUS: Readonly<Record<ReceiptOutcome, string>> = {
  acknowledged: `${RECEIPT_STATUS.acknowledged}`,
  notDelivered: `${RECEIPT_STATUS.notDelivered}`,
  none: 'none',
}

/** Measures a store. */
export function withStoreMetrics<S extends Store>(metrics: Metrics, store: S): S {
  const durations = metrics.durations('pushgrid_store', 'Operations of the store, however they ended', [
    'operation',
  ])
  const failures = new Counts<string>()
  metrics.counters(
    'pushgrid_store_failures',
    'Operations of the store that failed',
    ['operation', 'failure'],
    () =>
      Array.from(failures.all, ([key, count]) => {
        const [operation = '', failure = ''] = key.split(' ')
        return [{ operation, failure }, count]
      }),
  )
  metrics.gauge('pushgrid_store_waiting', 'Operations that wait for their turn', () => store.waiting())
  metrics.counters(
    'pushgrid_receipts_settled',
    'Messages with a receipt that have ended, by the status that their senders are told',
    ['status'],
    () => Array.from(store.settled(), ([outcome, count]) => [{ status: STATUS[outcome] }, count]),
  )
  return measuredStore(store, {
    durationsOf: (operation) => durations.labels({ operation }),
    failed: (operation, failure) => failures.add(`${operation} ${failure}`),
  })
}

/** Counts messages that were found in the store and could not be read, and logs the first one: the others will be like it. */
export function countUnreadable(metrics: Metrics, log: Log): UnreadableListener {
  let found = 0
  metrics.counter(
    'pushgrid_store_unreadable',
    'Readings of messages that a newer version has written, or that are damaged; they stay in the store',
    () => found,
  )
  return (error) => {
    if (found === 0)
      log.error(
        { err: error },
        'a message in the store can not be read; it stays there, and others are delivered',
      )
    found += 1
  }
}
