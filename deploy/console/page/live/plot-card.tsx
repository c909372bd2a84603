import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { LivePlot } from '../../model/live/live.ts'
import type { Range } from './chart-options.ts'
import { LiveChart } from './live-chart.ts'

interface PlotCardProps {
  readonly plot: LivePlot
  readonly range: Range | undefined
  readonly onZoom: (range: Range | undefined) => void
}

/** A plot with its title, how to read it, and on which scale. */
export function PlotCard({ plot, range, onZoom }: PlotCardProps) {
  const place = useRef<HTMLDivElement>(null)
  const chart = useRef<LiveChart>(undefined)
  const zoom = useRef(onZoom)
  zoom.current = onZoom
  const [isLog, setLog] = useState(plot.hasLog)
  useLayoutEffect(() => {
    if (place.current === null) return
    chart.current = new LiveChart(place.current, plot.title, (wanted) => zoom.current(wanted))
    return () => chart.current?.destroy()
  }, [])
  useLayoutEffect(() => chart.current?.show({ plot, isLog, range }), [plot, isLog, range])
  const isEmpty = plot.lines.length === 0
  return (
    <section class="card plot-card" id={`plot-${plot.id}`}>
      <div class="plot-head">
        <h3>{plot.title}</h3>
        {plot.hasLog && (
          <button type="button" aria-pressed={isLog} onClick={() => setLog(!isLog)}>
            log
          </button>
        )}
      </div>
      <div ref={place} class="plot" hidden={isEmpty} />
      {isEmpty && <p class="nothing muted">None so far.</p>}
      <p class="muted note">{plot.note}</p>
    </section>
  )
}
