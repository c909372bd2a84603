import type { FastifyInstance } from 'fastify'
import { Counts } from '../cluster/counts.ts'
import type { Failure } from '../push/errors.ts'

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

  /** Counts the failures that a server answers from now on: all of them have one form. */
  countAnswersOf(app: FastifyInstance): void {
    app.addHook('onSend', (_request, reply, payload, done) => {
      if (reply.statusCode >= 400 && typeof payload === 'string') this.#countBody(payload)
      done()
    })
  }

  #countBody(body: string): void {
    const [, status, errno] = FAILURE_BODY.exec(body) ?? []
    if (status !== undefined && errno !== undefined)
      this.count({ status: Number(status), errno: Number(errno) })
  }
}

/** The beginning of what `failureBody` writes. */
const FAILURE_BODY = /^\{"code":(\d{3}),"errno":(\d{1,3}),/
