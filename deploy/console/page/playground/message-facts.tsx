import type { ReceivedMessage } from '../../model/playground/agent-state.ts'
import type { Sent } from '../../model/playground/sent.ts'
import { acceptedAtMs, durationText } from '../../model/playground/times.ts'
import { TimeOf } from './time-of.tsx'

interface MessageFactsProps {
  readonly message: ReceivedMessage
  readonly sent: Sent | undefined
}

/** What else is known of a message: of one that this page has sent all, of others what the service passes on. */
export function MessageFacts({ message: { atMs, notification, content }, sent }: MessageFactsProps) {
  const { version, ttl, headers } = notification
  const acceptedMs = acceptedAtMs(version)
  return (
    <dl class="facts">
      {sent !== undefined ? (
        <>
          <dt>Sent</dt>
          <dd>
            <TimeOf atMs={sent.atMs} /> from this page, here after {durationText(atMs - sent.atMs)}
          </dd>
        </>
      ) : (
        acceptedMs !== undefined && (
          <>
            <dt>Accepted</dt>
            <dd>
              <TimeOf atMs={acceptedMs} /> by the service’s clock
            </dd>
          </>
        )
      )}
      {sent !== undefined && (
        <>
          <dt>Topic</dt>
          <dd>{sent.letter.topic ?? <span class="muted">none</span>}</dd>
          <dt>Urgency</dt>
          <dd>{sent.letter.urgency}</dd>
        </>
      )}
      {ttl !== undefined && (
        <>
          <dt>TTL left</dt>
          <dd>{ttl} s</dd>
        </>
      )}
      {headers?.encoding !== undefined && (
        <>
          <dt>Encoding</dt>
          <dd>
            {headers.encoding}
            {content !== undefined &&
              'bytes' in content &&
              `, ${content.bytes.toLocaleString('en')} bytes of text`}
          </dd>
        </>
      )}
      <dt>Version</dt>
      <dd>
        <code>{version}</code>
      </dd>
    </dl>
  )
}
