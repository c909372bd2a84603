import type { AddressInfo } from 'node:net'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Bus } from '../cluster/bus.ts'
import type { Clock, Random } from '../cluster/clock.ts'
import { startOfMeasurement } from '../cluster/meter.ts'
import { within } from '../cluster/within.ts'
import type { AgentReply, AgentRequest } from '../push/agent-requests.ts'
import type { Certificate } from '../push/certificate.ts'
import { CHECKS_OPTIONS } from '../push/checks.ts'
import type { BusHealth } from '../push/health.ts'
import type { Log } from '../push/log.ts'
import { type Monitoring, Operations } from '../push/operations.ts'
import type { EndpointVersion, Tokens } from '../push/tokens.ts'
import type { SpanContext, Tracer } from '../push/tracing.ts'
import type { Store } from '../store/store.ts'
import { logAccess } from './access-log.ts'
import { AdminToken } from './admin-token.ts'
import { sendFailure } from './answers.ts'
import { createApp, refuseOtherMethods } from './app.ts'
import { type Body, readBody } from './body.ts'
import { BodyBudget, HeldBytes } from './body-budget.ts'
import { arrivalOf } from './body-refusal.ts'
import { refuseBridges } from './bridges.ts'
import { addBroadcastRoutes } from './broadcast-routes.ts'
import { Broadcasts } from './broadcasts.ts'
import type { Console } from './console.ts'
import { addConsoleRoutes, isOfConsole } from './console-routes.ts'
import { allowAnyOrigin } from './cors.ts'
import { Delivery, type DeliveryOptions } from './delivery.ts'
import { type EndpointMeters, EndpointStats } from './endpoint-stats.ts'
import { Failures } from './failures.ts'
import { HttpServer, type HttpServerOptions } from './http-server.ts'
import { MessageRates, type MessageRatesOptions } from './message-rates.ts'
import { Messages } from './messages.ts'
import { documented, serveOpenApi } from './openapi.ts'
import { addOperations } from './operations.ts'
import { ReceiptReaders, type ReceiptReadersOptions } from './receipt-readers.ts'
import { addReceiptRoutes } from './receipt-routes.ts'
import { ReceiptSubscriptions } from './receipt-subscriptions.ts'
import { DELETE_MESSAGE, postDocument } from './route-documents.ts'
import { UnderWay } from './under-way.ts'
import { Vapid, type VapidOptions } from './vapid.ts'

/** Options of the endpoint. */
export interface EndpointOptions
  extends DeliveryOptions,
    VapidOptions,
    MessageRatesOptions,
    ReceiptReadersOptions,
    HttpServerOptions {
  /** Address to listen on. */
  host: string
  /** Port to listen on; 0 lets the system choose. */
  port: number
  /** With one both HTTP/2 and HTTP/1.1 are over TLS; without, neither is. */
  certificate?: Certificate
  /** Bodies held in memory at a time. */
  bodyBytesMax: number
  /** Largest body of a message. RFC 8030 section 7.2 wants at least 4,096. */
  bodyLimitBytes: number
  /** Whether each answer is logged. */
  accessLog: 'off' | 'on'
  /** Broadcasts that there may be. */
  broadcastsMax: number
  /** Who has it may set broadcasts; without one nobody may. */
  adminToken?: string | undefined
}

/** What the endpoint has unless an operator says otherwise. */
export const ENDPOINT_DEFAULTS: Omit<EndpointOptions, 'publicUrl'> = {
  host: '127.0.0.1',
  port: 8082,
  bodyLimitBytes: 5630,
  bodyBytesMax: 64 * 1024 * 1024,
  requestTimeoutMs: 30_000,
  accessLog: 'off',
  broadcastsMax: 1000,
  vapidCacheMax: 10_000,
  verificationsMax: 256,
  ackGraceMs: 250,
  askTimeoutMs: 2500,
  putTimeoutMs: 2000,
  pendingAsksMax: 10_000,
  pendingBytesMax: 32 * 1024 * 1024,
  ...CHECKS_OPTIONS,
  channelPerSecond: 1000,
  channelBurst: 10_000,
  agentPerSecond: 2000,
  agentBurst: 20_000,
  countedMax: 100_000,
  receiptReadersMax: 1000,
  receiptRecheckMs: 60_000,
}

/** What the endpoint works with. */
export interface EndpointDeps {
  bus: Bus<AgentRequest, AgentReply>
  busHealth: () => BusHealth
  store: Store
  tokens: Tokens
  clock: Clock
  random: Random
  log: Log
  monitoring: Monitoring
  meters: EndpointMeters
  /** Absent where nothing is traced. */
  tracer?: Tracer | undefined
  /** Absent where it is not served. */
  console?: Console | undefined
}

/** An endpoint that serves. */
export interface RunningEndpoint {
  /** The port it listens on. */
  readonly port: number
  /** What it counts for the operator. */
  readonly stats: EndpointStats
  /** Shows another certificate to new connections; those that are open stay. @throws when it can't be used; then the former stays */
  useCertificate(certificate: Certificate): void
  /** Stops accepting, answers what was accepted, and resolves when nothing is left. */
  close(): Promise<void>
}

/** How a Link header names the receipt subscription of a message (RFC 8030 section 5.1). */
const RECEIPT_RELATION = 'urn:ietf:params:push:receipt'
/** How long answers given may take to leave, before connections that hang are cut. */
const CLOSE_GRACE_MS = 250

type TokenRequest = FastifyRequest<{ Params: { token: string } }>

/**
 * Starts the HTTP side that application servers talk to (RFC 8030). It keeps no state of its own: any number of
 * them can run side by side.
 * @throws what Node says of an address it can't listen on: EADDRINUSE, EACCES ...
 */
export async function startEndpoint(options: EndpointOptions, deps: EndpointDeps): Promise<RunningEndpoint> {
  const { clock, meters } = deps
  const delivery = new Delivery(options, deps)
  const vapid = new Vapid(options, clock)
  const rates = new MessageRates(options, clock)
  const receipts = new ReceiptSubscriptions(options, deps)
  const messages = new Messages(options.bodyLimitBytes, { ...deps, vapid, delivery, rates, receipts })
  const underWay = new UnderWay()
  const bodies = new BodyBudget(options.bodyBytesMax)
  const failures = new Failures()
  const readers = new ReceiptReaders(options, { ...deps, failures })
  const stats = new EndpointStats({ failures, delivery, vapid, underWay, bodies, readers, meters })
  const operations = new Operations({
    ...deps,
    ping: () => deps.store.ping(),
    pingTimeoutMs: options.putTimeoutMs,
  })
  const http = new HttpServer(options, options.certificate, clock)
  const app = createApp(http, deps.log, failures)
  if (options.accessLog === 'on') logAccess(app, deps.log)
  await serveOpenApi(app, deps.monitoring.software.version, options.publicUrl)
  allowAnyOrigin(app, isOfConsole)
  addMessageRoutes(app, options, { messages, underWay, stats, clock, bodies, tracer: deps.tracer })
  addReceiptRoutes(app, { subscriptions: receipts, readers, underWay })
  refuseBridges(app)
  const broadcasts = new Broadcasts(options, deps)
  if (options.adminToken !== undefined)
    addBroadcastRoutes(app, {
      broadcasts,
      underWay,
      stats,
      clock,
      bodies,
      timeoutMs: options.requestTimeoutMs,
      admin: new AdminToken(options.adminToken),
    })
  if (deps.console !== undefined) addConsoleRoutes(app, deps.console, clock)
  addOperations(app, operations)
  await app.listen({ host: options.host, port: options.port })
  return {
    port: (app.server.address() as AddressInfo).port,
    stats,
    useCertificate: (certificate) => http.useCertificate(certificate),
    async close() {
      operations.drain()
      const [closed, hooksDone] = [http.close(), app.close()]
      await underWay.close()
      await within(clock, CLOSE_GRACE_MS, closed, () => http.cut())
      await Promise.all([closed, hooksDone])
      delivery.close()
      broadcasts.close()
    },
  }
}

interface MessageRouteDeps {
  messages: Messages
  underWay: UnderWay
  stats: EndpointStats
  clock: Clock
  bodies: BodyBudget
  tracer: Tracer | undefined
}

function addMessageRoutes(
  app: FastifyInstance,
  { publicUrl, bodyLimitBytes, requestTimeoutMs: timeoutMs }: EndpointOptions,
  { messages, underWay, stats, clock, bodies, tracer }: MessageRouteDeps,
): void {
  const reading = { limitBytes: bodyLimitBytes, timeoutMs, clock }
  const post = async (version: EndpointVersion, request: TokenRequest, reply: FastifyReply) => {
    const startedAt = startOfMeasurement()
    const span = tracer?.begin('POST message')
    // All in one function: this is the hot path, and each asynchronous one more is a microsecond.
    const held = new HeldBytes(bodies)
    try {
      const body = await readBody(request.raw, reading, held)
      // Only what has come in whole is owed an answer by a server that closes.
      underWay.begin(reply)
      const result = await answer(version, request, reply, body, span?.context)
      span?.end(result ?? 'malformed')
      if (result !== undefined) stats.posted(result, startedAt)
    } finally {
      underWay.end(reply)
      held.release()
    }
  }
  /** Gives back what came of the message, if the request was one. */
  const answer = async (
    version: EndpointVersion,
    request: TokenRequest,
    reply: FastifyReply,
    body: Body,
    trace: SpanContext | undefined,
  ) => {
    const arrival = arrivalOf(body, reply)
    if (!arrival.arrived) {
      sendFailure(reply, arrival.refused)
      return body.outcome === 'noRoom' ? arrival.refused.code : undefined
    }
    const { headers, params } = request
    const posted = await messages.post({ version, token: params.token, headers, body: arrival.body, trace })
    if (!posted.ok) {
      sendFailure(reply, posted)
      return posted.code
    }
    const { token, ttlSeconds, receipts, outcome } = posted.value
    if (receipts !== undefined) {
      stats.receiptAsked()
      reply.header('link', `<${receipts}>; rel="${RECEIPT_RELATION}"`)
    }
    reply
      .code(receipts === undefined ? 201 : 202)
      .header('location', `${publicUrl}/m/${token}`)
      .header('ttl', `${ttlSeconds}`)
      .send()
    return outcome
  }
  for (const version of [1, 2] as const) {
    const url = `/wpush/v${version}/:token`
    app.post(url, documented(postDocument(version)), (request: TokenRequest, reply) =>
      post(version, request, reply),
    )
    refuseOtherMethods(app, url, ['POST'])
  }
  app.delete('/m/:token', documented(DELETE_MESSAGE), (request: TokenRequest, reply) =>
    underWay.during(reply, async () => {
      const removed = await messages.remove(request.params.token)
      if (removed.ok) reply.code(204).send()
      else sendFailure(reply, removed)
    }),
  )
  refuseOtherMethods(app, '/m/:token', ['DELETE'])
}
