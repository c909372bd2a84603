import type { ProcessFigures } from '../../figures.ts'
import { gaugeOf, type Moment } from './moment.ts'
import { processName } from './names.ts'
import type { KnownProcess } from './processes.ts'

/** A process in the table. What it does not have, such as connections of an endpoint, is undefined. */
export interface ProcessRow
  extends Pick<ProcessFigures, 'process' | 'role' | 'host' | 'pid' | 'worker' | 'version' | 'upMs'> {
  readonly name: string
  /** When it was last heard of, where it is not there any more. */
  readonly goneMs?: number
  readonly connections: number | undefined
  readonly messagesPerS: number | undefined
  readonly cpuPercent: number | undefined
  readonly memoryBytes: number | undefined
  readonly lagSeconds: number | undefined
  /** Cells of NATS that it should be connected to; none without NATS. */
  readonly cells: readonly Cell[]
  readonly isBusReady: boolean
}

/** A cell of NATS, as one process sees it. */
export interface Cell {
  readonly name: string
  readonly isConnected: boolean
}

/** The rows of the table: those that are there by role, host and worker, then those that have left. */
export function processRows({ present, gone }: Moment): ProcessRow[] {
  const isOneHost = new Set([...present, ...gone].map(({ figures }) => figures.host)).size === 1
  return [
    ...present.toSorted(byPlace).map((known) => row(known, isOneHost)),
    ...gone.map((known) => ({ ...row(known, isOneHost), goneMs: known.seenMs })),
  ]
}

function row({ figures, window }: KnownProcess, isOneHost: boolean): ProcessRow {
  const rate = (name: string) => window.rates(name, () => 'all').get('all')
  const cpu = rate('process_cpu_seconds_total')
  const { process, role, host, pid, version, upMs, series } = figures
  return {
    process,
    role,
    host,
    pid,
    version,
    upMs,
    ...(figures.worker === undefined ? {} : { worker: figures.worker }),
    name: processName(figures, isOneHost),
    connections: gaugeOf(figures, 'pushgrid_connections'),
    // Which counters an endpoint has it says with the first message: until then it is known by what it always has.
    messagesPerS:
      rate('pushgrid_messages_total') ??
      (series['pushgrid_requests_under_way'] === undefined ? undefined : 0),
    cpuPercent: cpu === undefined ? undefined : cpu * 100,
    memoryBytes: gaugeOf(figures, 'process_resident_memory_bytes'),
    lagSeconds: gaugeOf(figures, 'nodejs_eventloop_lag_p99_seconds'),
    cells: (series['pushgrid_nats_connected'] ?? []).map(([labels, value]) => ({
      name: String(labels['cell']),
      isConnected: value === 1,
    })),
    isBusReady: gaugeOf(figures, 'pushgrid_bus_ready') !== 0,
  }
}

function byPlace({ figures: a }: KnownProcess, { figures: b }: KnownProcess): number {
  return (
    a.role.localeCompare(b.role) ||
    a.host.localeCompare(b.host) ||
    (a.worker ?? 0) - (b.worker ?? 0) ||
    a.pid - b.pid
  )
}
