import type { FastifyInstance } from 'fastify'
import { preciseMs } from '../cluster/clock.ts'
import type { Log } from '../push/log.ts'

/**
 * Logs a line for each answer. The route is that of the server, with its parameters by name: the path of a request is a capability,
 * and stays out of logs, as headers and bodies do.
 */
export function logAccess(app: FastifyInstance, log: Log): void {
  const startedAt = new WeakMap<object, number>()
  app.addHook('onRequest', (request, _reply, done) => {
    startedAt.set(request, preciseMs())
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    const { method, ip: address, routeOptions } = request
    const ms = Math.round((preciseMs() - (startedAt.get(request) ?? preciseMs())) * 10) / 10
    log.info({ method, route: routeOptions.url ?? 'none', status: reply.statusCode, ms, address }, 'answered')
    done()
  })
}
