import { harmless, look, PLAIN, type Terminal, wrapped } from '../terminal/style.ts'
import { warnings } from '../terminal/summary.ts'
import { tableText } from '../terminal/text-table.ts'
import type { Comparison } from './comparison.ts'
import { factTable, measureTable, runTable } from './comparison-tables.ts'

/** How intervals and verdicts are made, for whoever wants to know. */
export const METHOD =
  'Values are geometric means of the runs. Intervals: Welch’s t on logarithms, of 96 % confidence or more, widened after Holm for the number of measures, so that two groups of the same give a false alarm in at most 5 % of comparisons. Differences below 1 % are taken for none.'

/** A comparison in readable text: what warns, what came out, then the figures. */
export function comparisonText(comparison: Comparison, terminal: Terminal = PLAIN): string {
  const found = comparison.findings.flatMap((finding) => wrapped(finding, terminal.columns - 2))
  const method = wrapped(METHOD, terminal.columns - 2)
  const tables = [measureTable(comparison, true), factTable(comparison), measureTable(comparison, false)]
  const parts = [
    ...warnings(comparison.warnings, terminal),
    `${look(terminal, 'bold', harmless(comparison.groups.map(({ name }) => name).join(' / ')))}\n${found.map((line) => `  ${line}`).join('\n')}\n`,
    ...[...tables, runTable(comparison)].map((table) => tableText(table, terminal)),
    `${look(terminal, 'dim', method.join('\n'))}\n`,
  ]
  return parts.join('\n')
}
