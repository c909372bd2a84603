import type { Figure } from '../html/figure.ts'
import { plotOptions } from './plot-options.ts'
import { makeLegendReachable, moveCursor, plotKey, zoomed } from './plot-parts.ts'

/** Percentiles are spread by the number of nines. */
const PERCENTILES = { to: (x: number) => Math.log10(Math.max(x, 1)), from: (x: number) => 10 ** x }

/** A figure on the page: drawn, zoomed, put on another scale, and drawn again when width or colours change. */
export class Plot {
  readonly #figure: Figure
  readonly #place: HTMLElement
  #log: boolean
  #drawn: uPlot | undefined

  constructor(figure: Figure, section: HTMLElement, place: HTMLElement) {
    this.#figure = figure
    this.#place = place
    this.#log = figure.scale === 'log'
    this.#startControls(section)
    new ResizeObserver(() => this.#fit()).observe(place)
    place.addEventListener('keydown', (event) => this.#key(event))
  }

  /** Draws it anew, in the colours of the page as they are. */
  draw(): void {
    const hidden = this.#drawn?.series.map(({ show }) => show === false)
    this.#drawn?.destroy()
    const options = plotOptions(this.#figure, this.#log, this.#width())
    hidden?.forEach((isHidden, index) => {
      const series = options.series[index]
      if (series !== undefined && index > 0) series.show = !isHidden
    })
    this.#drawn = new uPlot(options, this.#data(), this.#place)
    this.#showBands()
    makeLegendReachable(this.#place)
  }

  /** Shows everything again. */
  reset(): void {
    this.#drawn?.setData(this.#data())
    this.#showBands()
  }

  #data(): uPlot.AlignedData {
    const { xs, lines } = this.#figure
    // A logarithmic scale has no zero.
    const positive = (value: number | null) => (value !== null && value > 0 ? value : null)
    const values = lines.map((line) => (this.#log ? line.values.map(positive) : [...line.values]))
    return [[...xs], ...values]
  }

  /** The phases before the first value belong to the picture, too. */
  #showBands(): void {
    const { bands, xs } = this.#figure
    if (bands.length === 0) return
    const min = Math.min(xs[0] ?? 0, ...bands.map(({ fromS }) => fromS))
    const max = Math.max(xs.at(-1) ?? 1, ...bands.map(({ toS }) => toS))
    this.#drawn?.setScale('x', { min, max })
  }

  #startControls(section: HTMLElement): void {
    const scale = section.querySelector('[data-do=log]')
    const show = () => scale?.setAttribute('aria-pressed', String(this.#log))
    show()
    scale?.addEventListener('click', () => {
      this.#log = !this.#log
      show()
      this.draw()
    })
    section.querySelector('[data-do=reset]')?.addEventListener('click', () => this.reset())
  }

  #width(): number {
    return Math.max(200, this.#place.clientWidth)
  }

  #fit(): void {
    const plot = this.#drawn
    if (plot !== undefined && plot.width !== this.#width())
      plot.setSize({ width: this.#width(), height: plot.height })
  }

  #key(event: KeyboardEvent): void {
    const plot = this.#drawn
    const key = plotKey(event)
    if (plot === undefined || key === undefined) return
    if (key.kind === 'cursor') moveCursor(plot, key.steps)
    else if (key.kind === 'reset') this.reset()
    else
      plot.setScale('x', zoomed(plot, key.factor, this.#figure.x === 'percentile' ? PERCENTILES : undefined))
    event.preventDefault()
  }
}
