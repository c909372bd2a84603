import { useState } from 'preact/hooks'
import type { Link } from '../../model/playground/agent-state.ts'
import { websocketUrl } from '../../model/playground/websocket-url.ts'
import { described, Field } from './field.tsx'

interface ConnectionFormProps {
  readonly link: Link
  readonly initialUrl: string
  /** What to know of the URL. */
  readonly hint: string | undefined
  readonly onConnect: (url: string) => void
  readonly onDisconnect: () => void
}

/** Where the user agent connects to, and the buttons that make and end the connection. */
export function ConnectionForm({ link, initialUrl, hint, onConnect, onDisconnect }: ConnectionFormProps) {
  const [text, setText] = useState(initialUrl)
  const [error, setError] = useState<string>()
  const isClosed = link.kind === 'closed'
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    if (!isClosed) return onDisconnect()
    const read = websocketUrl(text)
    setError(read.kind === 'wrong' ? read.why : undefined)
    if (read.kind === 'wrong') return document.getElementById('ws-url')?.focus()
    setText(read.url)
    onConnect(read.url)
  }
  return (
    <form onSubmit={submit} noValidate>
      <Field id="ws-url" label="Websocket URL" error={error} hint={hint}>
        <input
          {...described('ws-url', error)}
          type="url"
          spellcheck={false}
          value={text}
          disabled={!isClosed}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </Field>
      <button type="submit" class={isClosed ? 'primary' : 'plain'} disabled={link.kind === 'closing'}>
        {isClosed ? 'Connect' : 'Disconnect'}
      </button>
    </form>
  )
}
