import { Counts } from '../../cluster/counts.ts'
import { measuredStore } from '../../store/measured-store.ts'
import type { Store } from '../../store/store.ts'
import type { Metrics } from './metrics.ts'

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
  return measuredStore(store, {
    durationsOf: (operation) => durations.labels({ operation }),
    failed: (operation, failure) => failures.add(`${operation} ${failure}`),
  })
}
