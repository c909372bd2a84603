import { NOTHING, quantity, type Unit } from '../../../../bench/report/units.ts'
import { isBusy } from '../../model/live/health.ts'
import { longFor } from '../../model/live/names.ts'
import type { ProcessRow } from '../../model/live/process-rows.ts'
import { clockTime, dayAndClockTime } from './time.ts'

interface ProcessTableProps {
  readonly rows: readonly ProcessRow[]
  readonly nowMs: number
}

interface Column {
  readonly title: string
  readonly unit: Unit
  readonly value: (row: ProcessRow) => number | undefined
}

const NUMBERS: readonly Column[] = [
  { title: 'Connections', unit: 'count', value: ({ connections }) => connections },
  { title: 'Messages', unit: 'perS', value: ({ messagesPerS }) => messagesPerS },
  { title: 'CPU', unit: 'percent', value: ({ cpuPercent }) => cpuPercent },
  { title: 'Memory', unit: 'bytes', value: ({ memoryBytes }) => memoryBytes },
  { title: 'Loop delay', unit: 's', value: ({ lagSeconds }) => lagSeconds },
]

/** Each process by itself, those among them that have left lately. */
export function ProcessTable({ rows, nowMs }: ProcessTableProps) {
  const versions = new Set(rows.filter(({ goneMs }) => goneMs === undefined).map(({ version }) => version))
  return (
    <table class="card processes" aria-label="Processes">
      <thead>
        <tr>
          <th scope="col">Process</th>
          <th scope="col">Version</th>
          <th scope="col">Up for</th>
          {NUMBERS.map(({ title }) => (
            <th key={title} scope="col" class="number">
              {title}
            </th>
          ))}
          <th scope="col">NATS</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <Row key={row.process} row={row} nowMs={nowMs} isOneVersion={versions.size < 2} />
        ))}
      </tbody>
    </table>
  )
}

interface RowProps {
  readonly row: ProcessRow
  readonly nowMs: number
  readonly isOneVersion: boolean
}

function Row({ row, nowMs, isOneVersion }: RowProps) {
  const isGone = row.goneMs !== undefined
  return (
    <tr class={isGone ? 'gone' : isBusy(row) ? 'busy' : ''} data-process={row.process}>
      <th scope="row">
        {row.role} <span class="muted">{place(row)}</span>
      </th>
      <td data-title="Version">
        {isOneVersion || isGone ? row.version : <span class="warn">⚠ {row.version}</span>}
      </td>
      <td data-title="Up for">
        {row.goneMs === undefined ? (
          <span title={`since ${dayAndClockTime(nowMs - row.upMs)}`}>{longFor(row.upMs)}</span>
        ) : (
          <span class="warn">✗ gone since {clockTime(row.goneMs)}</span>
        )}
      </td>
      {NUMBERS.map(({ title, unit, value }) => (
        <td key={title} data-title={title} class="number">
          {isGone ? NOTHING : quantity(value(row), unit)}
        </td>
      ))}
      <td data-title="NATS">{isGone ? NOTHING : <Nats row={row} />}</td>
    </tr>
  )
}

function Nats({ row: { cells, isBusReady } }: { readonly row: ProcessRow }) {
  const cut = cells.filter(({ isConnected }) => !isConnected).map(({ name }) => name)
  if (cut.length > 0) return <span class="bad">✗ not {cut.join(', ')}</span>
  if (!isBusReady) return <span class="bad">✗ not ready</span>
  return cells.length === 0 ? <span>{NOTHING}</span> : <span class="good">✓ connected</span>
}

function place({ host, pid, worker }: ProcessRow): string {
  return `${host} · pid ${pid}${worker === undefined ? '' : ` · worker ${worker}`}`
}
