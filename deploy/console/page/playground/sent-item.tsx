import type { Sent } from '../../model/playground/sent.ts'
import { durationText } from '../../model/playground/times.ts'
import { AnswerDetails } from './answer-details.tsx'
import { ReceiptLine } from './receipt-line.tsx'
import { TimeOf } from './time-of.tsx'

interface SentItemProps {
  readonly sent: Sent
  readonly isNewest: boolean
  /** When it came here; absent where it has not, or went to somebody else. */
  readonly arrivedAtMs: number | undefined
  readonly onTakeBack: () => void
  readonly onStopWaiting: () => void
}

/** A message that was sent: what the service has answered, and what has become of it. */
export function SentItem({ sent, isNewest, arrivedAtMs, onTakeBack, onStopWaiting }: SentItemProps) {
  const { atMs, letter, answer, location, receipt, takenBack } = sent
  const isOver =
    arrivedAtMs !== undefined || receipt.kind === 'acknowledged' || receipt.kind === 'notDelivered'
  return (
    <li class="item">
      <div class="row">
        <TimeOf atMs={atMs} />
        <span class="grow">to {letter.name}</span>
      </div>
      <p class="quoted clipped">{letter.text === '' ? <span class="muted">(empty)</span> : letter.text}</p>
      <div role={isNewest ? 'status' : undefined}>
        <Outcome sent={sent} />
        {arrivedAtMs !== undefined && (
          <p class="good">Arrived here after {durationText(arrivedAtMs - atMs)}.</p>
        )}
        <ReceiptLine receipt={receipt} onStopWaiting={onStopWaiting} />
        {takenBack !== undefined && <p class={takenBack.isDone ? '' : 'bad'}>{takenBack.text}</p>}
      </div>
      {location !== undefined && !isOver && takenBack?.isDone !== true && (
        <button type="button" class="small" onClick={onTakeBack}>
          Delete message
        </button>
      )}
      {answer.kind === 'answered' && <AnswerDetails answer={answer} request={sent.request} />}
    </li>
  )
}

function Outcome({ sent: { answer } }: Pick<SentItemProps, 'sent'>) {
  switch (answer.kind) {
    case 'waiting':
      return <p class="muted">Waiting for the answer …</p>
    case 'unreachable':
      return <p class="bad">{answer.why}</p>
    case 'answered':
      return (
        <p class={answer.status < 300 ? 'good' : 'bad'}>
          <strong>
            {answer.status} {answer.statusText}
          </strong>{' '}
          after {durationText(answer.tookMs)}
        </p>
      )
  }
}
