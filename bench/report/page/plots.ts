import type { Figure } from '../html/figure.ts'
import { plotOptions } from './plot-options.ts'

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
    this.#makeLegendReachable()
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

  /** Left and right move the cursor from value to value; + and - zoom around it; 0 shows everything. */
  #key(event: KeyboardEvent): void {
    const plot = this.#drawn
    if (plot === undefined || event.ctrlKey || event.metaKey || event.altKey) return
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (step !== undefined) this.#moveCursor(plot, step * (event.shiftKey ? 10 : 1))
    else if (event.key === '+' || event.key === '-') this.#zoom(plot, event.key === '+' ? 0.5 : 2)
    else if (event.key === '0') this.reset()
    else return
    event.preventDefault()
  }

  #moveCursor(plot: uPlot, step: number): void {
    const { xs } = this.#figure
    const index = Math.min(xs.length - 1, Math.max(0, (plot.cursor.idx ?? -1) + step))
    plot.setCursor({ left: plot.valToPos(xs[index] ?? 0, 'x'), top: 20 })
  }

  #zoom(plot: uPlot, factor: number): void {
    const { min = 0, max = 1 } = plot.scales['x'] ?? {}
    const left = plot.cursor.left ?? -1
    const isLog = this.#figure.x === 'percentile'
    const to = (x: number) => (isLog ? Math.log10(Math.max(x, 1)) : x)
    const from = (x: number) => (isLog ? 10 ** x : x)
    const [low, high] = [to(min), to(max)]
    const middle = left >= 0 ? to(plot.posToVal(left, 'x')) : (low + high) / 2
    plot.setScale('x', {
      min: from(middle - (middle - low) * factor),
      max: from(middle + (high - middle) * factor),
    })
  }

  /** Lines are shown and hidden with the keyboard as with the mouse. */
  #makeLegendReachable(): void {
    for (const name of this.#place.querySelectorAll<HTMLElement>(
      '.u-legend .u-series:not(:first-child) th',
    )) {
      name.tabIndex = 0
      name.setAttribute('role', 'button')
      name.title = 'Show or hide this line'
      name.addEventListener('keydown', (event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return
        event.preventDefault()
        event.stopPropagation()
        name.click()
      })
    }
  }
}
