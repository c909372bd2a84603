import { OVERHEAD_BYTES, TEXT_BYTES_MAX } from '../../model/playground/aes128gcm.ts'
import { described, Field } from './field.tsx'

interface TextFieldProps {
  readonly text: string
  readonly onChange: (text: string) => void
}

/** The text of a message, and how large it is. */
export function TextField({ text, onChange }: TextFieldProps) {
  const bytes = new TextEncoder().encode(text).length
  return (
    <Field id="send-text" label="Text" hint={<Size bytes={bytes} />}>
      <textarea
        {...described('send-text')}
        rows={3}
        value={text}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
    </Field>
  )
}

function Size({ bytes }: { readonly bytes: number }) {
  if (bytes === 0) return <>No text: the message is empty, and says only that something has happened.</>
  const whole = (bytes + OVERHEAD_BYTES).toLocaleString('en')
  const words = `${bytes.toLocaleString('en')} bytes, ${whole} encrypted.`
  return bytes > TEXT_BYTES_MAX ? (
    <span class="warn">
      {words} Push services need not take more than 4,096 encrypted ones; this one takes 5,630 unless it is
      set otherwise.
    </span>
  ) : (
    <>{words} Every push service takes up to 4,096.</>
  )
}
