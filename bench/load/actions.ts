import type { Random } from '../../cluster/clock.ts'
import type { Recorder } from '../measure/recorder.ts'
import type { ActionName } from '../plan/actions.ts'
import type { Settings } from '../plan/plan.ts'
import type { Broadcaster } from './broadcaster.ts'
import type { Channel } from './channel.ts'
import type { Poster, Posting } from './poster.ts'
import type { Fleet, UserAgent } from './user-agent.ts'

/** What actions work with. */
export interface ActionOptions {
  readonly settings: Settings
  readonly fleet: Fleet
  readonly poster: Poster
  readonly recorder: Recorder
  readonly random: Random
  readonly broadcaster: Broadcaster | undefined
  readonly makeAgent: () => UserAgent
  now(): number
  wallMs(): number
}

/** @param done told when it has come to its end, one way or another; called later, never at once, unless nothing could be done (false) */
type Action = (intendedUs: number, done: (happened: boolean) => void) => void

/** Does what phases ask for: one arrival, one action. */
export class Actions {
  readonly #options: ActionOptions
  readonly #table: Readonly<Record<ActionName, Action>>

  constructor(options: ActionOptions) {
    this.#options = options
    const connected = () => this.#draw('ready')
    const absent = () => this.#draw('away')
    this.#table = {
      post: this.#posts(connected, () => ({})),
      'post-urgent': this.#posts(connected, () => ({ urgency: 'high' })),
      'post-topic': this.#posts(connected, () => ({ topic: this.#topic() })),
      'post-ttl0': this.#posts(connected, () => ({ ttlS: 0 })),
      'post-offline': this.#posts(absent, () => ({})),
      'post-offline-topic': this.#posts(absent, () => ({ topic: this.#topic() })),
      'post-gone': (intendedUs, done) => this.#postGone(intendedUs, done),
      'post-bad-token': (intendedUs, done) => this.#postBadToken(intendedUs, done),
      'connect-new': (intendedUs, done) => options.makeAgent().connect(intendedUs, done),
      'connect-known': (intendedUs, done) => this.#connectKnown(intendedUs, done),
      disconnect: (_, done) => this.#disconnect(done),
      retire: (_, done) => this.#retire(done),
      register: (intendedUs, done) => this.#register(intendedUs, done),
      unregister: (_, done) => this.#unregister(done),
      broadcast: (intendedUs, done) => {
        if (options.broadcaster === undefined) done(false)
        else options.broadcaster.put(intendedUs, () => done(true))
      },
    }
  }

  /** @param done told once it is over; in the same turn if there was nobody to do it with, which is counted */
  run(name: ActionName, intendedUs: number, done: (happened: boolean) => void): void {
    this.#table[name](intendedUs, (happened) => {
      if (!happened) this.#options.recorder.count(`not done, for want of a fitting user agent: ${name}`)
      done(happened)
    })
  }

  #draw(pool: 'ready' | 'away'): UserAgent | undefined {
    return this.#options.fleet[pool].draw(this.#options.random)
  }

  #topic(): string {
    return `topic-${Math.floor(this.#options.random.fraction() * this.#options.settings.topics)}`
  }

  #posts(draw: () => UserAgent | undefined, kind: () => Partial<Posting>): Action {
    return (intendedUs, done) => {
      const agent = draw()
      const channel = agent && oneOf(agent.channels, this.#options.random)
      if (channel === undefined) return done(false)
      this.#post(channel, { agent, intendedUs, ...kind(), done: () => done(true) })
    }
  }

  #post(channel: Channel, rest: Pick<Posting, 'agent' | 'intendedUs' | 'done'> & Partial<Posting>): void {
    const { poster, settings, wallMs } = this.#options
    const authorization = channel.application?.authorization(channel.origin, wallMs())
    poster.post({ channel, ttlS: settings.ttlS, authorization, ...rest })
  }

  #postGone(intendedUs: number, done: (happened: boolean) => void): void {
    const { fleet, recorder, random } = this.#options
    const channel = oneOf(fleet.gone, random)
    if (channel === undefined) return done(false)
    this.#post(channel, {
      agent: undefined,
      intendedUs,
      done: (status) => {
        const isRefused = status === 404 || status === 410
        if (!isRefused) recorder.count(`POST to an ended subscription answered ${status}`)
        else recorder.count('POST to an ended subscription refused')
        done(true)
      },
    })
  }

  #postBadToken(intendedUs: number, done: (happened: boolean) => void): void {
    const { recorder, random, wallMs } = this.#options
    const agent = this.#draw('ready')
    const channel = agent?.channels.find(({ application }) => application !== undefined)
    if (channel?.application === undefined) return done(false)
    const wrong = channel.application.wrong(channel.origin, wallMs())
    const [kind, authorization] = oneOf(wrong, random) ?? []
    this.#post(channel, {
      agent,
      intendedUs,
      authorization,
      done: (status) => {
        if (status === 401) recorder.count('bad token refused')
        else recorder.count(`bad token (${kind}) answered ${status}`)
        done(true)
      },
    })
  }

  #connectKnown(intendedUs: number, done: (happened: boolean) => void): void {
    const agent = this.#draw('away')
    if (agent === undefined) done(false)
    else agent.connect(intendedUs, () => done(true))
  }

  #disconnect(done: (happened: boolean) => void): void {
    const { random } = this.#options
    const agent = this.#draw('ready')
    if (agent === undefined) done(false)
    else agent.leave(random.fraction() < 0.5 ? 'drop' : 'close', () => done(true))
  }

  #retire(done: (happened: boolean) => void): void {
    const agent = this.#draw('ready')
    if (agent === undefined) done(false)
    else agent.retire(() => done(true))
  }

  #register(intendedUs: number, done: (happened: boolean) => void): void {
    const { fleet } = this.#options
    const agent = this.#draw('ready')
    if (agent === undefined) return done(false)
    agent.register(intendedUs, (channel) => {
      if (channel !== undefined) fleet.added.push({ agent, channel })
      done(true)
    })
  }

  #unregister(done: (happened: boolean) => void): void {
    const { fleet } = this.#options
    // The oldest one, whose user agent may have left for a while or for good.
    const added = fleet.added.shift()
    if (added === undefined || !added.agent.channels.includes(added.channel)) return done(false)
    if (!added.agent.isConnected) {
      fleet.added.push(added)
      return done(false)
    }
    added.agent.unregister(added.channel, () => done(true))
  }
}

/** Any one of them; undefined when there is none. */
export function oneOf<T>(items: readonly T[], random: Random): T | undefined {
  return items[Math.floor(random.fraction() * items.length)]
}
