import type { Answer } from '../../../by-hand/answer.ts'

interface AnswerButtonsProps {
  readonly onAnswer: (answer: Answer) => void
}

const KINDS = [
  { kind: 'ack', label: 'Ack', codes: [100, 101, 102] },
  { kind: 'nack', label: 'Nack', codes: [301, 302, 303] },
] as const

/** Answers a message by hand. */
export function AnswerButtons({ onAnswer }: AnswerButtonsProps) {
  return (
    <div class="row">
      {KINDS.map(({ kind, label, codes }) => (
        <span key={kind} class="group">
          <span class="muted small" aria-hidden="true">
            {label}
          </span>
          {codes.map((code) => (
            <button
              key={code}
              type="button"
              class="small"
              aria-label={`${label} ${code}`}
              onClick={() => onAnswer({ kind, code })}
            >
              {code}
            </button>
          ))}
        </span>
      ))}
    </div>
  )
}
