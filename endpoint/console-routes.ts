import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../cluster/clock.ts'
import { isLoopbackAuthority } from '../push/loopback.ts'
import { AdminToken } from './admin-token.ts'
import { sendFailure } from './answers.ts'
import { accept, type Checked, refuse } from './checked.ts'
import type { Console, ConsolePage } from './console.ts'
import { ConsoleWatchers } from './console-watchers.ts'

/** Where it is. */
const ROOT = '/console'

/**
 * What the page may do: it is made of what stands in it, and nobody may frame it. It connects to whatever server its user names, for the
 * playground is a user agent and an application server.
 */
function policyOf({ scripts, styles }: ConsolePage): string {
  return [
    "default-src 'none'",
    `script-src ${scripts}`,
    `style-src ${styles}`,
    'img-src data:',
    "connect-src 'self' http: https: ws: wss:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** Of every answer below `/console`; what may be kept says so itself. */
function headersOf(page: ConsolePage) {
  return {
    'cache-control': 'no-store',
    'content-security-policy': policyOf(page),
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  }
}

/** What proxies add to a request. */
const PROXIED = ['forwarded', 'x-forwarded-for', 'via']

type ConsoleRequest = FastifyRequest<{ Params: { '*': string } }>

/**
 * Serves the console, all of it below `/console`, to who may see it. It is no part of the OpenAPI document, which is for who programs against the service: these
 * routes change with the page that they are for, and one of them never ends. The page is in memory, so that no library is needed that reads it from a disk with all that can
 * go wrong with that.
 */
export function addConsoleRoutes(app: FastifyInstance, console: Console, clock: Clock): void {
  const watchers = new ConsoleWatchers(console, clock)
  const admits = admission(console)
  const settings = Buffer.from(console.settings)
  const headers = headersOf(console.page)

  function serve(request: ConsoleRequest, reply: FastifyReply): void {
    reply.headers(headers)
    const path = request.params['*']
    if (path === '') {
      if (isReading(request, reply, ['GET', 'HEAD'])) sendPage(request, reply, console.page)
      return
    }
    if (path !== 'settings' && path !== 'figures')
      return sendFailure(reply, refuse('tokenInvalid', 'There is nothing here'))
    if (!isReading(request, reply, path === 'figures' ? ['GET'] : ['GET', 'HEAD'])) return
    const admitted = admits(request)
    if (!admitted.ok) return sendFailure(reply, admitted)
    if (path === 'settings') reply.type('application/json').send(settings)
    else follow(reply)
  }

  function follow(reply: FastifyReply): void {
    if (!watchers.hasRoom)
      return sendFailure(reply, refuse('unavailable', 'Too many pages follow the figures: close one'))
    // nginx would wait for more of it.
    reply.header('x-accel-buffering', 'no').hijack()
    watchers.watch(reply.raw, reply.getHeaders() as Record<string, string>)
  }

  app.all(ROOT, (_request, reply) => {
    reply.headers(headers).redirect(`${ROOT}/`, 308)
  })
  app.all(`${ROOT}/*`, serve)
  app.addHook('preClose', async () => watchers.close())
}

/** Whether a route is one of the console. */
export function isOfConsole(route: string): boolean {
  return route === ROOT || route === `${ROOT}/*`
}

/** Answers a method that a resource does not have. A preflight is among them: no other origin is let in. */
function isReading(request: FastifyRequest, reply: FastifyReply, allowed: readonly string[]): boolean {
  if (allowed.includes(request.method)) return true
  const allow = allowed.join(', ')
  sendFailure(reply.header('allow', allow), refuse('methodNotAllowed', `Use one of these methods: ${allow}`))
  return false
}

function sendPage(request: FastifyRequest, reply: FastifyReply, { content, etag }: ConsolePage): void {
  reply.header('etag', etag).header('cache-control', 'no-cache')
  if (isKnown(etag, request.headers['if-none-match'])) reply.code(304).send()
  else reply.type('text/html; charset=utf-8').send(content)
}

/** RFC 9110 section 13.1.2: the comparison is a weak one. */
function isKnown(etag: string, ifNoneMatch = ''): boolean {
  const tags = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.includes(etag) || tags.includes('*')
}

/**
 * Who may see what the service does. Without a token that is whoever is at this machine, which the address of the peer does not tell: a web page from elsewhere can have its own
 * name lead here (DNS rebinding), but then the Host header has that name.
 */
function admission({ token }: Console): (request: FastifyRequest) => Checked<undefined> {
  const admin = token === undefined ? undefined : new AdminToken(token)
  return (request) => {
    if (isFromElsewhere(request)) return refuse('consoleForbidden', 'The console answers no other web page')
    if (admin !== undefined) return admin.check(request.headers.authorization)
    const isProxied = PROXIED.some((name) => request.headers[name] !== undefined)
    if (isLoopbackAuthority(request.host) && !isProxied) return accept(undefined)
    return refuse(
      'consoleForbidden',
      'The console is open at this machine only, by the name of localhost and without a proxy',
    )
  }
}

/** Whether a page of another origin asks: browsers of today say so in one header (Fetch Metadata), older ones in the other. */
function isFromElsewhere({ headers, host }: FastifyRequest): boolean {
  const { origin, 'sec-fetch-site': site = 'none' } = headers
  if (site !== 'none' && site !== 'same-origin') return true
  return origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host)
}
