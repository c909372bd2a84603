import type { Figure } from '../html/figure.ts'
import { Plot } from './plots.ts'
import { startTheme } from './theme.ts'

const plots: Plot[] = []
// The writer of the page is the one who knows that it is so.
const figures = JSON.parse(textOf('figures-json')) as readonly Figure[]
for (const figure of figures) {
  const section = document.getElementById(`plot-${figure.id}`)
  const place = section?.querySelector<HTMLElement>('.plot')
  if (section && place) plots.push(new Plot(figure, section, place))
}
startTheme(() => {
  for (const plot of plots) plot.draw()
})
for (const button of document.querySelectorAll<HTMLElement>('[data-download]'))
  button.addEventListener('click', () => download(button.dataset['download'] ?? 'result.json'))
// On paper there is nobody to open what is closed.
addEventListener('beforeprint', () => {
  for (const details of document.querySelectorAll<HTMLDetailsElement>('details.print')) details.open = true
})

function download(name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([textOf('raw-json')], { type: 'application/json' }))
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}

function textOf(id: string): string {
  return document.getElementById(id)?.textContent ?? ''
}
