import { useState } from 'preact/hooks'

interface CopyButtonProps {
  readonly text: string
  /** What the button says. */
  readonly label: string
}

/** Copies a text, and says whether that went well. */
export function CopyButton({ text, label }: CopyButtonProps) {
  const [copied, setCopied] = useState<'yes' | 'no' | undefined>()
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => setCopied('yes'),
      () => setCopied('no'),
    )
  return (
    <button type="button" class="small" onClick={() => void copy()} onBlur={() => setCopied(undefined)}>
      {label}
      <span role="status">
        {copied === 'yes' && ' ✓ copied'}
        {copied === 'no' && ' – the browser does not let it, copy it by hand'}
      </span>
    </button>
  )
}
