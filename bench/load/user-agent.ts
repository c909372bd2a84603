import type { Clock, Random, Timer } from '../../cluster/clock.ts'
import type { Recorder } from '../measure/recorder.ts'
import { idIn } from './body.ts'
import { type Channel, type DueMessage, newChannelId } from './channel.ts'
import { Pool } from './fleet.ts'
import { type Question, Questions } from './questions.ts'
import { parseServerFrame, type ServerFrame } from './server-frame.ts'
import type { Application } from './vapid.ts'
import type { WebSocket, WebSocketDialer, WebSocketListener } from './web-socket.ts'

/** What all user agents of a worker share. */
export interface AgentWorld {
  readonly recorder: Recorder
  readonly dialer: WebSocketDialer
  readonly clock: Clock
  readonly random: Random
  readonly timeoutMs: number
  /** The channels that each has. */
  readonly channels: number
  /** Broadcasts that each is subscribed to, with the versions it knows. */
  readonly broadcasts: Readonly<Record<string, string>> | undefined
  readonly fleet: Fleet
  /** Microseconds, monotonic. */
  now(): number
  /** Address to connect from, where there is a choice. */
  localAddress(): string | undefined
  /** Whose key a new channel is restricted to. */
  application(): Application | undefined
  broadcast(version: string, atUs: number): void
}

/** The user agents of a worker by their state; those on their way from one to another are in none of the pools. */
export class Fleet {
  /** They have never been connected. */
  readonly fresh = new Pool<UserAgent>()
  /** Connected, with all their channels. */
  readonly ready = new Pool<UserAgent>()
  /** They were connected before. */
  readonly away = new Pool<UserAgent>()
  /** They are connecting, or about to try again. */
  readonly joining = new Set<UserAgent>()
  /** They end their subscriptions, to leave for good. */
  readonly retiring = new Set<UserAgent>()
  /** Subscriptions that `register` added. */
  readonly added: { readonly agent: UserAgent; readonly channel: Channel }[] = []
  /** Subscriptions that were ended. */
  readonly gone: Channel[] = []
}

/** Ended subscriptions kept to be posted to. */
const GONE_MAX = 100_000
const RETRY_MS = 1000
const RETRY_MAX_MS = 8000

/** The way from being told to connect to having all channels. */
interface Joining {
  readonly intendedUs: number
  readonly done: ((isReady: boolean) => void) | undefined
  /** When the present attempt began. */
  beganUs: number
  tries: number
  timer: Timer | undefined
  isGivenUp: boolean
  isWelcomed: boolean
}

interface Draining {
  readonly intendedUs: number
  readonly sentUs: number
  readonly left: Set<string>
}

/**
 * One user agent: connects, says hello, keeps its channels registered, acknowledges what it gets, and comes back by itself when its connection is lost,
 * as a browser does.
 */
export class UserAgent implements WebSocketListener {
  /** Its place in a pool. */
  slot = 0
  /** Messages on their way to it, by id. */
  readonly due = new Map<string, DueMessage>()
  channels: Channel[] = []
  readonly #world: AgentWorld
  #uaid: string | undefined
  #socket: WebSocket | undefined
  #joining: Joining | undefined
  #leaving: (() => void) | undefined
  #questions: Questions | undefined
  #draining: Draining | undefined
  #isRetired = false

  constructor(world: AgentWorld) {
    this.#world = world
  }

  /** Whether it is connected and has been welcomed. */
  get isConnected(): boolean {
    return this.#socket !== undefined && this.#joining === undefined && this.#leaving === undefined
  }

  /** Connects it, a member of `fresh` or `away`, however often it takes. @param done told once it is ready, or was given up */
  connect(intendedUs: number, done?: (isReady: boolean) => void): void {
    const { fleet } = this.#world
    fleet.fresh.delete(this)
    fleet.away.delete(this)
    this.#join(intendedUs, done)
  }

  /** Tries no longer to connect. */
  giveUp(): void {
    const joining = this.#joining
    if (joining === undefined) return
    joining.isGivenUp = true
    joining.timer?.cancel()
    if (this.#socket === undefined) this.#endJoining(joining)
    else this.#socket.drop()
  }

  /** Leaves, a member of `ready`. @param done told once the connection has ended */
  leave(how: 'drop' | 'close', done: () => void): void {
    this.#world.fleet.ready.delete(this)
    this.#world.fleet.retiring.delete(this)
    this.#leaving = done
    if (how === 'drop') this.#socket?.drop()
    else this.#socket?.close()
  }

  /** Ends all its subscriptions and leaves, a member of `ready`, to be in no pool any more. */
  retire(done: () => void): void {
    this.#world.fleet.ready.delete(this)
    this.#world.fleet.retiring.add(this)
    let left = this.channels.length
    const ended = () => {
      left -= 1
      if (left > 0 || this.#leaving !== undefined) return
      if (this.#socket === undefined) return done()
      this.#isRetired = true
      this.leave('close', done)
    }
    if (left === 0) ended()
    for (const channel of this.channels) this.unregister(channel, ended)
  }

  /** Registers a channel more. @param done told the channel, or undefined when that failed */
  register(intendedUs: number, done: (channel: Channel | undefined) => void): void {
    const channelID = newChannelId(this.#world.random)
    const application = this.#world.application()
    this.#ask(channelID, { intendedUs, sentUs: this.#world.now(), application, done })
    const key = application && { key: application.publicKey }
    this.#socket?.send(JSON.stringify({ messageType: 'register', channelID, ...key }))
  }

  /** Ends a subscription; asked twice, it is ended once. @param done told the channel, or undefined when that failed */
  unregister(channel: Channel, done: (channel: Channel | undefined) => void): void {
    const nowUs = this.#world.now()
    const isAsked = this.#questions?.get(channel.id) !== undefined
    const answered = (is: Channel | undefined) => {
      if (is !== undefined) this.#ended(channel)
      done(is)
    }
    this.#ask(channel.id, { intendedUs: nowUs, sentUs: nowUs, application: undefined, done: answered })
    if (isAsked) return
    this.#socket?.send(JSON.stringify({ messageType: 'unregister', channelID: channel.id, code: 200 }))
  }

  opened(): void {
    const uaid = this.#uaid && { uaid: this.#uaid }
    const { broadcasts } = this.#world
    this.#socket?.send(
      JSON.stringify({ messageType: 'hello', use_webpush: true, ...uaid, ...(broadcasts && { broadcasts }) }),
    )
  }

  text(text: string): void {
    const frame = parseServerFrame(text)
    switch (frame?.messageType) {
      case 'hello':
        return this.#hello(frame)
      case 'register':
        return this.#registered(frame)
      case 'unregister':
        return this.#unregistered(frame)
      case 'notification':
        return this.#notification(frame)
      case 'broadcast':
        return this.#broadcast(frame)
      case 'other':
        return
      case undefined:
        return this.#world.recorder.failed('a frame that is not of the protocol')
    }
  }

  closed(kind: string): void {
    const { recorder, fleet } = this.#world
    this.#socket = undefined
    this.#draining = undefined
    this.#questions?.end()
    const joining = this.#joining
    if (joining === undefined || joining.isWelcomed) {
      recorder.connected(-1)
      for (const { id } of this.channels) recorder.offline(id)
    }
    if (this.#leaving !== undefined) {
      const left = this.#leaving
      this.#leaving = undefined
      if (!this.#isRetired) fleet.away.add(this)
      left()
    } else if (joining !== undefined) this.#failedToJoin(joining, kind)
    else {
      recorder.failed(`connection lost: ${kind}`)
      fleet.ready.delete(this)
      fleet.retiring.delete(this)
      this.#join(this.#world.now(), undefined, RETRY_MS)
    }
  }

  #join(intendedUs: number, done: ((isReady: boolean) => void) | undefined, delayMs?: number): void {
    this.#world.fleet.joining.add(this)
    const joining: Joining = {
      intendedUs,
      done,
      beganUs: intendedUs,
      tries: 0,
      timer: undefined,
      isGivenUp: false,
      isWelcomed: false,
    }
    this.#joining = joining
    if (delayMs === undefined) this.#attempt(joining)
    else this.#attemptLater(joining, delayMs)
  }

  #attempt(joining: Joining): void {
    const { clock, dialer, timeoutMs, localAddress, now } = this.#world
    joining.beganUs = now()
    joining.tries += 1
    joining.isWelcomed = false
    joining.timer = clock.after(timeoutMs, () => this.#socket?.drop('no answer to hello in time'))
    this.#socket = dialer.dial(this, localAddress())
  }

  #attemptLater(joining: Joining, delayMs: number): void {
    const { clock, random } = this.#world
    joining.timer = clock.after(delayMs * (0.5 + random.fraction()), () => this.#attempt(joining))
  }

  #failedToJoin(joining: Joining, kind: string): void {
    joining.timer?.cancel()
    this.#world.recorder.failed(`connect: ${kind}`)
    if (joining.isGivenUp) this.#endJoining(joining)
    else this.#attemptLater(joining, Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** (joining.tries - 1)))
  }

  #endJoining(joining: Joining): void {
    const { fleet } = this.#world
    this.#joining = undefined
    fleet.joining.delete(this)
    if (this.#uaid === undefined) fleet.fresh.add(this)
    else fleet.away.add(this)
    joining.done?.(false)
  }

  #hello({ uaid, status }: Extract<ServerFrame, { messageType: 'hello' }>): void {
    const { recorder, now } = this.#world
    const joining = this.#joining
    if (joining === undefined || joining.isWelcomed) return recorder.failed('a hello that nobody asked for')
    if (status !== 200) return this.#socket?.drop(`hello answered ${status}`)
    joining.isWelcomed = true
    recorder.connected(1)
    recorder.timed('hello', joining.intendedUs, joining.beganUs, now())
    if (this.#uaid !== undefined && this.#uaid !== uaid) {
      recorder.count('user agents that were given a new UAID')
      this.channels = []
      this.due.clear()
    }
    this.#uaid = uaid
    this.#drain(joining)
    this.#registerMissing(joining)
  }

  #registerMissing(joining: Joining): void {
    let missing = this.#world.channels - this.channels.length
    if (missing <= 0) return this.#ready(joining)
    const registered = (channel: Channel | undefined) => {
      if (channel === undefined) return this.#socket?.drop('register failed')
      missing -= 1
      if (missing === 0) this.#ready(joining)
    }
    for (let each = missing; each > 0; each--) this.register(this.#world.now(), registered)
  }

  #ready(joining: Joining): void {
    const { fleet } = this.#world
    joining.timer?.cancel()
    this.#joining = undefined
    fleet.joining.delete(this)
    fleet.ready.add(this)
    joining.done?.(true)
  }

  /** What waited for it is timed until the last has come. */
  #drain({ intendedUs, beganUs }: Joining): void {
    const nowUs = this.#world.now()
    for (const [id, { expiresUs }] of this.due) if (expiresUs < nowUs) this.due.delete(id)
    if (this.due.size > 0) this.#draining = { intendedUs, sentUs: beganUs, left: new Set(this.due.keys()) }
  }

  #notification({ channelID, version, data }: Extract<ServerFrame, { messageType: 'notification' }>): void {
    const { recorder, now } = this.#world
    const id = (data && idIn(data)) || version
    const atUs = now()
    // What is open of a channel that gets notifications can only be its end.
    const isEnding = this.#questions?.get(channelID) !== undefined
    recorder.arrived(id, atUs, isEnding)
    this.#socket?.send(
      `{"messageType":"ack","updates":[{"channelID":${JSON.stringify(channelID)},"version":${JSON.stringify(version)},"code":100}]}`,
    )
    recorder.acknowledged(id)
    this.notDue(id, atUs)
  }

  /** A message need not be waited for any more. */
  notDue(id: string, atUs: number): void {
    this.due.delete(id)
    const draining = this.#draining
    if (draining === undefined || !draining.left.delete(id) || draining.left.size > 0) return
    this.#draining = undefined
    this.#world.recorder.timed('drain', draining.intendedUs, draining.sentUs, atUs)
  }

  #broadcast({ broadcasts }: Extract<ServerFrame, { messageType: 'broadcast' }>): void {
    const atUs = this.#world.now()
    for (const version of Object.values(broadcasts))
      if (typeof version === 'string') this.#world.broadcast(version, atUs)
  }

  #ask(channelID: string, question: Question): void {
    const { clock, recorder, timeoutMs } = this.#world
    this.#questions ??= new Questions()
    const timer = clock.after(timeoutMs, () => {
      recorder.failed('register or unregister: no answer in time')
      this.#answer(channelID, undefined)
    })
    this.#questions.ask(channelID, question, timer)
  }

  /** Most user agents never ask anything again: what is kept for questions goes with the last. */
  #answer(channelID: string, channel: Channel | undefined): void {
    const questions = this.#questions
    if (questions?.answer(channelID, channel) === 0 && questions === this.#questions)
      this.#questions = undefined
  }

  #registered({ channelID, status, pushEndpoint }: Extract<ServerFrame, { messageType: 'register' }>): void {
    const { recorder, now } = this.#world
    const asked = this.#questions?.get(channelID)
    if (asked === undefined) return recorder.failed('an answer to no register')
    if (status !== 200 || !URL.canParse(pushEndpoint)) {
      recorder.failed(`register answered ${status}`)
      return this.#answer(channelID, undefined)
    }
    recorder.timed('register', asked.intendedUs, asked.sentUs, now())
    const { origin, pathname, search } = new URL(pushEndpoint)
    const channel = { id: channelID, origin, path: `${pathname}${search}`, application: asked.application }
    this.channels = [...this.channels, channel]
    this.#answer(channelID, channel)
  }

  #unregistered({ channelID, status }: Extract<ServerFrame, { messageType: 'unregister' }>): void {
    if (status !== 200) this.#world.recorder.failed(`unregister answered ${status}`)
    const channel = this.channels.find(({ id }) => id === channelID)
    this.#answer(channelID, status === 200 ? channel : undefined)
  }

  /** A subscription is no more; what is on its way to it need not arrive. */
  #ended(channel: Channel): void {
    if (!this.channels.includes(channel)) return
    this.channels = this.channels.filter(({ id }) => id !== channel.id)
    const { gone } = this.#world.fleet
    if (gone.length < GONE_MAX) gone.push(channel)
    for (const [id, message] of this.due) {
      if (message.channel.id !== channel.id) continue
      this.#world.recorder.cancelled(id)
      this.notDue(id, this.#world.now())
    }
  }
}
