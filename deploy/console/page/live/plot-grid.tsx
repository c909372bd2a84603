import type { LivePlot } from '../../model/live/live.ts'
import type { Range } from './chart-options.ts'
import { PlotCard } from './plot-card.tsx'

interface PlotGridProps {
  readonly plots: readonly LivePlot[]
  /** The part of the time that is looked at closely. */
  readonly range: Range | undefined
  readonly onZoom: (range: Range | undefined) => void
}

/** Plots beside and below each other, as there is room. */
export function PlotGrid({ plots, range, onZoom }: PlotGridProps) {
  return (
    <div class="plots">
      {plots.map((plot) => (
        <PlotCard key={plot.id} plot={plot} range={range} onZoom={onZoom} />
      ))}
    </div>
  )
}
