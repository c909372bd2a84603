import type { Histogram } from 'prom-client'
import type { Meter } from '../../cluster/meter.ts'
import type { EndpointMeters, EndpointStats } from '../../endpoint/endpoint-stats.ts'
import type { Labels, Metrics } from './metrics.ts'

/** Adds the durations of an endpoint. */
export function endpointMeters(metrics: Metrics): EndpointMeters {
  return {
    postToAck: unlabelled(
      metrics.durations(
        'pushgrid_post_to_ack',
        'From a POST to the acknowledgement of the user agent, where that came while the sender waited',
      ),
    ),
    postTo2xx: unlabelled(metrics.durations('pushgrid_post_to_2xx', 'From a POST to its 2xx')),
  }
}

/** The one series of a histogram, at half the price of looking for it at each observation. */
function unlabelled(histogram: Histogram): Meter {
  return histogram.labels({})
}

/** Adds what an endpoint counts. */
export function addEndpointMetrics(metrics: Metrics, stats: EndpointStats): void {
  const { delivery } = stats
  metrics.counters('pushgrid_messages', 'Messages posted, by what came of them', ['outcome'], () =>
    labelled('outcome', stats.messages),
  )
  metrics.counters('pushgrid_http_failures', 'Requests that were refused', ['status', 'errno'], () =>
    Array.from(stats.failures.all, ([key, count]) => {
      const [status = '', errno = ''] = key.split(' ')
      return [{ status, errno }, count]
    }),
  )
  metrics.counters('pushgrid_asks', 'Requests to the nodes of user agents, by the answer', ['outcome'], () =>
    labelled('outcome', delivery.asks),
  )
  addReceiptMetrics(metrics, stats)
  metrics.counters(
    'pushgrid_broadcast_changes',
    'Changes of broadcasts by the admin API, and what they came to',
    ['outcome'],
    () => labelled('outcome', stats.broadcasts),
  )
  metrics.gauge('pushgrid_body_bytes', 'Bodies of messages in memory', () => stats.bodies.bytes)
  metrics.gauge('pushgrid_asks_pending', 'Such requests under way', () => delivery.pending.asks)
  metrics.gauge('pushgrid_ask_bytes_pending', 'The sum of their bodies', () => delivery.pending.bytes)
  metrics.gauge(
    'pushgrid_endpoint_checks_waiting',
    'User agents to be told a second time of a stored message',
    () => delivery.checksWaiting,
  )
  metrics.gauge(
    'pushgrid_vapid_verifications_pending',
    'VAPID tokens that are being verified',
    () => stats.vapid.verifying,
  )
  metrics.gauge(
    'pushgrid_requests_under_way',
    'Messages and deletions that are owed an answer',
    () => stats.underWay.size,
  )
  metrics.counter(
    'pushgrid_clock_skews',
    'Answers of nodes whose clock differed by more than a second',
    () => delivery.skewedReplies,
  )
}

function addReceiptMetrics(metrics: Metrics, stats: EndpointStats): void {
  const { readers } = stats
  metrics.counter(
    'pushgrid_receipts_asked',
    'Messages accepted that a receipt was asked for',
    () => stats.receiptsAsked,
  )
  metrics.counters('pushgrid_receipts_handed', 'Receipts sent to who reads them', ['way'], () =>
    labelled('way', readers.handed),
  )
  metrics.gauges('pushgrid_receipt_readers', 'Requests for receipts that are open', ['way'], () =>
    labelled('way', readers.open),
  )
}

function labelled(label: string, counts: ReadonlyMap<string, number>): (readonly [Labels, number])[] {
  return Array.from(counts, ([name, count]) => [{ [label]: name }, count] as const)
}
