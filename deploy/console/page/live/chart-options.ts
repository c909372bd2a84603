import uPlot from 'uplot'
import { axis, colourOf, valueAxis } from '../../../../bench/report/page/plot-parts.ts'
import { NOTHING, quantity } from '../../../../bench/report/units.ts'
import type { LivePlot } from '../../model/live/live.ts'
import type { LiveLine } from '../../model/live/plot-lines.ts'
import { clockTime } from './time.ts'

/** Name of the group of plots that have one cursor together. */
export const SYNC = 'live'

/** A part of the time, in seconds. */
export interface Range {
  readonly min: number
  readonly max: number
}

interface ChartSettings {
  readonly isLog: boolean
  readonly width: number
  readonly isHidden: (key: string) => boolean
  /** The reader has chosen a part of the time, or everything. */
  readonly onSelect: (range: Range | undefined) => void
}

/** How uPlot is to draw a live plot. */
export function chartOptions(plot: LivePlot, settings: ChartSettings): uPlot.Options {
  const { isLog, width, isHidden, onSelect } = settings
  const showAll = () => {
    onSelect(undefined)
    return null
  }
  return {
    width,
    height: width < 480 ? 190 : 220,
    padding: [12, 16, 0, 0],
    scales: {
      x: { range: (_, min, max) => [min, max] },
      y: isLog ? { distr: 3, range: logRange } : { range: (_, __, max) => [0, max > 0 ? max * 1.08 : 1] },
    },
    axes: [timeAxis(), valueAxis(plot.unit, isLog)],
    series: [timeSeries(), ...plot.lines.map((line) => lineSeries(plot, line, !isHidden(line.key)))],
    cursor: {
      sync: { key: SYNC, scales: ['x', null], filters: { pub: isOfCursor, sub: isOfCursor } },
      drag: { x: true, y: false, setScale: false },
      bind: { dblclick: () => showAll },
      points: { size: 7 },
    },
    legend: {
      markers: { width: 2, dash: (_, index) => (plot.lines[index - 1]?.dashed ? 'dashed' : 'solid') },
    },
    hooks: { setSelect: [(drawn) => select(drawn, onSelect)], setCursor: [showLatest] },
  }
}

/** What is dragged in one plot is not dragged in the others. */
function isOfCursor(type: string): boolean {
  return type === 'mousemove' || type === 'mouseleave'
}

function select(drawn: uPlot, onSelect: ChartSettings['onSelect']): void {
  const { left, width } = drawn.select
  if (width > 4) onSelect({ min: drawn.posToVal(left, 'x'), max: drawn.posToVal(left + width, 'x') })
  drawn.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
}

/** Without a cursor the legend says what is now. */
function showLatest(drawn: uPlot): void {
  if ((drawn.cursor.left ?? -1) < 0) drawn.setLegend({ idx: drawn.data[0].length - 1 }, false)
}

/** Before there is a value there is no range either. */
function logRange(_: uPlot, min: number | null, max: number | null): uPlot.Range.MinMax {
  return min === null || max === null || max <= 0 ? [0.001, 1] : uPlot.rangeLog(min, max, 10, false)
}

function timeAxis(): uPlot.Axis {
  return { ...axis(), size: 32, space: 70, values: (_, ticks) => ticks.map((at) => clockTime(at * 1000)) }
}

function timeSeries(): uPlot.Series {
  return { label: 'at', value: (_, at) => (at === null ? NOTHING : clockTime(at * 1000)) }
}

function lineSeries({ unit }: LivePlot, line: LiveLine, show: boolean): uPlot.Series {
  return {
    label: line.label,
    stroke: colourOf(line),
    width: 1.75,
    show,
    points: { show: false },
    ...(line.dashed ? { dash: [5, 4] } : {}),
    value: (_, value) => quantity(value, unit),
  }
}
