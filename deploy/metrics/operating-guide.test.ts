import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { EndpointStats } from '../../endpoint/endpoint-stats.ts'
import { NodeStats } from '../../node/node-stats.ts'
import type { Store } from '../../store/store.ts'
import { addBroadcastMetrics, broadcastMeters } from './broadcast-metrics.ts'
import { addBusMetrics } from './bus-metrics.ts'
import { addCertificateMetrics } from './certificate-metrics.ts'
import { addEndpointMetrics, endpointMeters } from './endpoint-metrics.ts'
import { Metrics } from './metrics.ts'
import { addNodeMetrics } from './node-metrics.ts'
import { countUnreadable, withStoreMetrics } from './store-metrics.ts'

const GUIDE = path.join(import.meta.dirname, '../../../docs/operating.md')

/** Everything that any role measures. */
function allMetrics(): Metrics {
  const metrics = new Metrics()
  addNodeMetrics(
    metrics,
    new NodeStats(
      {
        size: 0,
        counts: new Map(),
        load: { inFlight: 0, mailboxHighWater: 0 },
        hellos: { expected: 0, waiting: 0, running: 0 },
        checksWaiting: 0,
      },
      { met: new Map(), addresses: 0 },
    ),
  )
  addEndpointMetrics(
    metrics,
    new EndpointStats({
      failures: { all: new Map() },
      delivery: { asks: new Map(), pending: { asks: 0, bytes: 0 }, checksWaiting: 0, skewedReplies: 0 },
      vapid: { verifying: 0 },
      underWay: { size: 0 },
      bodies: { bytes: 0 },
      readers: { handed: new Map(), open: new Map() },
      meters: endpointMeters(metrics),
    }),
  )
  broadcastMeters(metrics)
  addBroadcastMetrics(metrics, { publisher: { published: 0 }, server: { members: 0 } })
  withStoreMetrics(metrics, { waiting: () => 0, settled: () => new Map() } as unknown as Store)
  countUnreadable(metrics, { info: () => {}, warn: () => {}, error: () => {} })
  addBusMetrics(metrics, { health: () => ({ isReady: true }), events: new Map() })
  addCertificateMetrics(metrics, { current: { validTo: 'Jan  1 00:00:00 2030 GMT' } })
  return metrics
}

t.test('the guide names every metric with its labels, its kind, and no other', async (t) => {
  const measured = (await allMetrics().snapshot())
    .filter(({ name }) => name.startsWith('pushgrid_'))
    .map(({ name, type }) => `${name} ${type}`)
  const guide = readFileSync(GUIDE, 'utf8')
  const named = Array.from(guide.matchAll(/^\| `(pushgrid_\w+)(?:\{[\w,]+\})?` +\| (\w+)/gm), (row) =>
    row.slice(1).join(' '),
  )
  t.same(named.sort(), measured.sort())
})
