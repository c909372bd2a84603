import type { ReceiptState } from '../../model/playground/sent.ts'
import { durationText } from '../../model/playground/times.ts'

interface ReceiptLineProps {
  readonly receipt: ReceiptState
  readonly onStopWaiting: () => void
}

/** What is known of a message by its receipt. */
export function ReceiptLine({ receipt, onStopWaiting }: ReceiptLineProps) {
  switch (receipt.kind) {
    case 'notAsked':
      return null
    case 'waiting':
      return (
        <p class="row">
          <span class="warn">Waiting for the receipt …</span>
          <button type="button" class="small" onClick={onStopWaiting}>
            Stop waiting
          </button>
        </p>
      )
    case 'acknowledged':
      return <p class="good">Receipt 204: acknowledged, after {durationText(receipt.tookMs)}.</p>
    case 'notDelivered':
      return (
        <p class="bad">
          Receipt 410: not delivered, and it will not be; after {durationText(receipt.tookMs)}.
        </p>
      )
    case 'none':
      return <p class="muted">No receipt. {receipt.why}</p>
  }
}
