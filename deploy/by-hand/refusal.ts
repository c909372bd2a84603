import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { FAILURES } from '../../push/errors.ts'
import { StartError } from '../start-error.ts'
import { type HttpAnswer, headerOf } from './http.ts'
import { printable } from './printable.ts'

/** What autopush-compatible servers answer with a failure. */
const FailureSchema = Type.Object({
  errno: Type.Integer(),
  message: Type.Optional(Type.String()),
})

const ENDED = 'the subscription has ended: drop it; `pushgrid agent` shows those there are'

/** What to do about failures, by their errno; those of which the message says all are left out. */
const HINTS: ReadonlyMap<number, string> = new Map([
  [FAILURES.tokenInvalid.errno, 'this server has not made it, or has lost the service key it was made with'],
  [FAILURES.agentGone.errno, ENDED],
  [FAILURES.notSubscribed.errno, ENDED],
  [FAILURES.bodyTooLarge.errno, 'every push service takes a text of 3,993 bytes, and some a little more'],
  [
    FAILURES.vapidInvalid.errno,
    'a restricted subscription takes messages signed with its VAPID key only: use the same --vapid file',
  ],
])

/** Says what a server has refused, as it says it, and what to do about it. */
export function refusalOf(answer: HttpAnswer): StartError {
  const { status, statusText } = answer
  const { errno, message } = failureOf(answer.body)
  const number = errno === undefined ? '' : `, errno ${errno}`
  const words = message === undefined ? '' : `: ${printable(message)}`
  const hints = [errno === undefined ? undefined : HINTS.get(errno), retryText(answer)]
  const advice = hints.filter((hint) => hint !== undefined).join('; ')
  return new StartError(
    `${status} ${printable(statusText)}${number}${words}${advice === '' ? '' : ` (${advice})`}`,
  )
}

function failureOf(body: string): Partial<Static<typeof FailureSchema>> {
  try {
    const value: unknown = JSON.parse(body)
    return Value.Check(FailureSchema, value) ? value : {}
  } catch {
    return {}
  }
}

function retryText(answer: HttpAnswer): string | undefined {
  const seconds = headerOf(answer, 'retry-after')
  return seconds === undefined || seconds === '0' ? undefined : `try again in ${printable(seconds)} s`
}
