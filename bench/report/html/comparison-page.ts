import { build, type Histogram } from 'hdr-histogram-js'
import type { ComparedMeasure, Comparison } from '../compare/comparison.ts'
import { factTable, measureTable, runTable } from '../compare/comparison-tables.ts'
import { METHOD } from '../compare/comparison-text.ts'
import type { Group } from '../compare/groups.ts'
import { decodeHistogram } from '../histogram.ts'
import { mainLatencies } from '../key-figures.ts'
import { documentText } from './document.ts'
import type { Figure } from './figure.ts'
import { html, type Markup } from './markup.ts'
import { figureBox, rawBox, tableBox, topBar, warningBox } from './parts.ts'
import { percentileFigure } from './percentile-figure.ts'

const PLACES = [
  ['measures', 'Measures'],
  ['figures', 'Plots'],
  ['runs', 'Runs'],
  ['reading', 'How to read'],
  ['data', 'Data'],
] as const

/** A comparison in one HTML file. */
export function comparisonHtml(comparison: Comparison): string {
  const { groups, findings, warnings, rows } = comparison
  const figures = figuresOf(groups)
  const title = groups.map(({ name }) => name).join(' / ')
  const primary = rows.filter((row) => row.primary)
  const body = html`${topBar('compare', PLACES)}
<main id="content">
<section class="headline"><p class="scenario">${scenarios(groups)}</p><h1>${title}</h1></section>
${warningBox(warnings)}
<section class="notice ${toneOf(primary)}"><h2>What came out</h2><ul>${findings.map((text) => html`<li>${text}</li>`)}</ul></section>
<h2 id="measures">Measures</h2>
<div class="stack">${intervals(comparison)}${tableBox(measureTable(comparison, true))}${tableBox(factTable(comparison))}</div>
<h2 id="figures">Plots</h2>
<div class="grid">${figures.map(figureBox)}</div>
<h2>All figures</h2>
<div class="stack">${tableBox(measureTable(comparison, false))}${tableBox(runTable(comparison))}</div>
<h2 id="reading">How to read it</h2>
<section class="card"><p class="note">${METHOD}</p>
<p class="note">One group, one label: results of the same label are repeated runs of one thing. Runs made in turn (A B A B ...) share what disturbs the machine; five of each find differences of a few percent.</p></section>
<div class="stack">${rawBox('comparison.json', 'All results that were compared, by group.')}</div>
</main>`
  const raw = groups.map(({ name, runs }) => ({ name, runs }))
  return documentText({ title: `Comparison: ${title}`, body, figures, raw })
}

function scenarios(groups: readonly Group[]): string {
  const all = groups.flatMap(({ runs }) => runs.map(({ result }) => result.scenario.name))
  return `${[...new Set(all)].join(', ')} · ${groups.map(({ runs }) => runs.length).join(' against ')} runs`
}

function toneOf(primary: readonly ComparedMeasure[]): string {
  const tones = primary.flatMap(({ differences }) => differences.map(({ tone }) => tone))
  return tones.includes('worse') ? 'bad' : tones.includes('better') ? 'good' : 'plain'
}

/** Percentiles of all runs of each group together, merged exactly: a picture for each latency. */
function figuresOf(groups: readonly Group[]): Figure[] {
  const [first] = groups[0]?.runs ?? []
  if (first === undefined) return []
  const note =
    'All runs of a group together. Solid: from the intended time; dashed: from when requests were really sent.'
  return mainLatencies(first.result).map((name) => {
    const curves = groups.flatMap((group, index) => {
      const common = { colour: (index % 6) + 1 }
      return [
        { ...common, label: group.name, histogram: merged(group, name, 'intended') },
        {
          ...common,
          label: `${group.name}, service`,
          dashed: true,
          hidden: true,
          histogram: merged(group, name, 'service'),
        },
      ]
    })
    return percentileFigure(`percentiles-${name}`, `Percentiles: ${name}`, note, curves)
  })
}

function merged({ runs }: Group, name: string, side: 'intended' | 'service'): Histogram {
  const all = build({ bitBucketSize: 'packed', numberOfSignificantValueDigits: 3 })
  for (const { result } of runs) {
    const distribution = result.latencies[name]?.[side]
    if (distribution !== undefined) all.add(decodeHistogram(distribution.histogram))
  }
  return all
}

const WIDTH = 600
const HEIGHT = 26

/** Ratios with their intervals, drawn around "the same". */
function intervals({ groups, rows }: Comparison): Markup {
  const primary = rows.filter((row) => row.primary)
  const bounds = primary.flatMap(({ differences }) =>
    differences.flatMap(({ ratio, interval }) => [ratio, ...(interval ?? [])]),
  )
  const reach = Math.max(Math.log(1.1), ...bounds.map((bound) => Math.abs(Math.log(bound)))) * 1.1
  const at = (ratio: number) => (WIDTH / 2) * (1 + Math.log(ratio) / reach)
  const drawn = primary.flatMap(({ name, differences }) =>
    differences.map(({ ratio, interval, tone, words }, index) => {
      const [low, high] = interval ?? [ratio, ratio]
      const of = differences.length > 1 ? `${name}, ${groups[index + 1]?.name}` : name
      return html`<div class="ratio ${tone}"><div class="of">${of}</div>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${words}"><path class="same" d="M${WIDTH / 2} 0V${HEIGHT}"/><path class="range" d="M${at(low).toFixed(1)} 13H${at(high).toFixed(1)}"/><path class="point" d="M${at(ratio).toFixed(1)} 5V21"/></svg>
<div class="words">${words}</div></div>`
    }),
  )
  const percent = (100 * (Math.exp(reach) - 1)).toFixed(0)
  return html`<section class="card" id="ratios"><h3>Against ${groups[0]?.name ?? ''}</h3>
<p class="note">The mark is the ratio, the bar its interval, the line in the middle "the same"; the right edge is + ${percent} %. Whether more is better depends on the measure: red is worse, green better.</p>${drawn}</section>`
}
