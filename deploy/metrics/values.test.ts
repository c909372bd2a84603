import t, { type Test } from 'tap'
import { SimulatedClock } from '../../cluster/simulated-clock.ts'
import { EndpointStats } from '../../endpoint/endpoint-stats.ts'
import { NodeStats } from '../../node/node-stats.ts'
import { addEndpointMetrics, endpointMeters } from './endpoint-metrics.ts'
import { Metrics } from './metrics.ts'
import { addNodeMetrics } from './node-metrics.ts'
import { WorkerMetrics } from './worker-metrics.ts'

/*
 * Each number stands under its own name: all are different here. What becomes of real ones is in test/system/metrics.test.ts.
 */

function node(highWater: number): Metrics {
  const metrics = new Metrics()
  const stats = new NodeStats(
    {
      size: 11,
      counts: new Map([
        ['given up', 12],
        ['displaced', 13],
      ]),
      load: { inFlight: 14, mailboxHighWater: highWater },
      hellos: { expected: 15, waiting: 16, running: 17 },
      checksWaiting: 18,
    },
    { met: new Map([['hellos', 19]]), addresses: 20 },
  )
  for (const isRefused of [true, true, false]) stats.refused(isRefused)
  stats.closed(1001, undefined)
  stats.closed(4321, undefined)
  addNodeMetrics(metrics, stats)
  return metrics
}

async function sees(t: Test, metrics: Metrics, values: Record<string, number>): Promise<void> {
  const { text } = await metrics.content()
  const lines = text.split('\n')
  for (const [series, value] of Object.entries(values)) t.ok(lines.includes(`${series} ${value}`), series)
}

t.test('a node', (t) =>
  sees(t, node(21), {
    pushgrid_connections: 11,
    pushgrid_given_up_total: 12,
    pushgrid_displaced_total: 13,
    pushgrid_notifications_in_flight: 14,
    'pushgrid_hellos{state="expected"}': 15,
    'pushgrid_hellos{state="waiting"}': 16,
    'pushgrid_hellos{state="running"}': 17,
    pushgrid_node_checks_waiting: 18,
    'pushgrid_client_limits_total{limit="hellos"}': 19,
    pushgrid_client_addresses: 20,
    pushgrid_mailbox_high_water: 21,
    pushgrid_upgrades_refused_total: 2,
    'pushgrid_closes_total{reason="peer",code="1001"}': 1,
    'pushgrid_closes_total{reason="peer",code="other"}': 1,
  }),
)

t.test('an endpoint', async (t) => {
  const metrics = new Metrics()
  const stats = new EndpointStats({
    failures: { all: new Map([['404 102', 11]]) },
    delivery: {
      asks: new Map([['delivered', 12]]),
      pending: { asks: 13, bytes: 14 },
      checksWaiting: 15,
      skewedReplies: 16,
    },
    vapid: { verifying: 17 },
    underWay: { size: 18 },
    bodies: { bytes: 19 },
    readers: { handed: new Map([['push', 20]]), open: new Map([['poll', 21]]) },
    meters: endpointMeters(metrics),
  })
  addEndpointMetrics(metrics, stats)
  await sees(t, metrics, {
    'pushgrid_http_failures_total{status="404",errno="102"}': 11,
    'pushgrid_asks_total{outcome="delivered"}': 12,
    pushgrid_asks_pending: 13,
    pushgrid_ask_bytes_pending: 14,
    pushgrid_endpoint_checks_waiting: 15,
    pushgrid_clock_skews_total: 16,
    pushgrid_vapid_verifications_pending: 17,
    pushgrid_requests_under_way: 18,
    pushgrid_body_bytes: 19,
    'pushgrid_receipts_handed_total{way="push"}': 20,
    'pushgrid_receipt_readers{way="poll"}': 21,
  })
})

t.test('of the high water of several workers the highest counts', async (t) => {
  const all = new WorkerMetrics(new SimulatedClock())
  for (const [number, highWater] of [
    [1, 5],
    [2, 3],
  ] as const) {
    const metrics = node(highWater)
    all.serving(number, () => void metrics.snapshot().then((snapshot) => all.answered(number, snapshot)))
  }
  const { text } = await all.gather()
  t.match(text, 'pushgrid_mailbox_high_water 5\n')
  t.match(text, 'pushgrid_connections 22\n')
})
