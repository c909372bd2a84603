import { STATUS_CODES } from 'node:http'
import type { FastifyReply } from 'fastify'
import { FAILURES, type Failure, type FailureCode } from '../push/errors.ts'
import type { Refused } from './checked.ts'

/** Where the numbers of failures are explained: they are autopush's. */
const MORE_INFO = 'https://autopush.readthedocs.io/en/latest/http.html#error-codes'
/** A subscription that has ended does not come back. */
const GONE_MAX_AGE_SECONDS = 86_400

/** What tells an application server of a failure, in autopush's form: its fields are those of the JSON. */
export class FailureAnswer {
  readonly code: number
  readonly errno: number
  readonly error: string | undefined
  readonly message: string
  readonly more_info = MORE_INFO

  constructor({ status, errno }: Failure, message: string) {
    this.code = status
    this.errno = errno
    this.error = STATUS_CODES[status]
    this.message = message
  }
}

/** The same as text. */
export function failureBody(failure: Failure, message: string): string {
  return JSON.stringify(new FailureAnswer(failure, message))
}

/** How to do better (RFC 9110 section 11.6.1). */
function challengeOf(code: FailureCode): string {
  return code === 'adminTokenInvalid' ? 'Bearer realm="pushgrid"' : 'vapid'
}

/**
 * Answers with a failure and the headers that belong to its status. Gives nothing back: a Fastify reply is a thenable, and
 * an asynchronous function that returns one waits until it has left.
 */
export function sendFailure(reply: FastifyReply, refused: Refused): void {
  const failure: Failure = FAILURES[refused.code]
  const { retryAfterSeconds = failure.retryAfterSeconds, detail } = refused
  reply.code(failure.status).type('application/json')
  if (failure.status === 401) reply.header('www-authenticate', challengeOf(refused.code))
  if (failure.status === 410) reply.header('cache-control', `max-age=${GONE_MAX_AGE_SECONDS}`)
  if (retryAfterSeconds !== undefined) reply.header('retry-after', retryAfterSeconds)
  reply.send(new FailureAnswer(failure, detail))
}
