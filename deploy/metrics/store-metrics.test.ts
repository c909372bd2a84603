import t from 'tap'
import { PushError } from '../../push/errors.ts'
import type { Store } from '../../store/store.ts'
import { Metrics } from './metrics.ts'
import { countUnreadable, withStoreMetrics } from './store-metrics.ts'

t.test('operations that fail count by the operation and what it failed with', async (t) => {
  const metrics = new Metrics()
  const errors = [new PushError('storeDown'), new PushError('storeDown'), new TypeError('a defect')]
  const ping = () => Promise.reject(errors.shift())
  const settled = () => new Map()
  const store = withStoreMetrics(metrics, { ping, waiting: () => 3, settled } as unknown as Store)
  while (errors.length > 0) await t.rejects(store.ping())
  const { text } = await metrics.content()
  t.match(text, 'pushgrid_store_failures_total{operation="ping",failure="storeDown"} 2\n')
  t.match(text, 'pushgrid_store_failures_total{operation="ping",failure="defect"} 1\n')
  t.match(text, 'pushgrid_store_seconds_count{operation="ping"} 3\n')
  t.match(text, 'pushgrid_store_waiting 3\n')
})

t.test('every message that can not be read counts, and the first one is logged', async (t) => {
  const metrics = new Metrics()
  const logged: unknown[] = []
  const unreadable = countUnreadable(metrics, {
    info() {},
    warn() {},
    error: (fields) => logged.push(fields),
  })
  for (let count = 0; count < 3; count++) unreadable(new Error('damaged'))
  t.match((await metrics.content()).text, 'pushgrid_store_unreadable_total 3\n')
  t.equal(logged.length, 1)
})
