import { parseUrgency, URGENCIES } from '../../../../push/urgency.ts'
import type { FormErrors, SendForm } from '../../model/playground/send-form.ts'
import { described, Field } from './field.tsx'

interface SendOptionsProps {
  readonly form: SendForm
  readonly errors: FormErrors
  readonly onChange: (news: Partial<SendForm>) => void
}

/** How a message is sent. */
export function SendOptions({ form, errors, onChange }: SendOptionsProps) {
  return (
    <>
      <div class="pair">
        <Field
          id="send-ttl"
          label="TTL, in seconds"
          error={errors.ttl}
          hint="How long it is kept; 0: now or never."
        >
          <input
            {...described('send-ttl', errors.ttl)}
            type="text"
            inputMode="numeric"
            value={form.ttl}
            onInput={(event) => onChange({ ttl: event.currentTarget.value })}
          />
        </Field>
        <Field id="send-urgency" label="Urgency">
          <select
            id="send-urgency"
            value={form.urgency}
            onChange={(event) =>
              onChange({ urgency: parseUrgency(event.currentTarget.value) ?? form.urgency })
            }
          >
            {URGENCIES.map((urgency) => (
              <option key={urgency} value={urgency}>
                {urgency}
              </option>
            ))}
          </select>
        </Field>
      </div>
      <Field
        id="send-topic"
        label="Topic (may be left out)"
        error={errors.topic}
        hint="Replaces a message of the same topic that was not delivered yet."
      >
        <input
          {...described('send-topic', errors.topic)}
          type="text"
          spellcheck={false}
          value={form.topic}
          onInput={(event) => onChange({ topic: event.currentTarget.value })}
        />
      </Field>
      <label class="check">
        <input
          type="checkbox"
          checked={form.isSigned}
          onChange={(event) => onChange({ isSigned: event.currentTarget.checked })}
        />
        Signed by this page’s VAPID key
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={form.receipt}
          onChange={(event) => onChange({ receipt: event.currentTarget.checked })}
        />
        Ask for a receipt
      </label>
    </>
  )
}
