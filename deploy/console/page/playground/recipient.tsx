import { type PageChannel, subscriptionOf } from '../../model/playground/channel.ts'
import { type FormErrors, PASTED, type SendForm } from '../../model/playground/send-form.ts'
import { described, Field } from './field.tsx'

interface RecipientProps {
  readonly form: SendForm
  readonly channels: readonly PageChannel[]
  readonly errors: FormErrors
  readonly onChange: (news: Partial<SendForm>) => void
}

/** Whom to send to: a subscription of this page, or one from elsewhere. */
export function Recipient({ form, channels, errors, onChange }: RecipientProps) {
  const answered = channels.filter((channel) => subscriptionOf(channel) !== undefined)
  return (
    <>
      <Field id="send-to" label="To" error={errors.to}>
        <select
          {...described('send-to', errors.to)}
          value={form.to}
          onChange={(event) => onChange({ to: event.currentTarget.value })}
        >
          {answered.length === 0 && <option value="">nobody yet: register a subscription</option>}
          {answered.map(({ channelID, name, isEnded }) => (
            <option key={channelID} value={channelID}>
              {name}
              {isEnded && ' (ended)'}
            </option>
          ))}
          <option value={PASTED}>another subscription, pasted as JSON</option>
        </select>
      </Field>
      {form.to === PASTED && (
        <Field
          id="send-pasted"
          label="Subscription"
          error={errors.pasted}
          hint="Of another browser, too, of this or another push service: what JSON.stringify gives of a PushSubscription. One that is restricted to another VAPID key takes nothing from this page."
        >
          <textarea
            {...described('send-pasted', errors.pasted)}
            rows={4}
            spellcheck={false}
            placeholder='{"endpoint":"https://…","keys":{"p256dh":"…","auth":"…"}}'
            value={form.pasted}
            onInput={(event) => onChange({ pasted: event.currentTarget.value })}
          />
        </Field>
      )}
    </>
  )
}
