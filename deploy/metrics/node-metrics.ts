import type { CloseEvent, NodeStats } from '../../node/node-stats.ts'
import { CLOSE_CODES, type CloseReason } from '../../push/errors.ts'
import type { Labels, Metrics } from './metrics.ts'

/** Adds what a node counts. */
export function addNodeMetrics(metrics: Metrics, stats: NodeStats): void {
  const { agents } = stats
  metrics.gauge('pushgrid_connections', 'Websockets, in whatever state', () => agents.size)
  metrics.gauge(
    'pushgrid_notifications_in_flight',
    'Notifications that are not acknowledged',
    () => agents.load.inFlight,
  )
  metrics.gauge(
    'pushgrid_mailbox_high_water',
    'The most inputs that ever waited for one user agent',
    () => agents.load.mailboxHighWater,
    'max',
  )
  metrics.gauges('pushgrid_hellos', 'Hellos to come, in the queue, and being looked up', ['state'], () =>
    Object.entries(agents.hellos).map(([state, count]) => [{ state }, count]),
  )
  metrics.gauge(
    'pushgrid_node_checks_waiting',
    'User agents to be told a second time of a stored message',
    () => agents.checksWaiting,
  )
  metrics.counter(
    'pushgrid_upgrades_refused',
    'Connections sent away because too many came at once',
    () => stats.refusedUpgrades,
  )
  metrics.counters('pushgrid_client_limits', 'Limits met by the user agents of one address', ['limit'], () =>
    Array.from(stats.clients.met, ([limit, count]) => [{ limit }, count]),
  )
  metrics.gauge(
    'pushgrid_client_addresses',
    'Addresses that websockets are from',
    () => stats.clients.addresses,
  )
  metrics.counters('pushgrid_closes', 'Websockets that ended: why, and the code', ['reason', 'code'], () =>
    Array.from(stats.closes, ([event, count]) => [closeLabels(event), count]),
  )
  addAgentEvents(metrics, stats)
}

/** Adds what user agents say and do. */
function addAgentEvents(metrics: Metrics, { agents }: NodeStats): void {
  const read = (kind: string) => () => withCode(kind, agents.counts)
  const only = (event: 'notification' | 'given up' | 'displaced') => () => agents.counts.get(event) ?? 0
  metrics.counters('pushgrid_acks', 'Acknowledgements, by their code', ['code'], read('ack'))
  metrics.counters('pushgrid_nacks', 'Refusals by user agents, by their code', ['code'], read('nack'))
  metrics.counters(
    'pushgrid_unregisters',
    'Subscriptions ended by user agents, by their code',
    ['code'],
    read('unregister'),
  )
  metrics.counter(
    'pushgrid_notifications',
    'Notifications sent, repeated ones included',
    only('notification'),
  )
  metrics.counter('pushgrid_given_up', 'Messages given up after too many sends in vain', only('given up'))
  metrics.counter('pushgrid_displaced', 'Sessions displaced by a newer one', only('displaced'))
}

/** The counts of the events `<kind> <code>`, by code. */
function withCode(kind: string, counts: ReadonlyMap<string, number>): (readonly [Labels, number])[] {
  const prefix = `${kind} `
  return [...counts]
    .filter(([event]) => event.startsWith(prefix))
    .map(([event, count]) => [{ code: event.slice(prefix.length) }, count] as const)
}

function closeLabels(event: CloseEvent): Labels {
  if (isReason(event)) return { reason: event, code: `${CLOSE_CODES[event]}` }
  return { reason: 'peer', code: event.slice('peer '.length) }
}

function isReason(event: CloseEvent): event is CloseReason {
  return event in CLOSE_CODES
}
