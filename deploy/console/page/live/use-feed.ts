import { useEffect, useRef, useState } from 'preact/hooks'
import type { FeedState } from '../../model/live/feed-state.ts'
import { Live, type LiveFigures } from '../../model/live/live.ts'
import { Feed } from './feed.ts'

/** What the feed has brought, and what can be done with it. */
export interface FollowedFeed {
  readonly state: FeedState
  /** What is to be shown; undefined before the first message. */
  readonly figures: LiveFigures | undefined
  readonly isPaused: boolean
  /** Keeps showing what is shown; what comes meanwhile is there when it goes on. */
  readonly pause: (isPaused: boolean) => void
  readonly retry: () => void
}

/** Follows the figures of the service for as long as the component is there. */
export function useFeed(onTokenNeeded: () => void): FollowedFeed {
  const [state, setState] = useState<FeedState>({ kind: 'connecting' })
  const [figures, setFigures] = useState<LiveFigures>()
  const [isPaused, setPaused] = useState(false)
  const latest = useRef<LiveFigures>(undefined)
  const mayShow = useRef(true)
  const feed = useRef<Feed>(undefined)
  useEffect(() => {
    const live = new Live()
    feed.current = new Feed({
      see(message) {
        latest.current = live.see(message)
        if (mayShow.current) setFigures(latest.current)
      },
      changed: (now) => setState((before) => (before.kind === 'live' && now.kind === 'live' ? before : now)),
      tokenNeeded: onTokenNeeded,
    })
    return () => feed.current?.stop()
  }, [])
  const pause = (isPaused: boolean) => {
    mayShow.current = !isPaused
    setPaused(isPaused)
    if (!isPaused) setFigures(latest.current)
  }
  return { state, figures, isPaused, pause, retry: () => feed.current?.retry() }
}
