import type { BenchResult } from '../../result/result.ts'
import {
  answersTable,
  generatorTable,
  latencyTable,
  ledgerTable,
  processTable,
  warningsOf,
} from '../tables.ts'
import { verdictLine } from '../thresholds.ts'
import { quantity } from '../units.ts'
import { harmless, look, PLAIN, type Terminal, wrapped } from './style.ts'
import { tableText } from './text-table.ts'

/** Lost ids that the terminal shows: the rest is in the result. */
const LOST_SHOWN = 10

/** A run in readable text: what warns first, then what was found. */
export function summaryText(result: BenchResult, terminal: Terminal = PLAIN): string {
  const tables = [latencyTable(result), ledgerTable(result), answersTable(result)]
  if (result.processes.length > 0) tables.push(processTable(result))
  tables.push(generatorTable(result))
  const parts = [
    ...warnings(warningsOf(result), terminal),
    heading(result, terminal),
    rates(result, terminal),
    ...tables.map((table) => withLost(tableText(table, terminal), table.id, result, terminal)),
    verdicts(result, terminal),
  ]
  return `${parts.filter((part) => part !== '').join('\n')}`
}

/** Warnings, loud: what follows may not mean what it seems to. */
export function warnings(texts: readonly string[], terminal: Terminal): string[] {
  if (texts.length === 0) return []
  const lines = texts.flatMap((text) => {
    const [first = '', ...rest] = wrapped(text, terminal.columns - 11)
    return [
      `${look(terminal, 'loud', ' WARNING ')} ${look(terminal, 'yellow', first)}`,
      ...rest.map((line) => `          ${look(terminal, 'yellow', line)}`),
    ]
  })
  return [`${lines.join('\n')}\n`]
}

function heading({ label, scenario, load, target }: BenchResult, terminal: Terminal): string {
  const server = target.server === null ? target.wsUrl : `${target.wsUrl} (${target.server})`
  const lines = [
    look(terminal, 'bold', wrapped(`${label}: ${scenario.name}`, terminal.columns).join('\n')),
    indented(server, terminal),
    indented(load.statement, terminal),
  ]
  return `${lines.join('\n')}\n`
}

function rates({ rates: known }: BenchResult, terminal: Terminal): string {
  const shown = Object.entries(known).map(([name, value]) =>
    name === 'connected'
      ? `${quantity(value, 'count')} connected`
      : `${quantity(value, 'perS')} ${harmless(name)}`,
  )
  if (shown.length === 0) return ''
  return `${look(terminal, 'bold', 'Over the measurement')}\n${indented(shown.join(', '), terminal)}\n`
}

function withLost(text: string, id: string, { ledger }: BenchResult, terminal: Terminal): string {
  if (id !== 'ledger' || ledger.lostIds.length === 0) return text
  const shown = ledger.lostIds.slice(0, LOST_SHOWN)
  const more = ledger.lost - shown.length
  const ids = `lost ids: ${shown.join(' ')}${more > 0 ? ` and ${more} more` : ''}`
  return `${text}${indented(ids, terminal)}\n`
}

function indented(text: string, terminal: Terminal): string {
  const lines = wrapped(text, terminal.columns - 2)
  return lines.map((line) => `  ${line}`).join('\n')
}

function verdicts({ thresholds }: BenchResult, terminal: Terminal): string {
  if (thresholds.length === 0) return ''
  const lines = thresholds.map((verdict) =>
    look(terminal, verdict.ok ? 'green' : 'red', `  ${harmless(verdictLine(verdict))}`),
  )
  return `${look(terminal, 'bold', 'Thresholds')}\n${lines.join('\n')}\n`
}
