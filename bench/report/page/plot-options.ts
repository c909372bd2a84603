import type { Band, Figure, Line } from '../html/figure.ts'
import { NOTHING, quantity, tick } from '../units.ts'
import { axis, colourOf, styleOf, valueAxis } from './plot-parts.ts'

/** How uPlot is to draw a figure at a width. */
export function plotOptions(figure: Figure, log: boolean, width: number): uPlot.Options {
  const isPercentile = figure.x === 'percentile'
  return {
    width,
    height: width < 480 ? 220 : 260,
    padding: [14, 24, 0, 0],
    scales: {
      x: { time: false, distr: isPercentile ? 3 : 1, range: (_, min, max) => [min, max] },
      y: log ? { distr: 3 } : { range: (_, __, max) => [0, max > 0 ? max * 1.08 : 1] },
    },
    axes: [isPercentile ? percentileAxis() : secondsAxis(), valueAxis(figure.unit, log)],
    series: [xSeries(figure), ...figure.lines.map((line) => lineSeries(figure, line))],
    cursor: {
      ...(isPercentile ? {} : { sync: { key: 'seconds' } }),
      drag: { x: true, y: false },
      points: { size: 7 },
    },
    legend: {
      live: true,
      markers: { width: 2, dash: (_, index) => (figure.lines[index - 1]?.dashed ? 'dashed' : 'solid') },
    },
    hooks: { drawClear: [(plot) => drawBands(plot, figure)] },
  }
}

function xSeries(figure: Figure): uPlot.Series {
  const value = (_: uPlot, x: number | null) =>
    x === null ? NOTHING : figure.x === 'percentile' ? percentName(x) : quantity(x, 's')
  return { label: figure.x === 'percentile' ? 'percentile' : 'after', value }
}

function lineSeries({ unit, xs }: Figure, line: Line): uPlot.Series {
  const few = line.values.filter((value) => value !== null).length < 40
  return {
    label: line.label,
    stroke: colourOf(line),
    width: 1.75,
    spanGaps: xs.length > 0 && few,
    show: !line.hidden,
    points: { show: few, size: 5 },
    ...(line.dashed ? { dash: [5, 4] } : {}),
    value: (_, value) => quantity(value, unit),
  }
}

function secondsAxis(): uPlot.Axis {
  return { ...axis(), size: 32, values: (_, ticks) => ticks.map((at) => tick(at, 's')) }
}

function percentileAxis(): uPlot.Axis {
  return {
    ...axis(),
    size: 32,
    splits: (_, __, min, max) =>
      [1, 2, 4, 10, 100, 1000, 10_000, 100_000, 1e6, 1e7].filter((x) => x >= min && x <= max * 1.01),
    filter: (plot, splits) =>
      plot.width < 480 ? splits.map((x) => (x === 4 || x === 2 ? null : x)) : splits,
    values: (_, ticks) => ticks.map((x) => (x === null ? null : percentName(x))),
  }
}

/** What 1 / (1 - p) stands for: 100 is 99 %. */
export function percentName(x: number): string {
  const decimals =
    Math.max(0, Math.ceil(Math.log10(x) - 2 - 1e-9)) + (Number.isInteger(Math.log10(x)) ? 0 : 1)
  return `${String(Number((100 * (1 - 1 / x)).toFixed(decimals)))} %`
}

/** Shades what was not measured, marks where phases begin, and names them where there is room. */
function drawBands(plot: uPlot, { bands }: Figure): void {
  const { ctx, bbox } = plot
  const ratio = devicePixelRatio
  ctx.save()
  ctx.beginPath()
  ctx.rect(bbox.left, bbox.top - 14 * ratio, bbox.width, bbox.height + 14 * ratio)
  ctx.clip()
  ctx.font = `${11 * ratio}px system-ui, sans-serif`
  // The axes leave behind how they aligned theirs.
  ctx.textAlign = 'left'
  ctx.textBaseline = 'alphabetic'
  bands.forEach((band, index) => {
    const from = plot.valToPos(band.fromS, 'x', true)
    const to = plot.valToPos(band.toS, 'x', true)
    ctx.fillStyle = styleOf(
      band.measured ? (index % 2 === 1 ? '--band-even' : '--band-odd') : '--band-warm-up',
    )
    ctx.fillRect(from, bbox.top, to - from, bbox.height)
    const left = Math.max(from, bbox.left)
    nameBand(ctx, band, left, Math.min(to, bbox.left + bbox.width) - left, bbox, ratio)
  })
  ctx.restore()
}

/** Above the band; upright in it where it is narrow, and what was not measured has to be told. */
function nameBand(
  ctx: CanvasRenderingContext2D,
  { name, measured }: Band,
  left: number,
  room: number,
  bbox: uPlot.BBox,
  ratio: number,
): void {
  ctx.fillStyle = styleOf('--muted')
  const { width } = ctx.measureText(name)
  if (width + 6 * ratio < room) {
    ctx.fillText(name, left + 4 * ratio, bbox.top - 3 * ratio)
  } else if (!measured && room > 12 * ratio && width < bbox.height) {
    ctx.save()
    ctx.translate(left + room / 2 + 4 * ratio, bbox.top + width + 6 * ratio)
    ctx.rotate(-Math.PI / 2)
    ctx.fillText(name, 0, 0)
    ctx.restore()
  }
}
