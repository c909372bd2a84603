import { useEffect, useState } from 'preact/hooks'
import type { ConsoleSettings } from '../../figures.ts'
import { HISTORY_SECONDS, WINDOW_SECONDS } from '../../model/live/live.ts'
import type { Range } from './chart-options.ts'
import { FeedBar } from './feed-bar.tsx'
import { HealthList } from './health-list.tsx'
import { KeyFigures } from './key-figures.tsx'
import { PlotGrid } from './plot-grid.tsx'
import { ProcessTable } from './process-table.tsx'
import { Unused } from './unused.tsx'
import { type FollowedFeed, useFeed } from './use-feed.ts'

interface LiveViewProps {
  readonly settings: ConsoleSettings
  readonly isShown: boolean
  /** The service does not take the token any more. */
  readonly onTokenNeeded: () => void
}

/** What the service does right now, all processes together and each by itself. */
export function LiveView({ settings, isShown, onTokenNeeded }: LiveViewProps) {
  const feed = useFeed(onTokenNeeded)
  const [range, setRange] = useState<Range>()
  const { figures, state } = feed
  const pause = (isPaused: boolean) => {
    feed.pause(isPaused)
    if (!isPaused) setRange(undefined)
  }
  // Whoever looks at a part of the time closely does not want it to move on.
  const zoom = (wanted: Range | undefined) => {
    feed.pause(true)
    setRange(wanted)
  }
  const plots = figures?.plots ?? []
  const title = `${signOf(feed)}Pushgrid console`
  useEffect(() => {
    document.title = title
  }, [title])
  return (
    <section
      hidden={!isShown}
      class={state.kind === 'interrupted' ? 'figures old' : 'figures'}
      aria-label="Live figures"
    >
      <FeedBar feed={feed} onPause={pause} />
      {figures !== undefined && (
        <>
          <HealthList health={figures.health} />
          {figures.isUnused && <Unused settings={settings} />}
          <h2 class="unseen">Now</h2>
          <KeyFigures keys={figures.keys} plots={plots} />
          <p class="muted note">
            Rates, shares and percentiles are of the last {WINDOW_SECONDS} seconds. Plots begin when this page
            is opened, and go back {HISTORY_SECONDS / 60} minutes; drag over one, or press + in it, to look at
            a part of the time closely.
          </p>
          <h2>The service</h2>
          <PlotGrid plots={plots.filter(({ areProcesses }) => !areProcesses)} range={range} onZoom={zoom} />
          <h2>Processes</h2>
          <ProcessTable rows={figures.processes} nowMs={figures.atMs} />
          <PlotGrid plots={plots.filter(({ areProcesses }) => areProcesses)} range={range} onZoom={zoom} />
        </>
      )}
    </section>
  )
}

/** What the title of the page begins with, for who has it in the background. */
function signOf({ state, figures }: FollowedFeed): string {
  const levels = figures?.health.map(({ level }) => level) ?? []
  if (state.kind === 'interrupted' || levels.includes('bad')) return '✗ '
  return levels.includes('warn') ? '⚠ ' : ''
}
