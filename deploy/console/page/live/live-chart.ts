import uPlot from 'uplot'
import { makeLegendReachable, moveCursor, plotKey, zoomed } from '../../../../bench/report/page/plot-parts.ts'
import { HISTORY_SECONDS, type LivePlot } from '../../model/live/live.ts'
import { chartOptions, type Range, SYNC } from './chart-options.ts'

/** What a chart shows. */
export interface Shown {
  readonly plot: LivePlot
  readonly isLog: boolean
  /** The part of the time that is shown; everything where there is none. */
  readonly range: Range | undefined
}

/** Less than this much time is never stretched over the whole width. */
const LEAST_SECONDS = 60

/** A plot on the page: moved on by each message, drawn anew when its lines, its colours or its scale are others. */
export class LiveChart {
  readonly #place: HTMLElement
  readonly #zoom: (range: Range | undefined) => void
  readonly #observer: ResizeObserver
  /** What the drawn plot is made for: with other lines it has to be another one. */
  #shape = ''
  #drawn: uPlot | undefined
  #shown: Shown | undefined
  /** Lines that the reader does not want to see. */
  readonly #hidden = new Set<string>()

  constructor(place: HTMLElement, title: string, onZoom: (range: Range | undefined) => void) {
    this.#place = place
    place.tabIndex = 0
    place.setAttribute('role', 'group')
    place.setAttribute(
      'aria-label',
      `${title}: left and right move the cursor, plus and minus zoom, 0 shows everything`,
    )
    this.#zoom = onZoom
    this.#observer = new ResizeObserver(() => this.#draw())
    this.#observer.observe(place)
    place.addEventListener('keydown', this.#key)
    addEventListener('themechange', this.#redraw)
    document.addEventListener('visibilitychange', this.#draw)
  }

  /** Shows this from now on. */
  show(shown: Shown): void {
    this.#shown = shown
    this.#draw()
  }

  /** Takes it off the page. */
  destroy(): void {
    this.#observer.disconnect()
    this.#place.removeEventListener('keydown', this.#key)
    removeEventListener('themechange', this.#redraw)
    document.removeEventListener('visibilitychange', this.#draw)
    this.#drawn?.destroy()
  }

  readonly #redraw = (): void => {
    this.#shape = ''
    this.#draw()
  }

  /** Nobody sees a plot in the background, or without width: it is drawn when it is seen. */
  readonly #draw = (): void => {
    const width = this.#place.clientWidth
    if (this.#shown === undefined || document.hidden || width === 0) return
    const { plot, isLog } = this.#shown
    const shape = JSON.stringify([
      isLog,
      plot.lines.map(({ key, label, colour, dashed }) => [key, label, colour, dashed]),
    ])
    if (this.#drawn === undefined || shape !== this.#shape) this.#make(this.#shown, width)
    this.#shape = shape
    const drawn = this.#drawn
    if (drawn === undefined) return
    if (drawn.width !== width) drawn.setSize({ width, height: drawn.height })
    this.#move(drawn, this.#shown)
  }

  #make({ plot, isLog }: Shown, width: number): void {
    this.#drawn?.destroy()
    const onSelect = (range: Range | undefined) => this.#zoom(range)
    const options = chartOptions(plot, { isLog, width, isHidden: (key) => this.#hidden.has(key), onSelect })
    this.#drawn = new uPlot(options, dataOf(plot, isLog), this.#place)
    this.#drawn.hooks.setSeries = [(drawn, index) => this.#remember(drawn, index)]
    makeLegendReachable(this.#place)
  }

  #move(drawn: uPlot, { plot, isLog, range }: Shown): void {
    const last = plot.times.at(-1) ?? 0
    const first = Math.max(last - HISTORY_SECONDS, Math.min(plot.times[0] ?? 0, last - LEAST_SECONDS))
    drawn.batch(() => {
      drawn.setData(dataOf(plot, isLog), false)
      drawn.setScale('x', range ?? { min: first, max: last })
    })
    if ((drawn.cursor.left ?? -1) < 0) drawn.setLegend({ idx: plot.times.length - 1 }, false)
  }

  #remember(drawn: uPlot, index: number | null): void {
    const line = index === null ? undefined : this.#shown?.plot.lines[index - 1]
    if (line === undefined || index === null) return
    if (drawn.series[index]?.show === false) this.#hidden.add(line.key)
    else this.#hidden.delete(line.key)
  }

  readonly #key = (event: KeyboardEvent): void => {
    const drawn = this.#drawn
    const key = plotKey(event)
    if (drawn === undefined || key === undefined) return
    event.preventDefault()
    if (key.kind === 'cursor') this.#moveCursors(drawn, key.steps)
    else this.#zoom(key.kind === 'zoom' ? zoomed(drawn, key.factor) : undefined)
  }

  /** The cursors of all plots go to the same moment. */
  #moveCursors(drawn: uPlot, steps: number): void {
    moveCursor(drawn, steps)
    const at = drawn.data[0][drawn.cursor.idx ?? 0]
    for (const other of uPlot.sync(SYNC).plots)
      if (other !== drawn && at !== undefined) other.setCursor({ left: other.valToPos(at, 'x'), top: 20 })
  }
}

/** A logarithmic scale has no zero. */
function dataOf({ times, lines }: LivePlot, isLog: boolean): uPlot.AlignedData {
  const fit = (value: number | null) => (isLog && value !== null && value <= 0 ? null : value)
  return [[...times], ...lines.map(({ values }) => values.map(fit))]
}
