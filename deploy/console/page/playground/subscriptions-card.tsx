import { useState } from 'preact/hooks'
import type { AgentRunner } from './agent-runner.ts'
import { Field } from './field.tsx'
import { useStore } from './store.ts'
import { SubscriptionItem } from './subscription-item.tsx'

interface SubscriptionsCardProps {
  readonly runner: AgentRunner
  /** Public key of this page as an application server. */
  readonly vapidKey: string
}

/** The subscriptions of the user agent, and a form to make another. */
export function SubscriptionsCard({ runner, vapidKey }: SubscriptionsCardProps) {
  const { link, identity } = useStore(runner.state)
  const { channels } = identity
  const [typed, setTyped] = useState<string>()
  const [isRestricted, setRestricted] = useState(true)
  const name = typed ?? `subscription ${channels.length + 1}`
  const register = (event: SubmitEvent) => {
    event.preventDefault()
    void runner.register(name.trim() || 'nameless', isRestricted ? vapidKey : undefined)
    setTyped(undefined)
  }
  return (
    <section class="card" aria-labelledby="subscriptions-title">
      <h3 id="subscriptions-title">Subscriptions</h3>
      <form onSubmit={register}>
        <Field id="channel-name" label="Name, for you only">
          <input
            id="channel-name"
            type="text"
            maxLength={64}
            value={name}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
        </Field>
        <label class="check">
          <input
            type="checkbox"
            checked={isRestricted}
            onChange={(event) => setRestricted(event.currentTarget.checked)}
          />
          Only this page may send to it (its VAPID key)
        </label>
        <button type="submit" class="primary" disabled={link.kind !== 'open'}>
          Register
        </button>
        {link.kind !== 'open' && <span class="muted small beside">after connecting</span>}
      </form>
      {channels.length > 0 && (
        <ul class="items">
          {channels.map((channel) => (
            <SubscriptionItem
              key={channel.channelID}
              channel={channel}
              isConnected={link.kind === 'open'}
              onUnregister={() => runner.dispatch({ kind: 'unregister', channelID: channel.channelID })}
              onForget={() => runner.dispatch({ kind: 'forget', channelID: channel.channelID })}
            />
          ))}
        </ul>
      )}
    </section>
  )
}
