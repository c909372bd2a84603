import type { Recorder } from '../measure/recorder.ts'
import type { HttpAnswer, HttpRequest } from './http-request.ts'

/** What a broadcaster works with. */
export interface BroadcasterOptions {
  readonly recorder: Recorder
  /** `broadcaster/channel`, of this worker alone. */
  readonly broadcast: string
  readonly adminToken: string
  /** Sends to the origin of the admin API. */
  send(request: HttpRequest): void
  /** User agents that are connected at this time. */
  connected(): number
  now(): number
}

/** One change of the broadcast that is on its way. */
interface Change {
  readonly intendedUs: number
  sentUs: number
  /** User agents that were connected, and have not got it. */
  left: number
}

/** Changes kept in mind; what is older has been overtaken by newer ones. */
const CHANGES_MAX = 100

/** Sets a broadcast to one version after the other by Pushgrid's admin API, and times how it spreads. */
export class Broadcaster {
  readonly #options: BroadcasterOptions
  readonly #changes = new Map<string, Change>()
  #number = 0

  constructor(options: BroadcasterOptions) {
    this.#options = options
  }

  /** What user agents subscribe to. */
  get id(): string {
    return this.#options.broadcast
  }

  /** Sets a new version. @param done told once the PUT is answered, or was not */
  put(intendedUs: number, done: () => void): void {
    this.#number += 1
    const version = `v${this.#number}`
    const change: Change = { intendedUs, sentUs: intendedUs, left: this.#options.connected() }
    this.#changes.set(version, change)
    const [oldest] = this.#changes.keys()
    if (this.#changes.size > CHANGES_MAX && oldest !== undefined) this.#forget(oldest)
    this.#options.send(new PutRequest(this.#options, version, change, done))
  }

  /** A user agent was told a version. */
  arrived(version: string, atUs: number): void {
    const change = this.#changes.get(version)
    const { recorder } = this.#options
    if (change === undefined) return
    recorder.count('broadcasts that arrived')
    recorder.timed('broadcast', change.intendedUs, change.sentUs, atUs)
    change.left -= 1
    if (change.left > 0) return
    recorder.timed('broadcast_last', change.intendedUs, change.sentUs, atUs)
    this.#changes.delete(version)
  }

  /** Changes that have not reached all user agents. */
  get unfinished(): number {
    return this.#changes.size
  }

  /** No more is waited for: what has not arrived is counted. */
  end(): void {
    for (const version of [...this.#changes.keys()]) this.#forget(version)
  }

  #forget(version: string): void {
    const left = this.#changes.get(version)?.left ?? 0
    if (left > 0) this.#options.recorder.count('broadcasts that did not arrive', left)
    this.#changes.delete(version)
  }
}

class PutRequest implements HttpRequest {
  readonly method = 'PUT'
  readonly #options: BroadcasterOptions
  readonly #version: string
  readonly #change: Change
  readonly #done: () => void

  constructor(options: BroadcasterOptions, version: string, change: Change, done: () => void) {
    this.#options = options
    this.#version = version
    this.#change = change
    this.#done = done
  }

  get path(): string {
    return `/v1/broadcasts/${this.#options.broadcast}`
  }

  get headers(): readonly string[] {
    return ['authorization', `Bearer ${this.#options.adminToken}`]
  }

  body(): Uint8Array {
    return Buffer.from(this.#version)
  }

  began(): void {
    this.#change.sentUs = this.#options.now()
  }

  answered({ status }: HttpAnswer): void {
    this.#options.recorder.count(`broadcasts answered ${status}`)
    if (status >= 300) this.#change.left = 0
    this.#done()
  }

  failed(kind: string): void {
    this.#options.recorder.failed(`broadcast: ${kind}`)
    this.#change.left = 0
    this.#done()
  }
}
