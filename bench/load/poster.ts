import type { Clock } from '../../cluster/clock.ts'
import type { Recorder } from '../measure/recorder.ts'
import type { Bodies } from './body.ts'
import type { Channel } from './channel.ts'
import { HttpConnections } from './http-connections.ts'
import type { HttpAnswer, HttpRequest } from './http-request.ts'
import { type Place, placeOf } from './place.ts'
import type { UserAgent } from './user-agent.ts'

/** What a poster works with. */
export interface PosterOptions {
  readonly recorder: Recorder
  readonly bodies: Bodies
  /** Begins every message id; no two workers of any two runs have the same. */
  readonly idPrefix: string
  readonly connectionsMax: number
  readonly timeoutMs: number
  /** Where origins of endpoints lead, as far as that is known. */
  readonly places: Readonly<Record<string, Place>>
  readonly verify: boolean
  readonly clock: Clock
  now(): number
}

/** One message. */
export interface Posting {
  readonly channel: Channel
  /** Whose channel it is; undefined where the subscription has ended, so that nothing is due. */
  readonly agent: UserAgent | undefined
  readonly ttlS: number
  readonly urgency?: 'high'
  readonly topic?: string
  /** The whole value of the header, or none. */
  readonly authorization: string | undefined
  readonly intendedUs: number
  /** @param status 0 when there was no answer */
  done(status: number): void
}

/** The application servers: sends messages and tells the recorder what becomes of them. */
export class Poster {
  /** Messages that are not answered yet. */
  underWay = 0
  readonly #options: PosterOptions
  readonly #origins = new Map<string, HttpConnections>()
  readonly #opening = new Map<string, Promise<HttpConnections>>()
  #number = 0

  constructor(options: PosterOptions) {
    this.#options = options
    for (const [origin, place] of Object.entries(options.places)) this.#open(origin, place)
  }

  /** Most messages that waited for a connection at a time. */
  get waitedMax(): number {
    return Math.max(0, ...[...this.#origins.values()].map(({ waitedMax }) => waitedMax))
  }

  post(posting: Posting): void {
    this.underWay += 1
    this.#number += 1
    const id = `${this.#options.idPrefix}-${this.#number}`
    this.#send(posting.channel.origin, new PostRequest(id, posting, this.#options, this))
  }

  /** Sends another kind of request to an origin. */
  send(origin: string, request: HttpRequest): void {
    this.#send(origin, request)
  }

  close(): void {
    for (const connections of this.#origins.values()) connections.close()
  }

  #send(origin: string, request: HttpRequest): void {
    const connections = this.#origins.get(origin)
    if (connections !== undefined) return connections.send(request)
    this.#lookUp(origin).then(
      (found) => found.send(request),
      (error: NodeJS.ErrnoException) => request.failed(error.code ?? 'origin not found'),
    )
  }

  #lookUp(origin: string): Promise<HttpConnections> {
    const opening =
      this.#opening.get(origin) ??
      placeOf(new URL(origin), this.#options.verify)
        .then((place) => this.#open(origin, place))
        .finally(() => this.#opening.delete(origin))
    this.#opening.set(origin, opening)
    return opening
  }

  #open(origin: string, place: Place): HttpConnections {
    const connections = new HttpConnections(place, this.#options)
    this.#origins.set(origin, connections)
    return connections
  }
}

class PostRequest implements HttpRequest {
  readonly method = 'POST'
  readonly #id: string
  readonly #posting: Posting
  readonly #options: PosterOptions
  readonly #poster: { underWay: number }
  #sentUs: number | undefined

  constructor(id: string, posting: Posting, options: PosterOptions, poster: { underWay: number }) {
    this.#id = id
    this.#posting = posting
    this.#options = options
    this.#poster = poster
  }

  get path(): string {
    return this.#posting.channel.path
  }

  get headers(): readonly string[] {
    const { ttlS, urgency, topic, authorization } = this.#posting
    const headers = [
      'ttl',
      String(ttlS),
      'content-encoding',
      'aes128gcm',
      'content-type',
      'application/octet-stream',
    ]
    if (authorization !== undefined) headers.push('authorization', authorization)
    if (urgency !== undefined) headers.push('urgency', urgency)
    if (topic !== undefined) headers.push('topic', topic)
    return headers
  }

  body(): Uint8Array {
    return this.#options.bodies.make(this.#id)
  }

  began(): void {
    const { agent, channel, topic, ttlS, intendedUs } = this.#posting
    if (this.#sentUs !== undefined) return
    const sentUs = this.#options.now()
    this.#sentUs = sentUs
    agent?.due.set(this.#id, { channel, topic, expiresUs: sentUs + ttlS * 1e6 })
    this.#options.recorder.posting({
      id: this.#id,
      channel: channel.id,
      topic,
      ttlS,
      toConnected: agent?.isConnected ?? false,
      intendedUs,
      sentUs,
    })
  }

  answered({ status, body }: HttpAnswer): void {
    this.#end(status, status < 400 ? undefined : errnoIn(body))
  }

  failed(kind: string): void {
    // It may have failed before it got a connection.
    this.began()
    this.#options.recorder.failed(`post: ${kind}`)
    this.#end(0, undefined)
  }

  #end(status: number, errno: number | undefined): void {
    const { recorder, now } = this.#options
    const atUs = now()
    this.#poster.underWay -= 1
    recorder.answered(this.#id, status, errno, atUs)
    const isAccepted = status >= 200 && status < 300
    if (isAccepted) this.#replaceOlder(atUs)
    // Without an answer it may have been accepted, and come all the same.
    else if (status !== 0) {
      this.#posting.agent?.notDue(this.#id, atUs)
      recorder.timed('post_to_refusal', this.#posting.intendedUs, this.#sentUs ?? atUs, atUs)
    }
    this.#posting.done(status)
  }

  /** Of a topic only the newest message is due. */
  #replaceOlder(atUs: number): void {
    const { agent, topic, channel } = this.#posting
    if (agent === undefined || topic === undefined) return
    for (const [id, message] of agent.due) {
      if (id === this.#id) return
      if (message.topic === topic && message.channel.id === channel.id) agent.notDue(id, atUs)
    }
  }
}

/** The number autopush gives an error. */
function errnoIn(body: string): number | undefined {
  try {
    const { errno } = JSON.parse(body)
    return Number.isInteger(errno) ? errno : undefined
  } catch {
    return undefined
  }
}
