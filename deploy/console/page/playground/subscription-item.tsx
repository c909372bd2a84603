import { type PageChannel, subscriptionOf } from '../../model/playground/channel.ts'
import { CopyButton } from './copy-button.tsx'

interface SubscriptionItemProps {
  readonly channel: PageChannel
  readonly isConnected: boolean
  readonly onUnregister: () => void
  readonly onForget: () => void
}

/** One subscription: where to send to it, and how to end it. */
export function SubscriptionItem({ channel, isConnected, onUnregister, onForget }: SubscriptionItemProps) {
  const { name, channelID, vapidKey, isEnded = false } = channel
  const subscription = subscriptionOf(channel)
  const json = JSON.stringify(subscription)
  return (
    <li class="item" aria-label={name}>
      <div class="row">
        <strong>{name}</strong>
        {isEnded ? (
          <span class="badge bad">ended</span>
        ) : subscription === undefined ? (
          <span class="badge warn">not answered yet</span>
        ) : (
          <span class="badge">{vapidKey === undefined ? 'anybody may send' : 'this page may send'}</span>
        )}
      </div>
      <dl class="facts">
        <dt>Channel</dt>
        <dd>
          <code>{channelID}</code>
        </dd>
        {subscription !== undefined && (
          <>
            <dt>Endpoint</dt>
            <dd>
              <code class="clipped" title={subscription.endpoint}>
                {subscription.endpoint}
              </code>
            </dd>
          </>
        )}
      </dl>
      <div class="row">
        {subscription !== undefined && <CopyButton text={json} label="Copy as JSON" />}
        {isEnded ? (
          <button type="button" class="small" onClick={onForget}>
            Forget
          </button>
        ) : (
          <button type="button" class="small" disabled={!isConnected} onClick={onUnregister}>
            Unregister
          </button>
        )}
      </div>
      {subscription !== undefined && (
        <details>
          <summary>JSON, for web-push and pushgrid send</summary>
          <pre>{JSON.stringify(subscription, undefined, 2)}</pre>
        </details>
      )}
    </li>
  )
}
