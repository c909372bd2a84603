import type { FastifyInstance } from 'fastify'

/** What a page may read of an answer, besides what it always may. */
const EXPOSED = 'Location, TTL, Link, Retry-After'
const METHODS = 'GET, POST, DELETE'
const REQUEST_HEADERS =
  'Authorization, Content-Encoding, Content-Type, Crypto-Key, Encryption, Last-Event-ID, Prefer, Push-Receipt, TTL, Topic, Urgency'
/** How long a browser may remember the answer to a preflight, in seconds. */
const MAX_AGE_SECONDS = '86400'

/**
 * Lets web pages of any origin send and delete messages (the Fetch standard's CORS protocol): an endpoint is a capability already.
 * @param isOwn tells routes that are for pages of this server alone
 */
export function allowAnyOrigin(app: FastifyInstance, isOwn: (route: string) => boolean): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (request.headers.origin !== undefined && !isOwn(request.routeOptions.url ?? '')) {
      reply.header('access-control-allow-origin', '*').header('access-control-expose-headers', EXPOSED)
    }
    done()
  })
  app.options('*', (_request, reply) =>
    reply
      .code(204)
      .headers({
        'access-control-allow-methods': METHODS,
        'access-control-allow-headers': REQUEST_HEADERS,
        'access-control-max-age': MAX_AGE_SECONDS,
      })
      .send(),
  )
}
