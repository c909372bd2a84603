import { randomUUID } from 'node:crypto'
import { type Clock, createSystemRandom, type Timer } from '../../cluster/clock.ts'
import { within } from '../../cluster/within.ts'
import type { Target } from './generator.ts'
import { HttpConnections } from './http-connections.ts'
import type { HttpRequest } from './http-request.ts'
import { type Place, placeOf } from './place.ts'
import { parseServerFrame, type ServerFrame } from './server-frame.ts'
import { TargetError } from './target-error.ts'
import { type WebSocket, WebSocketDialer } from './web-socket.ts'

/** What to look at before any load is made. */
export interface InspectOptions {
  readonly wsUrl: string
  /** Whether certificates are verified. */
  readonly verify: boolean
  /** Origin that stands in for that of endpoints, where those lead elsewhere. */
  readonly endpointOrigin: string | undefined
  /** Of the admin API; undefined when the run needs none. */
  readonly broadcasts: { readonly adminToken: string | undefined } | undefined
  readonly clock: Clock
}

/** A server that can be put under load. */
export interface Inspected {
  readonly target: Target
  /** What it says of itself. */
  readonly server: string | undefined
}

const ANSWER_TIMEOUT_MS = 10_000

/**
 * Looks whether there is a server of the autopush protocol, and where its endpoints lead, with one user agent: so that what is wrong is said once, and before
 * a thousand of them fail. @throws TargetError
 */
export async function inspect(options: InspectOptions): Promise<Inspected> {
  const { wsUrl, verify, clock } = options
  const ws = await reached(wsUrl, verify)
  const endpoint = await firstEndpoint(ws, wsUrl, clock)
  const origin = options.endpointOrigin ?? new URL(endpoint).origin
  const place = await endpointPlace(origin, endpoint, options)
  const connections = new HttpConnections(place, { connectionsMax: 1, timeoutMs: ANSWER_TIMEOUT_MS, clock })
  try {
    const target = {
      wsUrl,
      ws,
      origins: { [new URL(endpoint).origin]: place },
      endpointOrigin: new URL(endpoint).origin,
      verify,
    }
    const server = await serverOf(connections)
    if (options.broadcasts !== undefined)
      await needBroadcasts(connections, origin, options.broadcasts.adminToken)
    return { target, server }
  } finally {
    connections.close()
  }
}

async function reached(wsUrl: string, verify: boolean): Promise<Place> {
  try {
    return await placeOf(new URL(wsUrl), verify)
  } catch (error) {
    throw new TargetError(
      `no server can be reached at ${wsUrl} (${reasonOf(error)}): start one (npm start), or name its websocket side with --url`,
    )
  }
}

async function endpointPlace(
  origin: string,
  endpoint: string,
  { verify, wsUrl }: InspectOptions,
): Promise<Place> {
  try {
    return await placeOf(new URL(origin), verify)
  } catch (error) {
    throw new TargetError(
      `${wsUrl} gives out endpoints like ${shortened(endpoint)}, and ${origin} can't be reached from here (${reasonOf(error)}): set the public URL of the server (PUSHGRID_PUBLIC_URL), or say where to POST with --endpoint-origin`,
    )
  }
}

/** What the network says, in a word. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : error.message
}

function shortened(endpoint: string): string {
  return endpoint.length > 60 ? `${endpoint.slice(0, 60)}...` : endpoint
}

/** Says hello and registers a channel, as a user agent does; gives the endpoint, and ends the subscription. */
function firstEndpoint(place: Place, wsUrl: string, clock: Clock): Promise<string> {
  const probe = new Probe(place, wsUrl, clock)
  return within(clock, ANSWER_TIMEOUT_MS * 2, probe.endpoint, () => {
    throw new TargetError(`${wsUrl} does not answer as a server of the autopush protocol does`)
  })
}

class Probe {
  readonly endpoint: Promise<string>
  readonly #channelID = randomUUID()
  readonly #wsUrl: string
  readonly #socket: WebSocket
  readonly #timer: Timer
  #resolve: (endpoint: string) => void = () => {}
  #reject: (error: Error) => void = () => {}
  #waitsFor = 'the websocket'

  constructor(place: Place, wsUrl: string, clock: Clock) {
    this.#wsUrl = wsUrl
    this.endpoint = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#timer = clock.after(ANSWER_TIMEOUT_MS, () =>
      this.#socket.drop(`no answer in ${ANSWER_TIMEOUT_MS / 1000} s`),
    )
    this.#socket = new WebSocketDialer(place, createSystemRandom()).dial({
      opened: () => {
        this.#waitsFor = 'hello'
        this.#socket.send(JSON.stringify({ messageType: 'hello', use_webpush: true }))
      },
      text: (text) => this.#received(parseServerFrame(text), text),
      closed: (kind) => {
        this.#timer.cancel()
        this.#fail(`${this.#waitsFor} came to nothing: ${kind}`)
      },
    })
  }

  #received(frame: ServerFrame | undefined, text: string): void {
    switch (frame?.messageType) {
      case 'hello':
        this.#waitsFor = 'register'
        return this.#socket.send(JSON.stringify({ messageType: 'register', channelID: this.#channelID }))
      case 'register':
        if (frame.status !== 200 || !URL.canParse(frame.pushEndpoint))
          return this.#fail(`register is answered ${frame.status} with the endpoint ${frame.pushEndpoint}`)
        this.#socket.send(
          JSON.stringify({ messageType: 'unregister', channelID: this.#channelID, code: 200 }),
        )
        this.#resolve(frame.pushEndpoint)
        return
      case 'unregister':
        return this.#socket.close()
      case 'notification':
      case 'broadcast':
      case 'other':
        return
      case undefined:
        return this.#fail(`it says ${text.slice(0, 60)}`)
    }
  }

  #fail(what: string): void {
    const advice = /CERT|ALTNAME/.test(what)
      ? '--insecure accepts any certificate'
      : 'is this the websocket side of a server that speaks the autopush protocol?'
    this.#reject(new TargetError(`${this.#wsUrl} answers, but ${what}: ${advice}`))
    this.#socket?.drop()
  }
}

/** Its own words at the address that Mozilla's services have in common; a server that has none is as good. */
async function serverOf(connections: HttpConnections): Promise<string | undefined> {
  const { status, body } = await get(connections, '/__version__', [])
  if (status !== 200) return undefined
  try {
    const { name, source, version, commit } = JSON.parse(body)
    const called = typeof source === 'string' ? source.replace(/^.*\//, '') : name
    const words = [called, version, typeof commit === 'string' ? commit.slice(0, 12) : '']
    const known = words.filter((word) => typeof word === 'string' && word !== '')
    return known.length === 0 ? undefined : known.join(' ').slice(0, 100)
  } catch {
    return undefined
  }
}

async function needBroadcasts(
  connections: HttpConnections,
  origin: string,
  token: string | undefined,
): Promise<void> {
  if (token === undefined)
    throw new TargetError(
      'broadcasts are set by the admin API of the server: give its token with --admin-token (PUSHGRID_ADMIN_TOKEN of the server)',
    )
  const { status } = await get(connections, '/v1/broadcasts', ['authorization', `Bearer ${token}`])
  if (status === 200) return
  if (status === 401) throw new TargetError(`${origin} refuses the token of --admin-token (401)`)
  throw new TargetError(
    `${origin} has no admin API for broadcasts (GET /v1/broadcasts is answered ${status}): Pushgrid has one when it is started with PUSHGRID_ADMIN_TOKEN`,
  )
}

function get(
  connections: HttpConnections,
  path: string,
  headers: readonly string[],
): Promise<{ status: number; body: string }> {
  return new Promise((resolve) => {
    const request: HttpRequest = {
      method: 'GET',
      path,
      headers,
      body: () => undefined,
      began() {},
      answered: resolve,
      failed: () => resolve({ status: 0, body: '' }),
    }
    connections.send(request)
  })
}
