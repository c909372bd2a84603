import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { sendFailure } from './answers.ts'
import { refuseOtherMethods } from './app.ts'
import { accept, type Checked, refuse } from './checked.ts'
import { documented } from './openapi.ts'
import { parsePrefer } from './prefer.ts'
import type { Headers } from './receipt-forms.ts'
import type { ReceiptReaders } from './receipt-readers.ts'
import type { ReceiptSubscriptions } from './receipt-subscriptions.ts'
import { END_RECEIPTS, READ_RECEIPTS } from './route-documents.ts'
import type { UnderWay } from './under-way.ts'

/** What the routes of receipts work with. */
export interface ReceiptRoutesDeps {
  subscriptions: ReceiptSubscriptions
  readers: ReceiptReaders
  underWay: UnderWay
}

type TokenRequest = FastifyRequest<{ Params: { token: string } }>

/** A longer wait is cut to this: proxies and clients give up before. */
const WAIT_MAX_SECONDS = 600
const LAST_EVENT_ID = /^[0-9]{1,15}$/
/** Times are kept in six bytes. */
const LAST_MS_MAX = 2 ** 47

/** The receipt subscription resource (RFC 8030 section 6.3): reading receipts, and ending the subscription. */
export function addReceiptRoutes(app: FastifyInstance, deps: ReceiptRoutesDeps): void {
  const { subscriptions, readers, underWay } = deps
  const url = '/r/:token'
  app.get(url, { ...documented(READ_RECEIPTS), exposeHeadRoute: false }, (request: TokenRequest, reply) =>
    underWay.during(reply, () => read(request, reply, deps)),
  )
  app.delete(url, documented(END_RECEIPTS), (request: TokenRequest, reply) =>
    underWay.during(reply, async () => {
      const ended = await subscriptions.end(request.params.token)
      if (ended.ok) reply.code(204).send()
      else sendFailure(reply, ended)
    }),
  )
  refuseOtherMethods(app, url, ['GET', 'DELETE'])
  app.addHook('preClose', () => readers.close())
}

/** Starts to answer; what goes on after that is the readers' business. */
async function read(
  request: TokenRequest,
  reply: FastifyReply,
  { subscriptions, readers }: ReceiptRoutesDeps,
): Promise<void> {
  const opened = subscriptions.open(request.params.token)
  if (!opened.ok) return sendFailure(reply, opened)
  const subscription = opened.value
  const asked = askedOf(request)
  if (!asked.ok) return sendFailure(reply, asked)
  const { lastMs, ...how } = asked.value
  await readers.marked(subscription)
  const resumed = await subscriptions.resume(subscription, lastMs)
  if (!resumed.ok) return sendFailure(reply, resumed)
  if (!readers.hasRoom(subscription))
    return sendFailure(
      reply,
      refuse('tooManyReaders', 'Too many requests for receipts are open: come again later'),
    )
  reply.hijack()
  readers.read({
    subscription,
    lastMs,
    ...how,
    response: reply.raw,
    headers: reply.getHeaders() as Headers,
  })
}

/** How a client wants its receipts. */
interface Asked {
  readonly waitMs: number | undefined
  readonly wantsEvents: boolean
  readonly lastMs: number | undefined
}

function askedOf({ headers }: TokenRequest): Checked<Asked> {
  const { prefer, accept: accepted, 'last-event-id': lastEventId } = headers
  const { waitSeconds } = parsePrefer([prefer].flat().join(', '))
  if (waitSeconds === 'invalid')
    return refuse('requestMalformed', 'Prefer: wait must be a number of seconds, such as wait=30')
  const lastMs = lastMsOf(lastEventId)
  if (lastMs === 'invalid')
    return refuse('requestMalformed', 'Last-Event-ID must be the id of a receipt that was given here')
  const waitMs = waitSeconds === undefined ? undefined : Math.min(waitSeconds, WAIT_MAX_SECONDS) * 1000
  return accept({ waitMs, lastMs, wantsEvents: /\btext\/event-stream\b/i.test(accepted ?? '') })
}

/** An EventSource that has had no event yet may send an empty one. */
function lastMsOf(header: string | string[] | undefined): number | undefined | 'invalid' {
  if (header === undefined || header === '') return undefined
  if (typeof header !== 'string' || !LAST_EVENT_ID.test(header)) return 'invalid'
  const ms = Number(header)
  return ms < LAST_MS_MAX ? ms : 'invalid'
}
