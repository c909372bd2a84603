import type { FastifyInstance } from 'fastify'
import { Counts } from '../cluster/counts.ts'
import type { Failure } from '../push/errors.ts'
import { FailureAnswer } from './answers.ts'

/** Status and number of a failure, as in the table of all failures. */
export type StatusAndErrno = `${number} ${number}`

/** Counts what HTTP clients are refused, whatever part of the service does it. */
export class Failures {
  readonly #counts = new Counts<StatusAndErrno>()

  /** How often each was answered since the start. */
  get all(): ReadonlyMap<StatusAndErrno, number> {
    return this.#counts.all
  }

  /** Counts a failure. */
  count({ status, errno }: Pick<Failure, 'status' | 'errno'>): void {
    this.#counts.add(`${status} ${errno}`)
  }

  /** Counts the failures that a server answers from now on. This hook is passed over by answers without a body, as to a message. */
  countAnswersOf(app: FastifyInstance): void {
    app.addHook('preSerialization', (_request, _reply, payload, done) => {
      if (payload instanceof FailureAnswer) this.count({ status: payload.code, errno: payload.errno })
      done(null, payload)
    })
  }
}
