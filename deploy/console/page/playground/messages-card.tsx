import type { Sent } from '../../model/playground/sent.ts'
import type { AgentRunner } from './agent-runner.ts'
import { MessageItem } from './message-item.tsx'
import { useStore } from './store.ts'

interface MessagesCardProps {
  readonly runner: AgentRunner
  /** What this page has sent, by its encrypted body. */
  readonly own: ReadonlyMap<string, Sent>
}

/** What has arrived, decrypted, the newest first. */
export function MessagesCard({ runner, own }: MessagesCardProps) {
  const { messages, link } = useStore(runner.state)
  return (
    <section class="card" aria-labelledby="messages-title">
      <div class="row head">
        <h3 id="messages-title">Messages</h3>
        <button
          type="button"
          class="small"
          disabled={messages.length === 0}
          onClick={() => runner.dispatch({ kind: 'clearMessages' })}
        >
          Clear
        </button>
      </div>
      {messages.length === 0 && (
        <p class="muted small">
          Nothing yet. What comes is decrypted here, and the service never sees the keys.
        </p>
      )}
      <ul class="items" data-test="messages">
        {messages.map((message) => (
          <MessageItem
            key={message.id}
            message={message}
            sent={own.get(message.notification.data ?? '')}
            isConnected={link.kind === 'open'}
            onAnswer={(answer) => runner.dispatch({ kind: 'answer', id: message.id, answer })}
          />
        ))}
      </ul>
    </section>
  )
}
