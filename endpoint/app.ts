import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { type FastifyInstance, fastify } from 'fastify'
import { FAILURES, type FailureCode } from '../push/errors.ts'
import type { Log } from '../push/log.ts'
import { failureBody, sendFailure } from './answers.ts'
import { refuse } from './checked.ts'
import type { Failures } from './failures.ts'
import type { HttpServer } from './http-server.ts'

/** A token is at most 200 characters; more than this is answered like any other that is unknown. */
const PARAM_LENGTH_MAX = 512
/** Methods to which Fastify would read a body: we read those of messages ourselves, in any content type, and no other. */
const WITH_BODY = ['DELETE', 'OPTIONS', 'PATCH', 'POST', 'PUT']

const UNKNOWN_URL = refuse('tokenInvalid', 'There is nothing here: use the URL of the subscription unchanged')

/**
 * Makes the application of an HTTP server, in which every mistake of a client is answered in our own form, and none
 * of them is an internal error.
 */
export function createApp(http: HttpServer, log: Log, failures: Failures): FastifyInstance {
  const app = fastify({
    logger: false,
    genReqId: () => '',
    serverFactory: (answer) => http.answerBy(answer),
    return503OnClosing: false,
    routerOptions: { maxParamLength: PARAM_LENGTH_MAX },
    clientErrorHandler: (error, socket) => refuseMalformed(malformation(error.code), socket, failures),
    frameworkErrors: (_error, _request, reply) => sendFailure(reply, UNKNOWN_URL),
  })
  for (const method of WITH_BODY) app.addHttpMethod(method, { hasBody: false, overrideExisting: true })
  failures.countAnswersOf(app)
  app.setNotFoundHandler((_request, reply) => sendFailure(reply, UNKNOWN_URL))
  app.setErrorHandler((error: { statusCode?: number }, _request, reply) => {
    if (isClientError(error.statusCode)) {
      return sendFailure(reply, refuse('requestMalformed', FAILURES.requestMalformed.message))
    }
    log.error({ err: error }, 'a request failed')
    return sendFailure(reply, refuse('internal', FAILURES.internal.message))
  })
  return app
}

/** Answers every other method of a route with 405 and those it has. */
export function refuseOtherMethods(app: FastifyInstance, url: string, allowed: readonly string[]): void {
  const allow = allowed.join(', ')
  app.route({
    method: app.supportedMethods.filter((method) => method !== 'OPTIONS' && !allowed.includes(method)),
    url,
    handler: (_request, reply) =>
      sendFailure(
        reply.header('allow', allow),
        refuse('methodNotAllowed', `Use one of these methods: ${allow}`),
      ),
  })
}

function isClientError(status: number | undefined): boolean {
  return status !== undefined && status >= 400 && status < 500
}

/** Answers what was no HTTP request, and closes: nobody knows where the next one would begin. */
function refuseMalformed(code: FailureCode, socket: Socket, failures: Failures): void {
  if (!socket.writable) return
  const failure = FAILURES[code]
  failures.count(failure)
  const body = failureBody(failure, failure.message)
  socket.write(
    `HTTP/1.1 ${failure.status} ${STATUS_CODES[failure.status]}\r\nConnection: close\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
  socket.destroySoon()
}

function malformation(code: string): FailureCode {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return 'headersTooLarge'
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 'requestTimeout'
    default:
      return 'requestMalformed'
  }
}
