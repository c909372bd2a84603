import { useState } from 'preact/hooks'
import { described, Field } from './field.tsx'

interface RawFrameProps {
  readonly isConnected: boolean
  readonly onSend: (text: string) => void
}

/** Sends any text as a frame, for those who want to see what the service makes of it. */
export function RawFrame({ isConnected, onSend }: RawFrameProps) {
  const [text, setText] = useState('{"messageType":"ping"}')
  const send = (event: SubmitEvent) => {
    event.preventDefault()
    onSend(text)
  }
  return (
    <details>
      <summary>Send a frame of your own</summary>
      <form onSubmit={send}>
        <Field
          id="raw-frame"
          label="Frame"
          hint="What the service does not understand it answers by closing the connection, and says why."
        >
          <textarea
            {...described('raw-frame')}
            rows={3}
            spellcheck={false}
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </Field>
        <button type="submit" class="plain small" disabled={!isConnected}>
          Send the frame
        </button>
      </form>
    </details>
  )
}
