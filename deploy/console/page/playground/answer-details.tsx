import { asCurl } from '../../model/playground/curl.ts'
import { adviceFor, parseFailure } from '../../model/playground/failure-words.ts'
import type { PushRequest } from '../../model/playground/push-request.ts'
import type { SentAnswer } from '../../model/playground/sent.ts'
import { CopyButton } from './copy-button.tsx'

interface AnswerDetailsProps {
  readonly answer: Extract<SentAnswer, { kind: 'answered' }>
  readonly request: PushRequest
}

/** Request and answer in full, and what a failure means. */
export function AnswerDetails({ answer, request }: AnswerDetailsProps) {
  const failure = parseFailure(answer.body)
  const advice = failure && adviceFor(failure)
  const { endpoint, headers, body } = request
  return (
    <>
      {failure !== undefined && (
        <p>
          errno {failure.errno}
          {failure.message !== undefined && <>: {failure.message}.</>}{' '}
          {advice !== undefined && <span class="muted">{advice}</span>}
        </p>
      )}
      <details>
        <summary>Answer</summary>
        <pre data-test="answer">
          {[
            `${answer.status} ${answer.statusText}`,
            ...answer.headers.map(([name, value]) => `${name}: ${value}`),
            ...(answer.body === '' ? [] : ['', failure === undefined ? answer.body : pretty(answer.body)]),
          ].join('\n')}
        </pre>
        <p class="muted small">Of a service of another origin browsers show pages only some headers.</p>
      </details>
      <details>
        <summary>Request</summary>
        <pre>
          {[
            `POST ${endpoint}`,
            ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
            '',
            body === undefined ? '(no body)' : `(${body.length} encrypted bytes)`,
          ].join('\n')}
        </pre>
        <CopyButton text={asCurl(request)} label="Copy as curl" />
      </details>
    </>
  )
}

function pretty(json: string): string {
  return JSON.stringify(JSON.parse(json), undefined, 2)
}
