import type { Table } from '../tables.ts'
import type { Figure } from './figure.ts'
import { html, type Markup } from './markup.ts'

/** What stands at the top of every page: where one can go, and the colours. */
export function topBar(title: string, places: readonly (readonly [id: string, name: string])[]): Markup {
  return html`<header class="bar"><span class="brand">pushgrid bench <b>${title}</b></span>
<nav aria-label="On this page">${places.map(([id, name]) => html`<a href="#${id}">${name}</a>`)}</nav>
<button type="button" id="theme" class="button">Dark</button></header>`
}

/** Warnings, before any number: what follows may not mean what it seems to. */
export function warningBox(warnings: readonly string[]): Markup | undefined {
  if (warnings.length === 0) return undefined
  const title = warnings.length === 1 ? 'One warning' : `${warnings.length} warnings`
  return html`<section class="notice warn" role="alert"><h2>⚠ ${title}</h2><ul>${warnings.map(
    (text) => html`<li>${text}</li>`,
  )}</ul></section>`
}

/** The place of a plot, with its controls and how to read it. */
export function figureBox({ id, title, note, scale, x }: Figure): Markup {
  const toggle =
    scale === 'fixed' ? undefined : html`<button type="button" class="button" data-do="log">log</button>`
  return html`<section class="card figure ${x}" id="plot-${id}"><div class="figure-head"><h3>${title}</h3>
<div class="controls">${toggle}<button type="button" class="button" data-do="reset">reset zoom</button></div></div>
<div class="plot" tabindex="0" role="group" aria-label="${title}: left and right move the cursor, plus and minus zoom, 0 shows everything"></div>
<p class="note">${note}</p></section>`
}

/** A table in a card; a wide one scrolls inside of it. */
export function tableBox({ id, title, columns, rows, empty }: Table): Markup {
  const cls = (index: number) => (columns[index]?.numeric ? 'num' : 'text')
  const body =
    rows.length === 0
      ? html`<p class="note">${empty}</p>`
      : html`<div class="scroll" tabindex="0" role="region" aria-label="${title}"><table><thead><tr>${columns.map(
          (column, index) => html`<th scope="col" class="${cls(index)}">${column.title}</th>`,
        )}</tr></thead><tbody>${rows.map(
          ({ cells, bad, good }) =>
            html`<tr class="${bad ? 'bad' : good ? 'good' : ''}">${cells.map(
              (cell, index) => html`<td class="${cls(index)}">${cell}</td>`,
            )}</tr>`,
        )}</tbody></table></div>`
  return html`<section class="card" id="${id}"><h3>${title}</h3>${body}</section>`
}

/** What a page was made from, to be kept. */
export function rawBox(fileName: string, what: string): Markup {
  return html`<section class="card" id="data"><h3>The data</h3><p class="note">${what}</p>
<button type="button" class="button strong" data-download="${fileName}">Download JSON</button></section>`
}
