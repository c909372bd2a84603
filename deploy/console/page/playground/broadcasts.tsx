import { useState } from 'preact/hooks'
import type { AgentState } from '../../model/playground/agent-state.ts'
import type { AgentRunner } from './agent-runner.ts'
import { described, Field } from './field.tsx'

interface BroadcastsProps {
  readonly state: AgentState
  readonly runner: AgentRunner
}

/** Broadcasts that the user agent hears of, and a form to hear of another. */
export function Broadcasts({ state, runner }: BroadcastsProps) {
  const [name, setName] = useState('')
  const { link, identity, broadcastErrors } = state
  const heard = Object.entries(identity.broadcasts)
  const subscribe = (event: SubmitEvent) => {
    event.preventDefault()
    const broadcast = name.trim()
    if (broadcast === '') return document.getElementById('broadcast')?.focus()
    runner.dispatch({ kind: 'subscribeBroadcast', broadcast, version: '' })
    setName('')
  }
  return (
    <details>
      <summary>Broadcasts{heard.length > 0 && ` (${heard.length})`}</summary>
      <form onSubmit={subscribe}>
        <Field
          id="broadcast"
          label="Broadcast"
          hint="Such as remote-settings/monitor_changes. An operator sets it, with the admin token; its version comes here at once."
        >
          <input
            {...described('broadcast')}
            type="text"
            spellcheck={false}
            placeholder="broadcaster/channel"
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </Field>
        <button type="submit" class="plain small" disabled={link.kind !== 'open'}>
          Hear of it
        </button>
      </form>
      {heard.length > 0 && (
        <dl class="facts">
          {heard.map(([id, version]) => (
            <div key={id}>
              <dt>{id}</dt>
              <dd>
                {version === '' ? <span class="muted">no version yet</span> : <code>{version}</code>}{' '}
                {broadcastErrors[id] !== undefined && <span class="warn">{broadcastErrors[id]}</span>}
              </dd>
            </div>
          ))}
        </dl>
      )}
    </details>
  )
}
