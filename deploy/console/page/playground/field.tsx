import type { ComponentChildren } from 'preact'

interface FieldProps {
  readonly id: string
  readonly label: string
  /** What to know before filling it in. */
  readonly hint?: ComponentChildren
  /** What is wrong with what was filled in. */
  readonly error?: string | undefined
  /** The control, with `describedBy(id, ...)`. */
  readonly children: ComponentChildren
}

/** A control with its label, its hint, and what is wrong with it. */
export function Field({ id, label, hint, error, children }: FieldProps) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children}
      {error !== undefined && (
        <p class="bad small" id={`${id}-error`} role="alert">
          {error}
        </p>
      )}
      {hint !== undefined && (
        <p class="muted small" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  )
}

/** What ties a control to its hint and its error, for those who hear the page. */
export function described(id: string, error?: string | undefined) {
  return {
    id,
    'aria-describedby': `${id}-hint ${id}-error`,
    ...(error !== undefined && { 'aria-invalid': true }),
  }
}
