import type { BenchResult } from '../../result/result.ts'
import { decodeHistogram } from '../histogram.ts'
import { keyFigures, mainLatencies } from '../key-figures.ts'
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
import { documentText } from './document.ts'
import type { Figure } from './figure.ts'
import { html, type Markup } from './markup.ts'
import { figureBox, rawBox, tableBox, topBar, warningBox } from './parts.ts'
import { type Curve, percentileFigure } from './percentile-figure.ts'
import { timeFigures } from './time-figures.ts'

const PLACES = [
  ['figures', 'Plots'],
  ['tables', 'Tables'],
  ['options', 'Options'],
  ['reading', 'How to read'],
  ['data', 'Data'],
] as const

/** The report of one run: one HTML file for whoever has to judge it. */
export function reportHtml(result: BenchResult): string {
  const figures = figuresOf(result)
  const body = html`${topBar(result.scenario.name, PLACES)}
<main id="content">
${headline(result)}
${warningBox(warningsOf(result))}
${verdicts(result)}
<section class="keys" aria-label="Key figures">${keyFigures(result).map(
    ({ label, value, note, tone }) =>
      html`<div class="key ${tone}"><div class="label">${label}</div><div class="value">${value}</div><div class="note">${note}</div></div>`,
  )}</section>
<h2 id="figures">Plots</h2>
<p class="note lead">Drag to zoom, double-click or <b>reset zoom</b> to see everything; the values at the cursor stand below each plot, and a click on a name hides its line.</p>
<div class="grid">${figures.map(figureBox)}</div>
<h2 id="tables">Tables</h2>
<div class="stack">${tableBox(latencyTable(result))}${tableBox(ledgerTable(result))}${lostIds(result)}
${tableBox(answersTable(result))}${tableBox(processTable(result))}${tableBox(generatorTable(result))}</div>
<h2 id="options">Options as in effect</h2>
${options(result)}
<h2 id="reading">How to read it</h2>
${reading(result)}
<div class="stack">${rawBox(fileName(result), 'Everything above was made from this alone: pushgrid bench report and compare read it.')}</div>
</main>`
  return documentText({ title: `${result.label}: ${result.scenario.name}`, body, figures, raw: result })
}

/** The plot that answers most, first. */
function figuresOf(result: BenchResult): Figure[] {
  const overTime = timeFigures(result)
  const main = new Set<string>(mainLatencies(result))
  const curves = Object.entries(result.latencies).flatMap(([name, { intended, service }], index): Curve[] => {
    if (intended.count === 0) return []
    const common = { colour: (index % 6) + 1, hidden: !main.has(name) }
    return [
      { ...common, label: name, histogram: decodeHistogram(intended.histogram) },
      { ...common, label: `${name}, service`, dashed: true, histogram: decodeHistogram(service.histogram) },
    ]
  })
  if (curves.length === 0) return overTime
  const note =
    'How many of all took how long: at 99 % stands what 99 in 100 did not exceed. Where the dashed line (service: since the request was really sent) lies below, requests had to wait to be sent, and a generator that does not count that sees a faster server than its users do.'
  return [percentileFigure('percentiles', 'Percentiles', note, curves), ...overTime]
}

function headline({ label, scenario, target, load, startedAt, durationS, tool }: BenchResult): Markup {
  const facts: [string, string][] = [
    ['Server', target.server ?? 'does not say'],
    ['Address', target.wsUrl],
    ['Started', startedAt.replace('T', ' ').replace(/\.\d+Z$|Z$/, ' UTC')],
    ['Measured', quantity(durationS, 's')],
    ['Machine', `${tool.cpus}, ${tool.platform}, Node ${tool.node}`],
  ]
  return html`<section class="headline"><p class="scenario">${scenario.name} · ${scenario.summary}</p><h1>${label}</h1>
<p class="statement">${load.statement}</p>
<dl class="facts">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl></section>`
}

function verdicts({ thresholds }: BenchResult): Markup {
  if (thresholds.length === 0)
    return html`<section class="notice plain"><h2>No thresholds</h2><p class="note">Nothing was asked of this run; --fail-if does.</p></section>`
  const failed = thresholds.filter(({ ok }) => !ok)
  const title =
    failed.length === 0
      ? `✓ Passed: all thresholds hold (${thresholds.length})`
      : `✗ Failed: ${failed.length} of ${thresholds.length} thresholds`
  const lines = [...failed, ...thresholds.filter(({ ok }) => ok)]
  return html`<section class="notice ${failed.length === 0 ? 'good' : 'bad'}"><h2>${title}</h2><ul class="mono">${lines.map(
    (verdict) => html`<li>${verdictLine(verdict)}</li>`,
  )}</ul></section>`
}

function lostIds({ ledger }: BenchResult): Markup | undefined {
  if (ledger.lostIds.length === 0) return undefined
  const shown = ledger.lostIds.length
  const title = shown < ledger.lost ? `The first ${shown} of ${ledger.lost} lost messages` : 'Lost messages'
  return html`<details class="card print" open><summary>${title}</summary><p class="ids mono">${ledger.lostIds.join('  ')}</p></details>`
}

function options({ scenario, load, phases, target }: BenchResult): Markup {
  const shown = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))
  const rows = [
    ...Object.entries(scenario.options).map(([name, value]) => ({ cells: [name, shown(value) ?? '–'] })),
    { cells: ['seed', String(scenario.seed)] },
    { cells: ['load model', load.arrivals === null ? load.model : `${load.model}, ${load.arrivals}`] },
    { cells: ['endpoints', target.endpointOrigin ?? 'none were registered'] },
  ]
  const text = (title: string) => ({ title, numeric: false })
  const number = (title: string) => ({ title, numeric: true })
  return html`<div class="grid">${tableBox({ id: 'option-table', title: 'Options', columns: [text('option'), text('value')], rows, empty: '' })}${tableBox(
    {
      id: 'phases',
      title: 'Phases',
      columns: [text('phase'), number('from'), number('to'), text('counts')],
      rows: phases.map(({ name, fromS, toS, measured }) => ({
        cells: [
          name,
          quantity(fromS, 's'),
          quantity(toS, 's'),
          measured ? 'measured' : 'warm-up, not measured',
        ],
      })),
      empty: 'The scenario has none.',
    },
  )}</div>`
}

function reading({ load }: BenchResult): Markup {
  const model =
    load.model === 'open'
      ? 'Requests were sent when they were due, whether the server had answered the ones before or not, as many independent senders do. A server that stalls meets everything that became due meanwhile.'
      : 'Closed loop: each sender waited for its answer before it sent the next. A slow server is thereby asked less, so a stall hits few requests: compare latencies with those of other closed runs only.'
  const points: [string, string][] = [
    [load.model === 'open' ? 'Open load' : 'Closed load', model],
    [
      'Intended and service time',
      'Latency counts from the time a request was meant to be sent. Service time counts from when it was really sent, so it leaves out what waiting adds; where both differ, something stood still.',
    ],
    [
      'Percentiles',
      'p99 is what 99 of 100 requests did not exceed. They come from HDR histograms, which keep three digits of every single value; percentiles over time are those of each second and can not be averaged.',
    ],
    [
      'The ledger',
      'Every message is followed from POST to acknowledgement. Lost is what was answered 2xx, was due, and had not arrived by the end: a server that keeps its word has none. Push services deliver at least once, so duplicates may be rightful after a reconnect.',
    ],
    [
      'CPU per delivered message',
      'CPU time of the process in the measurement, over the messages delivered in it. It tells how many machines a load needs, and is steadier than latency.',
    ],
    [
      'Shaded times',
      'What is shaded strongly was warming up and counts in no figure. Other shades only tell one phase from the next.',
    ],
  ]
  return html`<div class="grid reading">${points.map(
    ([title, text]) => html`<section class="card"><h3>${title}</h3><p>${text}</p></section>`,
  )}</div>`
}

function fileName({ scenario, label }: BenchResult): string {
  return `${`${scenario.name}-${label}`.replace(/[^A-Za-z0-9.-]+/g, '-').slice(0, 80)}.json`
}
