import { documentText } from '../report/html/document.ts'
import { html } from '../report/html/markup.ts'
import { tableBox, topBar, warningBox } from '../report/html/parts.ts'
import { type Measure, measured, unitOf } from '../report/measures.ts'
import { NOTHING, quantity } from '../report/units.ts'
import type { BenchResult } from '../result/result.ts'

/** What the set is about, in the order of its columns. Costs are of all processes together. */
const LATENCIES = ['post_to_2xx', 'post_to_notification', 'drain'] as const

interface Column {
  readonly title: string
  readonly of: (result: BenchResult) => string
}

const COLUMNS: readonly Column[] = [
  { title: 'Scenario', of: ({ scenario }) => scenario.name },
  { title: 'System', of: ({ label }) => label },
  { title: 'Delivered/s', of: (result) => shown(result, { kind: 'rate', of: 'delivered' }) },
  ...LATENCIES.flatMap((of) =>
    [50, 99].map((at) => ({
      title: `${of} p${at}`,
      of: (result: BenchResult) => shown(result, { kind: 'latency', of, side: 'intended', at }),
    })),
  ),
  { title: 'CPU per delivered', of: (result) => total(result, 'cpuUsPerDelivered', 'us') },
  { title: 'Memory per connection', of: (result) => total(result, 'rssBytesPerConnection', 'bytes') },
  { title: 'Lost', of: ({ ledger }) => String(ledger.lost) },
  { title: 'Saturated generator', of: ({ generator }) => (generator.saturated ? 'yes' : 'no') },
]
/** Scenario and system are words. */
const TEXT_COLUMNS = 2

/** One page with the figures of all runs, and a link to the report of each. @param fileOf name of its files, without ending */
export function setHtml(results: readonly BenchResult[], fileOf: (result: BenchResult) => string): string {
  const columns = COLUMNS.map(({ title }, index) => ({ title, numeric: index >= TEXT_COLUMNS }))
  const rows = results.map((result) => ({
    cells: COLUMNS.map(({ of }) => of(result)),
    bad: result.ledger.lost > 0 || result.generator.saturated,
  }))
  const warnings = results.flatMap((result) =>
    result.warnings.map(({ text }) => `${result.scenario.name}, ${result.label}: ${text}`),
  )
  const links = results.map(
    (result) =>
      html`<li><a href="${fileOf(result)}.html">${result.scenario.name}, ${result.label}</a>: ${result.load.statement}</li>`,
  )
  const body = html`${topBar('standard set', [
    ['figures', 'Figures'],
    ['reports', 'Reports'],
  ])}
<main id="content">
<section class="headline"><p class="scenario">${results[0]?.tool.cpus ?? ''}, Node ${results[0]?.tool.node ?? ''}</p><h1>Pushgrid ${results[0]?.tool.version ?? ''}, standard set</h1></section>
${warningBox(warnings)}
<h2 id="figures">Figures</h2>
<div class="stack">${tableBox({ id: 'set', title: 'All runs', columns, rows, empty: 'no run' })}</div>
<h2 id="reports">Reports</h2>
<section class="card"><ul>${links}</ul>
<p class="note">Generator, system and, in a cluster, its database share this machine; so compare runs of one machine only, and by ratio.</p></section>
</main>`
  return documentText({ title: 'Pushgrid, standard set', body, figures: [], raw: results })
}

/** The same for a terminal: a line for each run. */
export function setText(results: readonly BenchResult[]): string {
  const rows = [
    COLUMNS.map(({ title }) => title),
    ...results.map((result) => COLUMNS.map(({ of }) => of(result))),
  ]
  const widths = COLUMNS.map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function shown(result: BenchResult, measure: Measure): string {
  return quantity(measured(result, measure), unitOf(measure))
}

function total(
  { processes }: BenchResult,
  figure: 'cpuUsPerDelivered' | 'rssBytesPerConnection',
  unit: 'us' | 'bytes',
): string {
  const values = processes.flatMap((each) => each[figure] ?? [])
  return values.length === 0
    ? NOTHING
    : quantity(
        values.reduce((sum, value) => sum + value, 0),
        unit,
      )
}
