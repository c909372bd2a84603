import { useState } from 'preact/hooks'
import type { PageChannel } from '../../model/playground/channel.ts'
import { BLANK_FORM, type FormErrors, readForm, type SendForm } from '../../model/playground/send-form.ts'
import type { ApplicationServer } from './application-server.ts'
import { Recipient } from './recipient.tsx'
import { SendOptions } from './send-options.tsx'
import { SentList } from './sent-list.tsx'
import { TextField } from './text-field.tsx'

interface SendCardProps {
  readonly server: ApplicationServer
  readonly channels: readonly PageChannel[]
  /** When each message that came here was there, by its encrypted body. */
  readonly arrivals: ReadonlyMap<string, number>
}

/** Ids of the controls, in the order in which they are told to be wrong. */
const CONTROLS = { to: 'send-to', pasted: 'send-pasted', ttl: 'send-ttl', topic: 'send-topic' } as const

/** The application server: a form that sends a message, and what became of those that were sent. */
export function SendCard({ server, channels, arrivals }: SendCardProps) {
  const [form, setForm] = useState<SendForm>(BLANK_FORM)
  const [errors, setErrors] = useState<FormErrors>({})
  const [failure, setFailure] = useState<string>()
  const change = (news: Partial<SendForm>) => setForm((former) => ({ ...former, ...news }))
  const filled = { ...form, to: form.to === '' ? (channels[0]?.channelID ?? '') : form.to }
  const send = async () => {
    const read = await readForm(filled, channels)
    setErrors(read.kind === 'wrong' ? read.errors : {})
    if (read.kind === 'letter') return server.send(read.letter)
    const wrong = Object.entries(CONTROLS).find(([field]) => Object.hasOwn(read.errors, field))
    document.getElementById(wrong?.[1] ?? '')?.focus()
  }
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    setFailure(undefined)
    send().catch((error: unknown) => setFailure(error instanceof Error ? error.message : String(error)))
  }
  return (
    <section class="card" aria-labelledby="send-title">
      <h3 id="send-title">Send</h3>
      <p class="muted small">
        What an application server does: the message is encrypted here, and the service can’t read it.
      </p>
      <form onSubmit={submit} noValidate>
        <Recipient form={filled} channels={channels} errors={errors} onChange={change} />
        <TextField text={form.text} onChange={(text) => change({ text })} />
        <SendOptions form={form} errors={errors} onChange={change} />
        <button type="submit" class="primary">
          Send
        </button>
      </form>
      {failure !== undefined && (
        <p class="bad" role="alert">
          The message can’t be made: {failure}
        </p>
      )}
      <SentList server={server} arrivals={arrivals} />
    </section>
  )
}
