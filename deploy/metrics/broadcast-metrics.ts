import type { BroadcastMeters, BroadcastStats } from '../../node/broadcast-stats.ts'
import type { Metrics } from './metrics.ts'

/** Adds the durations of broadcasts at a node. */
export function broadcastMeters(metrics: Metrics): BroadcastMeters {
  return {
    published: metrics.durations(
      'pushgrid_broadcast_publish',
      'From the moment that a node knows of a change until all its user agents have been sent it',
    ),
  }
}

/** Adds what a node knows of broadcasts. */
export function addBroadcastMetrics(metrics: Metrics, { publisher, server, follower }: BroadcastStats): void {
  metrics.counter(
    'pushgrid_broadcasts_published',
    'Changes of broadcasts that were published to user agents',
    () => publisher.published,
  )
  metrics.gauge(
    'pushgrid_broadcast_subscribers',
    'User agents that are subscribed to a broadcast',
    () => server.members,
  )
  metrics.counters('pushgrid_megaphone_polls', 'Polls of the followed Megaphone server', ['outcome'], () =>
    Array.from(follower?.polls ?? [], ([outcome, count]) => [{ outcome }, count]),
  )
  metrics.gauges(
    'pushgrid_megaphone_age_seconds',
    'Time since the followed Megaphone server was last polled with success, by whichever node',
    [],
    () => (follower === undefined ? [] : [[{}, follower.ageMs / 1000]]),
    'max',
  )
}
