import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../cluster/clock.ts'
import { VERSION_BYTES_MAX } from '../push/broadcast.ts'
import type { AdminToken } from './admin-token.ts'
import { sendFailure } from './answers.ts'
import { refuseOtherMethods } from './app.ts'
import { withBody } from './body.ts'
import type { BodyBudget } from './body-budget.ts'
import { arrivalOf } from './body-refusal.ts'
import { DELETE_BROADCAST, LIST_BROADCASTS, PUT_BROADCAST } from './broadcast-documents.ts'
import type { Broadcasts } from './broadcasts.ts'
import type { Refused } from './checked.ts'
import type { EndpointStats } from './endpoint-stats.ts'
import { documented } from './openapi.ts'
import type { UnderWay } from './under-way.ts'

/** What the routes of broadcasts work with. */
export interface BroadcastRouteDeps {
  broadcasts: Broadcasts
  admin: AdminToken
  underWay: UnderWay
  stats: Pick<EndpointStats, 'broadcastChanged'>
  clock: Clock
  bodies: BodyBudget
  /** Of the body of a request. */
  timeoutMs: number
}

type BroadcastRequest = FastifyRequest<{ Params: { broadcaster: string; channel: string } }>

const ALL_URL = '/v1/broadcasts'
const ONE_URL = '/v1/broadcasts/:broadcaster/:channel'

/** The admin API of broadcasts, in the form of Mozilla's Megaphone, so that its clients, autopush and Pushgrid among them, can use it. */
export function addBroadcastRoutes(app: FastifyInstance, deps: BroadcastRouteDeps): void {
  const { broadcasts, admin, underWay, stats, clock, bodies, timeoutMs } = deps

  async function list(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const allowed = admin.check(request.headers.authorization)
    if (!allowed.ok) return sendFailure(reply, allowed)
    const listed = await broadcasts.list()
    if (!listed.ok) return sendFailure(reply, listed)
    const values = Object.fromEntries(listed.value.map(({ id, version }) => [id, version]))
    const text = JSON.stringify({ code: 200, broadcasts: values })
    const etag = `"${createHash('sha256').update(text).digest('base64url')}"`
    reply.header('etag', etag).header('cache-control', 'no-cache')
    if (request.headers['if-none-match'] === etag) reply.code(304).send()
    else reply.type('application/json').send(text)
  }

  /** Answers a change that is not to be. */
  function refused(reply: FastifyReply, refusal: Refused): void {
    stats.broadcastChanged(refusal.code)
    sendFailure(reply, refusal)
  }

  async function put(request: BroadcastRequest, reply: FastifyReply): Promise<void> {
    return withBody(request.raw, { limitBytes: VERSION_BYTES_MAX, timeoutMs, clock, bodies }, (body) =>
      underWay.during(reply, async () => {
        const arrival = arrivalOf(body, reply)
        const allowed = admin.check(request.headers.authorization)
        if (!allowed.ok) return refused(reply, allowed)
        if (!arrival.arrived) return refused(reply, arrival.refused)
        const result = await broadcasts.put(nameIn(request), arrival.body)
        if (!result.ok) return refused(reply, result)
        stats.broadcastChanged(result.value)
        const code = result.value === 'created' ? 201 : 200
        reply.code(code).send({ code })
      }),
    )
  }

  async function drop(request: BroadcastRequest, reply: FastifyReply): Promise<void> {
    const allowed = admin.check(request.headers.authorization)
    if (!allowed.ok) return refused(reply, allowed)
    const dropped = await broadcasts.drop(nameIn(request))
    if (!dropped.ok) return refused(reply, dropped)
    stats.broadcastChanged('dropped')
    reply.code(204).send()
  }

  app.get(ALL_URL, documented(LIST_BROADCASTS), (request, reply) =>
    underWay.during(reply, () => list(request, reply)),
  )
  refuseOtherMethods(app, ALL_URL, ['GET', 'HEAD'])
  app.put(ONE_URL, documented(PUT_BROADCAST), put)
  app.delete(ONE_URL, documented(DELETE_BROADCAST), (request: BroadcastRequest, reply) =>
    underWay.during(reply, () => drop(request, reply)),
  )
  refuseOtherMethods(app, ONE_URL, ['PUT', 'DELETE'])
}

function nameIn({ params: { broadcaster, channel } }: BroadcastRequest): string {
  return `${broadcaster}/${channel}`
}
