/**
 * The metrics that the console shows, as /metrics names them in its `# TYPE` lines; the series of a histogram are those with `_bucket`,
 * `_sum` and `_count` behind its name. A process tells the console these and no others, and a test looks
 * for each of them in /metrics of real processes.
 */
export const SHOWN_METRICS = [
  'pushgrid_connections',
  'pushgrid_hellos',
  'pushgrid_closes_total',
  'pushgrid_upgrades_refused_total',
  'pushgrid_notifications_in_flight',
  'pushgrid_messages_total',
  'pushgrid_http_failures_total',
  'pushgrid_requests_under_way',
  'pushgrid_post_to_2xx_seconds',
  'pushgrid_post_to_ack_seconds',
  'pushgrid_store_seconds',
  'pushgrid_store_failures_total',
  'pushgrid_store_waiting',
  'pushgrid_bus_ready',
  'pushgrid_nats_connected',
  'process_cpu_seconds_total',
  'process_resident_memory_bytes',
  'nodejs_eventloop_lag_p99_seconds',
] as const

/** Name of a metric that the console shows. */
export type ShownMetric = (typeof SHOWN_METRICS)[number]
