import type { Answer } from '../../../by-hand/answer.ts'
import type { Content } from '../../../by-hand/content.ts'
import type { ReceivedMessage } from '../../model/playground/agent-state.ts'
import type { Sent } from '../../model/playground/sent.ts'
import { AnswerButtons } from './answer-buttons.tsx'
import { MessageFacts } from './message-facts.tsx'
import { TimeOf } from './time-of.tsx'

interface MessageItemProps {
  readonly message: ReceivedMessage
  /** The same message, where this page has sent it. */
  readonly sent: Sent | undefined
  readonly isConnected: boolean
  readonly onAnswer: (answer: Answer) => void
}

/** A message that has arrived. */
export function MessageItem({ message, sent, isConnected, onAnswer }: MessageItemProps) {
  const { atMs, channel, notification, content, isRepeated, answer } = message
  return (
    <li class="item">
      <div class="row">
        <TimeOf atMs={atMs} />
        <span class="grow">{channel ?? `unknown channel ${notification.channelID}`}</span>
        {isRepeated && <span class="badge warn">again</span>}
        <span class={`badge ${answer.kind === 'ack' ? 'good' : 'warn'}`}>
          {answer.kind === 'none' ? 'not answered' : `${answer.kind} ${answer.code}`}
        </span>
      </div>
      <ContentOf content={content} />
      {answer.kind === 'none' && content !== undefined && isConnected && (
        <AnswerButtons onAnswer={onAnswer} />
      )}
      <MessageFacts message={message} sent={sent} />
    </li>
  )
}

function ContentOf({ content }: { readonly content: Content | undefined }) {
  switch (content?.kind) {
    case undefined:
      return <p class="muted">Decrypting …</p>
    case 'empty':
      return <p class="muted">(empty)</p>
    case 'text':
      return (
        <p class="quoted" data-test="text">
          {content.text === '' ? <span class="muted">(a text of no characters)</span> : content.text}
        </p>
      )
    case 'binary':
      return (
        <p class="quoted">
          <span class="muted">No text; in base64url:</span> <code>{content.base64url}</code>
        </p>
      )
    case 'unreadable':
      return <p class="bad">It can’t be decrypted: {content.why}.</p>
  }
}
