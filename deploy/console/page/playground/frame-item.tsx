import { type LoggedFrame, prettyFrame } from '../../model/playground/frame-log.ts'
import { TimeOf } from './time-of.tsx'

interface FrameItemProps {
  readonly frame: LoggedFrame
}

/** One frame: what it is, and on opening all of it. */
export function FrameItem({ frame: { atMs, direction, type, text } }: FrameItemProps) {
  return (
    <li>
      <details>
        <summary class={direction}>
          <span class="arrow" aria-hidden="true">
            {direction === 'sent' ? '→' : '←'}
          </span>
          <span class="hidden">{direction} </span>
          <span class="type">{type === '' ? 'no JSON object' : type}</span>
          <TimeOf atMs={atMs} />
        </summary>
        <pre>{prettyFrame(text)}</pre>
      </details>
    </li>
  )
}
