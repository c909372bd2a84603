import type { Answer } from '../../../by-hand/answer.ts'

interface AnswerButtonsProps {
  readonly onAnswer: (answer: Answer) => void
}

const ANSWERS: readonly (readonly [label: string, answer: Answer])[] = [
  ['Ack 100', { kind: 'ack', code: 100 }],
  ['101', { kind: 'ack', code: 101 }],
  ['102', { kind: 'ack', code: 102 }],
  ['Nack 301', { kind: 'nack', code: 301 }],
  ['302', { kind: 'nack', code: 302 }],
  ['303', { kind: 'nack', code: 303 }],
]

/** Answers a message by hand. */
export function AnswerButtons({ onAnswer }: AnswerButtonsProps) {
  return (
    <div class="row">
      {ANSWERS.map(([label, answer]) => (
        <button
          key={label}
          type="button"
          class="small"
          aria-label={label.includes(' ') ? undefined : `${answer.kind} ${label}`}
          onClick={() => onAnswer(answer)}
        >
          {label}
        </button>
      ))}
    </div>
  )
}
