import type { FeedState } from '../../model/live/feed-state.ts'
import { clockTime } from './time.ts'
import type { FollowedFeed } from './use-feed.ts'

interface FeedBarProps {
  readonly feed: FollowedFeed
  readonly onPause: (isPaused: boolean) => void
}

/** Says whether what is shown is of now, and keeps it from changing. */
export function FeedBar({ feed: { state, figures, isPaused, retry }, onPause }: FeedBarProps) {
  return (
    <div class="feed-bar">
      <p role="status" class={`feed ${isPaused ? 'paused' : state.kind}`}>
        {isPaused && figures !== undefined
          ? `Paused at ${clockTime(figures.atMs)}${state.kind === 'interrupted' ? `; ${words(state)}` : ''}`
          : words(state)}
      </p>
      {state.kind === 'interrupted' && (
        <button type="button" onClick={retry}>
          Try now
        </button>
      )}
      {figures !== undefined && (
        <button type="button" aria-pressed={isPaused} onClick={() => onPause(!isPaused)}>
          {isPaused ? 'Go on' : 'Pause'}
        </button>
      )}
    </div>
  )
}

function words(state: FeedState): string {
  switch (state.kind) {
    case 'connecting':
      return 'Waiting for the first figures …'
    case 'live':
      return 'Live'
    case 'interrupted':
      return `Interrupted since ${clockTime(state.sinceMs)}: ${state.reason}. Trying again by itself.`
  }
}
