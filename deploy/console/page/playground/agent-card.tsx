import type { ConsoleSettings } from '../../figures.ts'
import { defaultWebsocketUrl } from '../../model/playground/websocket-url.ts'
import { AgentOptions } from './agent-options.tsx'
import type { AgentRunner } from './agent-runner.ts'
import { Broadcasts } from './broadcasts.tsx'
import { ConnectionForm } from './connection-form.tsx'
import { keptUrl } from './kept.ts'
import { LinkState } from './link-state.tsx'
import { useStore } from './store.ts'

interface AgentCardProps {
  readonly settings: ConsoleSettings
  readonly runner: AgentRunner
}

/** The user agent: its connection, who it is, and how it behaves. */
export function AgentCard({ settings, runner }: AgentCardProps) {
  const state = useStore(runner.state)
  const { link, identity, notice } = state
  return (
    <section class="card" aria-labelledby="agent-title">
      <h3 id="agent-title">User agent</h3>
      <p class="muted small">What a browser is for the push service. This tab is one, until it is closed.</p>
      <ConnectionForm
        link={link}
        initialUrl={initialUrl(settings)}
        hint={
          settings.wsPort === null
            ? 'A guess: the process that this page came from has no websocket side. Whoever runs the service knows the URL.'
            : undefined
        }
        onConnect={(url) => runner.connect(url)}
        onDisconnect={() => runner.disconnect()}
      />
      <LinkState link={link} />
      <dl class="facts">
        <dt>UAID</dt>
        <dd>
          {identity.uaid === undefined ? (
            <span class="muted">none yet; the service issues one</span>
          ) : (
            <code data-test="uaid">{identity.uaid}</code>
          )}
        </dd>
      </dl>
      <p class={`notice ${notice.tone}`} role="status">
        {notice.text}
      </p>
      <div class="row">
        <button
          type="button"
          class="small"
          disabled={link.kind !== 'open' || state.pingSentAtMs !== undefined}
          onClick={() => runner.dispatch({ kind: 'ping', atMs: Date.now() })}
        >
          Ping
        </button>
        <button
          type="button"
          class="small"
          disabled={link.kind !== 'closed' || (identity.uaid === undefined && identity.channels.length === 0)}
          onClick={() => runner.renew()}
        >
          New identity
        </button>
      </div>
      <p class="muted small after">
        A ping is the frame <code>{'{}'}</code>; more than one in 45 s closes the connection. A new identity,
        while disconnected, leaves UAID and subscriptions behind.
      </p>
      <AgentOptions state={state} runner={runner} />
      <Broadcasts state={state} runner={runner} />
    </section>
  )
}

/** Where this tab was connected to last, else where the service most likely is. */
export function initialUrl(settings: ConsoleSettings): string {
  return keptUrl() ?? defaultWebsocketUrl(location, settings)
}
