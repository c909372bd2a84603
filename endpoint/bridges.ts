import type { FastifyInstance } from 'fastify'
import { sendFailure } from './answers.ts'
import { refuse } from './checked.ts'
import { documented } from './openapi.ts'
import { BRIDGE } from './route-documents.ts'

const NO_BRIDGE = refuse(
  'bridgeUnknown',
  'There is no bridge to other push services here: user agents connect by websocket',
)

/**
 * Refuses user agents that want their messages through the push service of their platform (autopush's bridges to FCM and APNs), in
 * the words they know, so that they need not guess from a 404.
 */
export function refuseBridges(app: FastifyInstance): void {
  app.post('/v1/:bridge/:app/registration', documented(BRIDGE), (_request, reply) =>
    sendFailure(reply, NO_BRIDGE),
  )
}
