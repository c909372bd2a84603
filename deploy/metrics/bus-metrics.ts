import type { BusHealth } from '../../push/health.ts'
import type { Metrics } from './metrics.ts'

/** What is known of a bus. */
export interface MeasuredBus {
  health(): BusHealth
  /** How often each thing happened to each cell, as `<cell> <event>`; names of cells have no spaces. */
  readonly events?: ReadonlyMap<string, number>
}

/** Adds how a bus fares. */
export function addBusMetrics(metrics: Metrics, bus: MeasuredBus): void {
  metrics.gauge(
    'pushgrid_bus_ready',
    '1 while requests should be sent to this process, as far as the bus is concerned',
    () => Number(bus.health().isReady),
    'min',
  )
  const { events } = bus
  if (events === undefined) return
  metrics.gauges(
    'pushgrid_nats_connected',
    '1 while the cell of NATS is connected',
    ['cell'],
    () =>
      Object.entries(bus.health().cells?.byName ?? {}).map(([cell, { connected }]) => [
        { cell },
        Number(connected),
      ]),
    'min',
  )
  metrics.gauge(
    'pushgrid_cells_settled',
    '1 while the map of cells given last is in force',
    () => Number(bus.health().cells?.settled ?? true),
    'min',
  )
  metrics.counters('pushgrid_nats_events', 'What became of the cells of NATS', ['cell', 'event'], () =>
    Array.from(events, ([key, count]) => {
      const [cell = '', event = ''] = key.split(' ')
      return [{ cell, event }, count]
    }),
  )
}
