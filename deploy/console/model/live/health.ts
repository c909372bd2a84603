import { type Moment, rateSum } from './moment.ts'
import { counted } from './names.ts'
import type { ProcessRow } from './process-rows.ts'

/** How something fares. */
export type Level = 'good' | 'warn' | 'bad'

/** A sentence on how a part of the service fares. It has no figure that changes every second: it is read out when it changes. */
export interface Health {
  readonly id: string
  readonly level: Level
  readonly text: string
}

/** From here on everything that a process does waits noticeably. */
const BUSY_LAG_SECONDS = 0.5
const BUSY_CPU_PERCENT = 95

/** How the service fares, in a few sentences. */
export function healthOf(moment: Moment, rows: readonly ProcessRow[]): Health[] {
  const present = rows.filter(({ goneMs }) => goneMs === undefined)
  return [
    processHealth(present.length, rows.length - present.length),
    ...versionHealth(present),
    ...natsHealth(present),
    storeHealth(moment),
    ...busyHealth(present),
  ]
}

function processHealth(up: number, gone: number): Health {
  const text = `${counted(up, 'process', 'processes')} up`
  if (gone === 0) return { id: 'processes', level: 'good', text }
  return { id: 'processes', level: 'warn', text: `${text}, ${gone} gone` }
}

function versionHealth(rows: readonly ProcessRow[]): Health[] {
  const versions = [...new Set(rows.map(({ version }) => version))].toSorted()
  if (versions.length < 2) return []
  return [{ id: 'versions', level: 'warn', text: `Versions differ: ${versions.join(', ')}` }]
}

function natsHealth(rows: readonly ProcessRow[]): Health[] {
  const cells = new Set(rows.flatMap((row) => row.cells.map(({ name }) => name)))
  const cut = rows.flatMap(({ name, cells }) =>
    cells.filter(({ isConnected }) => !isConnected).map((cell) => `${cell.name} of ${name}`),
  )
  if (cut.length > 0) return [{ id: 'nats', level: 'bad', text: `NATS not connected: ${listed(cut)}` }]
  const unready = rows.filter(({ isBusReady }) => !isBusReady).map(({ name }) => name)
  if (unready.length > 0) return [{ id: 'nats', level: 'bad', text: `Not ready: ${listed(unready)}` }]
  return cells.size === 0
    ? []
    : [{ id: 'nats', level: 'good', text: `NATS connected (${counted(cells.size, 'cell')})` }]
}

function storeHealth(moment: Moment): Health {
  return (rateSum(moment, 'pushgrid_store_failures_total') ?? 0) > 0
    ? { id: 'store', level: 'bad', text: 'Store operations fail' }
    : { id: 'store', level: 'good', text: 'Store without failures' }
}

function busyHealth(rows: readonly ProcessRow[]): Health[] {
  const busy = rows.filter(isBusy).map(({ name }) => name)
  return busy.length === 0 ? [] : [{ id: 'busy', level: 'warn', text: `Very busy: ${listed(busy)}` }]
}

/** Whether a process has hardly any time to spare. */
export function isBusy({ cpuPercent = 0, lagSeconds = 0 }: ProcessRow): boolean {
  return cpuPercent >= BUSY_CPU_PERCENT || lagSeconds >= BUSY_LAG_SECONDS
}

/** The first few, and how many more. */
function listed(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ')
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown
}
