import { useState } from 'preact/hooks'
import { FRAMES_MAX, matchingFrames } from '../../model/playground/frame-log.ts'
import type { AgentRunner } from './agent-runner.ts'
import { FrameItem } from './frame-item.tsx'
import { RawFrame } from './raw-frame.tsx'
import { useStore } from './store.ts'

interface FramesCardProps {
  readonly runner: AgentRunner
}

/** The frames of the websocket as they pass, the newest first. */
export function FramesCard({ runner }: FramesCardProps) {
  const log = useStore(runner.log)
  const { link } = useStore(runner.state)
  const [filter, setFilter] = useState('')
  const frames = matchingFrames(log, filter)
  return (
    <section class="card" aria-labelledby="frames-title">
      <div class="row head">
        <h3 id="frames-title">Frames</h3>
        <button
          type="button"
          class="small"
          aria-pressed={log.isPaused}
          onClick={() => runner.pauseLog(!log.isPaused)}
        >
          {log.isPaused ? 'Go on' : 'Pause'}
        </button>
        <button
          type="button"
          class="small"
          disabled={log.frames.length === 0}
          onClick={() => runner.clearLog()}
        >
          Clear
        </button>
      </div>
      {log.isPaused && <p class="warn small">Paused: {log.missed} frames passed that are not noted.</p>}
      <label class="hidden" for="frame-filter">
        Filter frames
      </label>
      <input
        id="frame-filter"
        type="search"
        placeholder="Filter: words of type, direction or text"
        value={filter}
        onInput={(event) => setFilter(event.currentTarget.value)}
      />
      {log.frames.length === 0 ? (
        <p class="muted small">None yet. The last {FRAMES_MAX} are kept; open one to read it.</p>
      ) : (
        frames.length === 0 && <p class="muted small">None of {log.frames.length} has all these words.</p>
      )}
      <ul class="frames" data-test="frames">
        {frames.map((frame) => (
          <FrameItem key={frame.id} frame={frame} />
        ))}
      </ul>
      <RawFrame
        isConnected={link.kind === 'open' || link.kind === 'greeting'}
        onSend={(text) => runner.sendRaw(text)}
      />
    </section>
  )
}
